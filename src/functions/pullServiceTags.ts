import { app, type InvocationContext } from '@azure/functions';
import { readSchedules } from '../config.ts';

export async function pullServiceTags(_timer: unknown, context: InvocationContext): Promise<void> {
  const { runPull } = await import('../app/invocations.ts');
  await runPull(context);
}

app.timer('pullServiceTags', { schedule: readSchedules().pull, handler: pullServiceTags });
