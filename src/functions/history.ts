import { app } from '@azure/functions';
import { httpHandler } from '../app/api/httpHandler.ts';

app.http('getChanges', {
  route: 'changes',
  methods: ['GET', 'HEAD'],
  authLevel: 'function',
  handler: httpHandler(async () => (await import('../app/api/changesRoute.ts')).changesRoute),
});

app.http('getHistory', {
  route: 'history',
  methods: ['GET', 'HEAD'],
  authLevel: 'function',
  handler: httpHandler(async () => (await import('../app/api/historyRoutes.ts')).historyRoute),
});

app.http('getHistoryAtom', {
  route: 'history.atom',
  methods: ['GET', 'HEAD'],
  authLevel: 'function',
  handler: httpHandler(async () => (await import('../app/api/historyRoutes.ts')).atomRoute),
});
