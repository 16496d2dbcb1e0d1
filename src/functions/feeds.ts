import { app } from '@azure/functions';
import { httpHandler } from '../app/api/httpHandler.ts';

app.http('getFeed', {
  route: 'feeds/{name}',
  methods: ['GET', 'HEAD'],
  authLevel: 'function',
  handler: httpHandler(async () => (await import('../app/api/feedsRoute.ts')).feedsRoute),
});
