import { app } from '@azure/functions';
import { httpHandler } from '../app/api/httpHandler.ts';

app.http('getTags', {
  route: 'tags',
  methods: ['GET', 'HEAD'],
  authLevel: 'function',
  handler: httpHandler(async () => (await import('../app/api/tagRoutes.ts')).tagsRoute),
});

app.http('getTag', {
  route: 'tags/{tag}',
  methods: ['GET', 'HEAD'],
  authLevel: 'function',
  handler: httpHandler(async () => (await import('../app/api/tagRoutes.ts')).tagRoute),
});
