import { app } from '@azure/functions';
import { httpHandler } from '../app/api/httpHandler.ts';

app.http('getHealth', {
  route: 'health',
  methods: ['GET', 'HEAD'],
  authLevel: 'anonymous',
  handler: httpHandler(async () => (await import('../app/api/healthRoute.ts')).healthRoute),
});
