import { app } from '@azure/functions';
import { httpHandler } from '../app/api/httpHandler.ts';

app.http('getTargets', {
  route: 'targets',
  methods: ['GET', 'HEAD'],
  authLevel: 'function',
  handler: httpHandler(async () => (await import('../app/api/targetRoutes.ts')).targetsRoute),
});

app.http('getTarget', {
  route: 'targets/{name}',
  methods: ['GET', 'HEAD'],
  authLevel: 'function',
  handler: httpHandler(async () => (await import('../app/api/targetRoutes.ts')).targetRoute),
});

app.http('getTargetPlan', {
  route: 'targets/{name}/plan',
  methods: ['GET', 'HEAD'],
  authLevel: 'function',
  handler: httpHandler(async () => (await import('../app/api/targetRoutes.ts')).planRoute),
});
