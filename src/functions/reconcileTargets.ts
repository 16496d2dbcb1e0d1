import { app, type InvocationContext } from '@azure/functions';
import { readSchedules } from '../config.ts';

export async function reconcileTargets(_timer: unknown, context: InvocationContext): Promise<void> {
  const { runReconcile } = await import('../app/invocations.ts');
  await runReconcile(context);
}

app.timer('reconcileTargets', { schedule: readSchedules().reconcile, handler: reconcileTargets });
