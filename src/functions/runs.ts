import { app } from '@azure/functions';
import { httpHandler } from '../app/api/httpHandler.ts';

app.http('getRuns', {
  route: 'runs',
  methods: ['GET', 'HEAD'],
  authLevel: 'function',
  handler: httpHandler(async () => (await import('../app/api/runRoutes.ts')).runsRoute),
});

app.http('getRun', {
  route: 'runs/{id}',
  methods: ['GET', 'HEAD'],
  authLevel: 'function',
  handler: httpHandler(async () => (await import('../app/api/runRoutes.ts')).runRoute),
});
