import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { startAzurite } from '../../dev/azurite.ts';
import { everyNth } from '../support/fullRun.ts';

const module = fileURLToPath(new URL('../../dev/azurite.ts', import.meta.url));

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function waitUntilGone(pid: number): Promise<boolean> {
  for (let tries = 0; tries < 100 && isAlive(pid); tries += 1) await new Promise((resolve) => setTimeout(resolve, 100));
  return !isAlive(pid);
}

/** Starts Azurite in a parent of its own that then goes as `ending` says; answers Azurite's process id. */
async function startInParent(ending: string): Promise<number> {
  const script = `import { startAzurite } from ${JSON.stringify(module)};
    const azurite = await startAzurite(); console.log(azurite.pid); ${ending}`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let output = '';
  parent.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await once(parent, 'close');
  return Number(output);
}

describe('startAzurite', () => {
  const endings = [
    ['is killed', 'process.kill(process.pid, "SIGKILL")'],
    ['has nothing else to do', ''],
    ['exits', 'process.exit(1)'],
    ['throws', 'throw new Error("crash of the parent, as the test wants it")'],
    ['is interrupted', 'process.kill(process.pid, "SIGINT")'],
  ] as const;
  test.each(everyNth(3, endings))('ends with a parent that %s', async (_, ending) => {
    const pid = await startInParent(ending);

    expect(pid).toBeGreaterThan(0);
    expect(await waitUntilGone(pid)).toBe(true);
  });

  test('says what is wrong when it cannot start', async () => {
    const taken = await startAzurite();
    const blob = Number(new URL(taken.blobUrl).port);

    await expect(startAzurite({ ports: { blob, queue: 0 } })).rejects.toThrow(/EADDRINUSE/);

    await taken.stop();
  });
});
