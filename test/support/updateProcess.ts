/**
 * A process of the app for tests of what two of them do to each other: it reads names of targets from its standard
 * input, one a line, updates each, and answers with a line of JSON.
 *
 * node test/support/updateProcess.ts <connection string> <URL of the simulator> <targets as JSON>
 */
import { createInterface } from 'node:readline';
import type { Simulator } from '../../dev/simulator/simulator.ts';
import { startWorld } from '../../dev/world.ts';
import { updateTarget } from '../../src/app/updateTarget.ts';
import type { Target } from '../../src/core/targets/target.ts';
import { toErrorMessage } from '../../src/core/errors.ts';

export interface Answer {
  readonly target: string;
  /** `busy`, an outcome, or `failed`. */
  readonly outcome: string;
  readonly error?: string;
}

const [connectionString = '', url = '', targets = '[]'] = process.argv.slice(2);
const world = await startWorld({
  connectionString,
  start: new Date(),
  targets: JSON.parse(targets) as readonly Target[],
  simulator: { url } as Simulator,
});

async function update(target: string): Promise<Answer> {
  try {
    const record = await updateTarget(
      // The clock of a world stands still: ids of two processes must differ all the same.
      {
        ...world.services,
        randomHex: () =>
          Math.floor(Math.random() * 2 ** 32)
            .toString(16)
            .padStart(8, '0'),
      },
      { target, reason: 'message' },
    );
    return { target, outcome: typeof record === 'string' ? record : record.outcome };
  } catch (error) {
    return { target, outcome: 'failed', error: toErrorMessage(error) };
  }
}

process.stdout.write('ready\n');
for await (const line of createInterface({ input: process.stdin })) {
  world.clock.setTo(new Date());
  process.stdout.write(`${JSON.stringify(await update(line))}\n`);
}
