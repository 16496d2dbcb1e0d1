import { app, type InvocationContext } from '@azure/functions';
import { readConfig } from '../config.ts';

export async function reconcileTargets(_timer: unknown, context: InvocationContext): Promise<void> {
  const { runReconcile } = await import('../app/invocations.ts');
  await runReconcile(context);
}

const { reconcileSchedule, targets } = readConfig();

// Targets in a setting are a setting: what is wrong in them stops the start too. Of a file it is an error of each run.
if (targets.kind === 'json') {
  const { parseTargetsText } = await import('../core/targets/targetsFile.ts');
  parseTargetsText(targets.json, 'TARGETS');
}

app.timer('reconcileTargets', { schedule: reconcileSchedule, handler: reconcileTargets });
