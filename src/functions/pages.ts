import { app } from '@azure/functions';
import { httpHandler } from '../app/api/httpHandler.ts';

app.http('getOpenApi', {
  route: 'openapi.json',
  methods: ['GET', 'HEAD'],
  authLevel: 'anonymous',
  handler: httpHandler(async () => (await import('../app/api/openApiRoute.ts')).openApiRoute),
});

app.http('getDocs', {
  route: 'docs',
  methods: ['GET', 'HEAD'],
  authLevel: 'anonymous',
  handler: httpHandler(async () => (await import('../app/api/pages.ts')).docsRoute),
});

app.http('getAsset', {
  route: 'assets/{name}',
  methods: ['GET', 'HEAD'],
  authLevel: 'anonymous',
  handler: httpHandler(async () => (await import('../app/api/pages.ts')).assetRoute),
});

app.http('getDashboard', {
  route: 'dashboard',
  methods: ['GET', 'HEAD'],
  authLevel: 'function',
  handler: httpHandler(async () => (await import('../app/api/pages.ts')).dashboardRoute),
});

app.http('getApprove', {
  route: 'approve',
  methods: ['GET', 'HEAD'],
  authLevel: 'anonymous',
  handler: httpHandler(async () => (await import('../app/api/pages.ts')).approveRoute),
});
