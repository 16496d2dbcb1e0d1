import { app, type InvocationContext } from '@azure/functions';

export async function updateTarget(message: unknown, context: InvocationContext): Promise<void> {
  const { runUpdate } = await import('../app/invocations.ts');
  await runUpdate(message, context);
}

app.storageQueue('updateTarget', {
  queueName: 'update-target',
  connection: 'AzureWebJobsStorage',
  handler: updateTarget,
});
