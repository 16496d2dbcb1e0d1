import { app } from '@azure/functions';
import { httpHandler } from '../app/api/httpHandler.ts';

app.http('getLookup', {
  route: 'lookup',
  methods: ['GET', 'HEAD'],
  authLevel: 'function',
  handler: httpHandler(async () => (await import('../app/api/lookupRoutes.ts')).lookupRoute),
});

app.http('postLookup', {
  route: 'lookup',
  methods: ['POST'],
  authLevel: 'function',
  handler: httpHandler(async () => (await import('../app/api/lookupRoutes.ts')).bulkLookupRoute),
});
