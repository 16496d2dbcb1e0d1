/** The smallest function app. The cold start of the product is compared with it. */
import { app } from '@azure/functions';
import { registerSameTriggers } from '../sameTriggers.ts';

app.http('hello', {
  methods: ['GET'],
  authLevel: 'anonymous',
  handler: () => ({ jsonBody: { status: 'ok' } }),
});

registerSameTriggers();
