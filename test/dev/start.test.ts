import { beforeAll, describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { readFileSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseStartOptions, sampleReleases } from '../../dev/startOptions.ts';
import { formatCheck } from '../../dev/startReport.ts';
import { dayInWords } from '../../src/core/words.ts';
import { builtApp } from '../support/builtApp.ts';
import { testInFullRun } from '../support/fullRun.ts';

const project = resolve(import.meta.dirname, '../..');
let root: string;

beforeAll(async () => {
  root = await builtApp();
});

function start(...args: string[]) {
  const child = spawn(process.execPath, [join(project, 'dev/start.ts'), '--root', root, ...args], { cwd: project });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  const ended = once(child, 'close').then(([code]) => ({ code: code as number, output }));
  const said = async (text: string) => {
    while (!output.includes(text)) {
      await Promise.race([new Promise((done) => setTimeout(done, 50)), ended.then(() => undefined)]);
      if (child.exitCode !== null && !output.includes(text)) throw new Error(output);
    }
    return output;
  };
  return { child, ended, said };
}

/** Processes that were started from here and still run. */
function childrenOf(pid: number): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        return readFileSync(`/proc/${name}/stat`, 'utf8').split(') ')[1]?.split(' ')[1] === String(pid);
      } catch {
        return false;
      }
    });
}

describe('npm start', () => {
  test('--once tells the sample and ends with 0', async () => {
    const { code, output } = await start('--once').ended;

    const lines = output.split('\n');
    const after = (text: string) => lines.slice(lines.findIndex((line) => line.startsWith(text))).join('\n');
    // The last release came out yesterday; the run may have begun before midnight.
    const days = [0, 1].map((late) => weeksAgo(5, late)).filter((day) => output.includes(`${day}  change`));
    expect(code).toBe(0);
    expect(lines.length).toBeLessThan(60);
    expect(output).not.toContain('\u001b[');
    expect(days).toHaveLength(1);
    const late = days[0] === weeksAgo(5, 0) ? 0 : 1;
    expect(after(weeksAgo(5, late))).toMatch(
      /webhook-receiver +\+18 +inSync\n +build-agents +\+12 +inSync\n +prod-registry +\+4 +inSync/,
    );
    expect(after(weeksAgo(4, late))).toMatch(/^.*\n.*AzureContainerRegistry \+3, \.EastUS \+1, \.WestEurope \+2\n/);
    expect(after(weeksAgo(3, late))).toMatch(/^.* no target is updated\n.*nothing stored\n/);
    expect(after(weeksAgo(1, late))).toMatch(/suspicious +AzureContainerRegistry\.NorwayEast is missing from the list/);
    expect(after(weeksAgo(1, late))).toMatch(/webhook-receiver +5 no longer listed, kept for now +inSync/);
    expect(after(weeksAgo(0, late))).toMatch(
      /webhook-receiver +\+1, 1 waits for approval +held\n +104\.40\.0\.0\/13 .*is wider than/,
    );
    expect(after('an hour later')).toMatch(/build-agents +-1 +inSync/);
    // One clock: the sample's own dates are nowhere, and one item is left for a person.
    expect(output).not.toMatch(/2026-0[89]-|\b(Aug|Sep) 2026/);
    expect(after('an hour later').match(/waits for approval/g)).toHaveLength(1);
    expect(after(weeksAgo(0, late))).not.toContain('suspicious');
    expect(output).not.toContain('/api/dashboard');
  });

  function weeksAgo(weeks: number, late: number): string {
    const days = 7 * weeks + 1 + late;
    return dayInWords(new Date(Date.now() - days * 24 * 3600 * 1000).toISOString());
  }

  test('--source file:FOLDER pulls its weekly files, oldest first, then each further one, until it is interrupted', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'weekly-'));
    const put = async (day: string) => {
      const name = `ServiceTags_Public_${day}.json`;
      await cp(join(sampleReleases, name), join(folder, name));
    };
    await put('20260810');
    await put('20260803');
    const { child, ended, said } = start('--source', `file:${folder}`);
    const url = /http:\/\/127\.0\.0\.1:\d+(?=\/api\/health)/.exec(await said('Serving until Ctrl-C.'))![0];
    expect(await said('(the simulated firewall)')).toContain('/api/dashboard');
    await put('20260824');
    await said('24 Aug 2026  change number');
    await put('20260831');
    await said('31 Aug 2026  change number');
    await said('kept for now');

    const list = await (await fetch(`${url}/api/prefixes?format=nginx&region=northeurope`)).text();
    const health = (await (await fetch(`${url}/api/health`)).json()) as { snapshot: { id: string } };
    const children = childrenOf(child.pid!);
    child.kill('SIGINT');
    const { code, output } = await ended;
    await rm(folder, { recursive: true });

    // The dates in the names.
    expect([...output.matchAll(/^(\d+ \w{3} 2026) {2}change number/gm)].map((match) => match[1])).toEqual([
      '3 Aug 2026',
      '10 Aug 2026',
      '24 Aug 2026',
      '31 Aug 2026',
    ]);
    expect(list).toContain('allow 52.138.231.0/25;');
    expect(health.snapshot.id).toMatch(/^Public-20260831-/);
    expect(children).toHaveLength(2);
    expect(code).toBe(0);
    expect(children.filter((pid) => readdirSync('/proc').includes(pid))).toEqual([]);
  });

  testInFullRun('the Discovery API of the simulator is a source too', async () => {
    const { code, output } = await start('--once', '--source', 'api').ended;

    expect(output).toMatch(/webhook-receiver +\+\d+, 1 waits for approval +held/);
    expect(code).toBe(0);
  });

  test.each([
    ['is missing', 'file:none', /--source: \S+\/none does not exist; accepted: the path of a folder of weekly files/],
    ['has no weekly file', 'file:src', /--source: \S+\/src has no ServiceTags_<cloud>_<YYYYMMDD>\.json\./],
  ])('a source that %s ends it with 1 before anything is started', async (_, folder, message) => {
    const { code, output } = await start('--once', '--source', folder).ended;

    expect(code).toBe(1);
    expect(output).toMatch(message);
    expect(output).not.toContain('/api/');
  });

  test('a targets file that is wrong ends it with 1 before anything is started', async () => {
    const { code, output } = await start('--once', '--targets', 'package.json').ended;

    expect(code).toBe(1);
    expect(output).toContain('package.json');
    expect(output).toContain('targets');
  });

  test('a port that is taken is said at once: nothing is started', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const { child, ended } = start('--once', '--port', String(port));
    let children: string[] = [];
    const looking = setInterval(() => {
      children = [...new Set([...children, ...childrenOf(child.pid!)])];
    }, 20);

    const { code, output } = await ended;
    clearInterval(looking);
    taken.close();

    expect(code).toBe(1);
    expect(output).toContain(`--port: another program listens on ${port}. Choose another port, or leave --port out.`);
    expect(children).toEqual([]);
  });
});

describe('a check of all targets', () => {
  const target = {
    name: 'hooks',
    status: 'planOnly',
    reasons: [],
    lastResult: { runId: 'a', outcome: 'planOnly', counts: { add: 1, remove: 0, retain: 0, held: 0 } },
  };

  test('says that there is nothing new, also without targets', () => {
    expect(formatCheck([target], [target])).toEqual([expect.stringMatching(/checks every target again: nothing new$/)]);
    expect(formatCheck([], [])).toEqual([expect.stringMatching(/nothing new$/)]);
  });

  test('names no target whose update found nothing, unless its status is another one', () => {
    const counts = { add: 0, remove: 0, retain: 0, held: 0 };
    const checked = { ...target, lastResult: { runId: 'b', outcome: 'unchanged', counts } };

    expect(formatCheck([target], [checked])).toEqual([expect.stringMatching(/nothing new$/)]);
    expect(formatCheck([target], [{ ...checked, status: 'inSync' }])).toHaveLength(2);
  });

  test('names each target with news', () => {
    const after = { ...target, lastResult: { ...target.lastResult, runId: 'b' } };

    expect(formatCheck([target], [after])).toEqual([
      expect.stringMatching(/checks every target again$/),
      expect.stringMatching(/^ {2}hooks {2}would \+1 +planOnly$/),
    ]);
  });
});

describe('arguments', () => {
  test('paths are those of the caller', () => {
    expect(parseStartOptions(['--source', 'file:../files', '--targets', 'mine.json'], '/home/me')).toMatchObject({
      source: 'file:/home/files',
      releasesFolder: undefined,
      targetsFile: '/home/me/mine.json',
      root: project,
      once: false,
      port: undefined,
    });
  });

  test('a folder of weekly files is replayed, with the targets file that lies in it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'weekly-'));
    const args = ['--source', `file:${folder}`];
    const without = parseStartOptions(args, '/');
    await writeFile(join(folder, 'targets.json'), '{}');

    expect(without).toMatchObject({ releasesFolder: folder, targetsFile: undefined });
    expect(parseStartOptions(args, '/').targetsFile).toBe(join(folder, 'targets.json'));
    expect(parseStartOptions([...args, '--targets', 'x.json'], '/').targetsFile).toBe('/x.json');
    await rm(folder, { recursive: true });
  });

  test.each([
    [['--port', '0'], '--port: "0" is not a number from 1 to 65535.'],
    [['--source', 'ftp://x'], '--source: "ftp://x" is not file:PATH, download, api or https://…'],
    [['--source', 'file:'], '--source: "file:" is not'],
    [['--onse'], "Unknown option '--onse'.\n\nnpm start -- [--once]"],
  ])('%j is refused', (args, message) => {
    expect(() => parseStartOptions(args, '/')).toThrow(message);
  });
});
