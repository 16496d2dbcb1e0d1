/** Two updates of one target at once: one waits or gives way, the result is right, no write is lost. */
import { spawn, type ChildProcess } from 'node:child_process';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { World } from '../../dev/world.ts';
import { updateTarget } from '../../src/app/updateTarget.ts';
import type { Answer } from '../support/updateProcess.ts';
import { openLimits } from '../core/plan/planFixtures.ts';
import { acr, editIpRules, hooks, ipRulesOf, prefixesIn, prod } from './stories.ts';
import { recordsOf, source, useWorlds, writesOf, type TagLists } from './stories.ts';
import { isFullRun } from '../support/fullRun.ts';

const worlds = useWorlds();
// `npm run test:full` takes all of them.
const rounds = isFullRun ? 100 : 6;
const targets = [hooks({ limits: openLimits }), prod({ limits: openLimits })];

/** Each round one prefix more and, from the third on, one less. */
function listOf(round: number): TagLists {
  const prefixes = [round, round + 1].map((number) => `20.${Math.floor(number / 200) + 40}.${number % 200}.0/24`);
  return { [acr]: prefixes, [`${acr}.WestEurope`]: prefixes };
}

async function pullRound(world: World, round: number): Promise<readonly string[]> {
  const tags = listOf(round);
  world.setSources(source(tags, { changeNumber: round + 1 }));
  await world.pull();
  (world.queue.messages as unknown[]).length = 0;
  return tags[acr] ?? [];
}

/** A message that found the target busy is delivered again. */
async function untilDone(update: () => Promise<string>): Promise<{ outcome: string; wasBusy: boolean }> {
  for (let count = 0; count < 200; count += 1) {
    const outcome = await update();
    if (outcome !== 'busy') return { outcome, wasBusy: count > 0 };
    await new Promise((done) => setTimeout(done, 5));
  }
  throw new Error('busy for ever');
}

const updateIn = (world: World, target: string) => async (): Promise<string> => {
  const record = await updateTarget(world.services, { target, reason: 'message' });
  return typeof record === 'string' ? record : record.outcome;
};

describe('two of one process', () => {
  test(`${rounds} times: one gives way, the rules are right, and exactly one of the two writes`, async () => {
    const connectionString = worlds.freshConnectionString();
    const world = await worlds.open({ targets, connectionString });
    const other = await worlds.open({ targets, connectionString, simulator: world.simulator });
    let gaveWay = 0;

    for (let round = 0; round < rounds; round += 1) {
      world.clock.advance(600_000);
      other.clock.setTo(new Date(world.clock.now().getTime() + 1));
      const listed = await pullRound(world, round);
      const target = targets[round % 2]?.name ?? '';
      const writes = writesOf(world).length;

      const [one, two] = await Promise.all([world, other].map((each) => untilDone(updateIn(each, target))));

      gaveWay += one?.wasBusy || two?.wasBusy ? 1 : 0;
      const live = target === 'hooks' ? prefixesIn(world) : ipRulesOf(world);
      expect({ round, missing: listed.filter((prefix) => !live.includes(prefix)) }).toEqual({ round, missing: [] });
      expect({ round, writes: writesOf(world).length - writes }).toEqual({ round, writes: 1 });
      // Whoever comes next, seconds later, takes out what is gone.
      world.clock.advance(600_000);
      await untilDone(updateIn(world, target));
      const after = target === 'hooks' ? prefixesIn(world) : ipRulesOf(world);
      expect({ round, after }).toEqual({ round, after: listed });
    }
    expect(gaveWay).toBeGreaterThan(rounds / 2);
  });
});

describe('two processes', () => {
  const children: ChildProcess[] = [];
  afterEach(() => {
    for (const child of children.splice(0)) child.kill();
  });

  interface Process {
    update(target: string): Promise<Answer>;
  }

  async function startProcess(connectionString: string, url: string): Promise<Process> {
    const script = resolve(import.meta.dirname, '../support/updateProcess.ts');
    const child = spawn(process.execPath, [script, connectionString, url, JSON.stringify(targets)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    children.push(child);
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    await lines.next();
    return {
      async update(target) {
        child.stdin.write(`${target}\n`);
        const line = await lines.next();
        if (line.done) throw new Error('the process has ended');
        return JSON.parse(line.value) as Answer;
      },
    };
  }

  test(`${rounds} times: no write is lost, not even of a person in between`, async () => {
    const connectionString = worlds.freshConnectionString();
    // Real time: the processes have clocks of their own.
    const world = await worlds.open({ targets, connectionString, start: new Date(), simulation: {} });
    world.simulator.configure({ now: () => new Date() });
    const processes = await Promise.all([1, 2].map(() => startProcess(connectionString, world.simulator.url)));
    const people: string[] = [];
    let gaveWay = 0;

    for (let round = 0; round < rounds; round += 1) {
      world.clock.setTo(new Date());
      const listed = await pullRound(world, round);
      const target = targets[round % 2]?.name ?? '';
      if (target === 'prod' && round % 10 === 1) {
        people.push(`192.0.2.${round}`);
        editIpRules(world, (rules) => [...rules, `192.0.2.${round}`]);
      }

      const answers = await Promise.all(
        processes.map((each) => untilDone(async () => (await each.update(target)).outcome)),
      );

      gaveWay += answers.some(({ wasBusy }) => wasBusy) ? 1 : 0;
      expect({ round, outcomes: answers.filter(({ outcome }) => outcome === 'failed') }).toEqual({
        round,
        outcomes: [],
      });
      const live = target === 'hooks' ? prefixesIn(world) : ipRulesOf(world);
      const wanted = [...listed, ...(target === 'prod' ? people : [])];
      expect({ round, missing: wanted.filter((prefix) => !live.includes(prefix)) }).toEqual({ round, missing: [] });
    }
    expect(gaveWay).toBeGreaterThan(rounds / 4);
    const written = [...(await recordsOf(world, 'hooks')), ...(await recordsOf(world, 'prod'))];
    expect(written.filter(({ outcome }) => outcome === 'failed' || outcome === 'interrupted')).toEqual([]);
  });
});
