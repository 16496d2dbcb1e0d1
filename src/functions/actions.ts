import { app } from '@azure/functions';
import { httpHandler } from '../app/api/httpHandler.ts';

app.http('postTargetApply', {
  route: 'targets/{name}/apply',
  methods: ['POST'],
  authLevel: 'function',
  handler: httpHandler(async () => (await import('../app/api/actionRoutes.ts')).applyRoute),
});

app.http('postTargetRollback', {
  route: 'targets/{name}/rollback',
  methods: ['POST'],
  authLevel: 'function',
  handler: httpHandler(async () => (await import('../app/api/actionRoutes.ts')).rollbackRoute),
});

app.http('postTargetResume', {
  route: 'targets/{name}/resume',
  methods: ['POST'],
  authLevel: 'function',
  handler: httpHandler(async () => (await import('../app/api/actionRoutes.ts')).resumeRoute),
});

app.http('postTargetPause', {
  route: 'targets/{name}/pause',
  methods: ['POST'],
  authLevel: 'function',
  handler: httpHandler(async () => (await import('../app/api/actionRoutes.ts')).pauseRoute),
});

app.http('postPull', {
  route: 'pull',
  methods: ['POST'],
  authLevel: 'function',
  handler: httpHandler(async () => (await import('../app/api/actionRoutes.ts')).pullRoute),
});
