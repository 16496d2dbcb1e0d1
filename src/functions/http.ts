import { app } from '@azure/functions';
import { httpHandler } from '../app/api/httpHandler.ts';
import { routes } from '../app/api/routes.ts';

for (const [name, entry] of Object.entries(routes)) {
  app.http(name, {
    route: entry.path,
    methods: entry.method === 'GET' ? ['GET', 'HEAD'] : [entry.method],
    authLevel: entry.auth,
    handler: httpHandler(name, entry),
  });
}
