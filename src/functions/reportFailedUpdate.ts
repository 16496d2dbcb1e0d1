import { app, type InvocationContext } from '@azure/functions';

export async function reportFailedUpdate(message: unknown, context: InvocationContext): Promise<void> {
  const { runReport } = await import('../app/invocations.ts');
  await runReport(message, context);
}

app.storageQueue('reportFailedUpdate', {
  queueName: 'update-target-poison',
  connection: 'AzureWebJobsStorage',
  handler: reportFailedUpdate,
});
