import { app } from '@azure/functions';
import { httpHandler } from '../app/api/httpHandler.ts';

app.http('getSnapshots', {
  route: 'snapshots',
  methods: ['GET', 'HEAD'],
  authLevel: 'function',
  handler: httpHandler(async () => (await import('../app/api/snapshotRoutes.ts')).snapshotsRoute),
});

app.http('getSnapshot', {
  route: 'snapshots/{id}',
  methods: ['GET', 'HEAD'],
  authLevel: 'function',
  handler: httpHandler(async () => (await import('../app/api/snapshotRoutes.ts')).snapshotRoute),
});
