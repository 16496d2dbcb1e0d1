import { app, type InvocationContext } from '@azure/functions';
import { readConfig } from '../config.ts';

export async function pullServiceTags(_timer: unknown, context: InvocationContext): Promise<void> {
  const { runPull } = await import('../app/invocations.ts');
  await runPull({ reason: 'timer' }, context);
}

app.timer('pullServiceTags', { schedule: readConfig().pullSchedule, handler: pullServiceTags });
