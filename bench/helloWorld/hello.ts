/** The least that a function app can be: what the cold start of the real one is measured against. */
import { app } from '@azure/functions';
import { registerSameTriggers } from '../sameTriggers.ts';

app.http('hello', {
  methods: ['GET'],
  authLevel: 'anonymous',
  handler: () => ({ jsonBody: { status: 'ok' } }),
});

registerSameTriggers();
