/** What people copy from docs/feeds.md works. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parse as parseHcl } from '@cdktf/hcl2json';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import { listFormatNames } from '../../src/app/formats/listFormats.ts';
import { call } from '../app/api/call.ts';
import { makeWorld } from '../app/api/fakes.ts';

const root = path.resolve(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');
const text = read('docs/feeds.md');

function codeBlocks(language: string): string[] {
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'gms'))].map((match) => match[1] ?? '');
}

describe('docs/feeds.md', () => {
  const { app } = makeWorld([
    [
      {
        AzureContainerRegistry: ['20.42.66.0/23', '52.138.230.0/24', '2603:1030:20e:3::480/122'],
        'AzureContainerRegistry.WestEurope': ['20.42.66.0/24', '2603:1030:20e:3::480/122'],
        'AzureContainerRegistry.NorthEurope': ['52.138.230.0/24', '20.42.67.0/24'],
      },
      '2026-07-20',
    ],
  ]);
  const shown = [...text.matchAll(/(?:\$API|\.net\/api|\$\{var\.api\}|acr_api \}\})\/((?:feeds|prefixes)[^\s"'`)]*)/g)];
  const paths = [...new Set(shown.map((match) => (match[1] ?? '').replace('?code=<key>', '')))];

  test.each(paths.filter((shownPath) => !/[{<…]/.test(shownPath)))('%s is a list', async (shownPath) => {
    expect((await call(app, shownPath)).status).toBe(200);
  });

  test('has every format, and no other', () => {
    const table = text.split('\n## Formats\n')[1]?.split('\n## ')[0] ?? '';
    const named = [...table.matchAll(/^\| (`.*?) +\|/gm)].flatMap((match) => match[1]?.match(/[\w-]+/g) ?? []);

    expect(named.filter((name) => name !== 'format').sort()).toEqual([...listFormatNames, 'csv', 'json'].sort());
    expect(paths.length).toBeGreaterThan(15);
  });

  test('every link within the page leads somewhere', () => {
    const anchors = new Set(
      [...text.matchAll(/^#+ (.*)$/gm)].map((match) => match[1]?.toLowerCase().replaceAll(' ', '-')),
    );

    for (const [, anchor] of text.matchAll(/\]\(#([^)]*)\)/g)) expect(anchors).toContain(anchor);
  });

  test.each(codeBlocks('hcl').map((block) => [block.trim().split('\n')[0] ?? '', block]))(
    '%s … is HCL',
    async (_first, block) => {
      await expect(parseHcl('example.tf', block)).resolves.toBeDefined();
    },
  );

  test.each(codeBlocks('yaml').map((block) => [block.trim().split('\n')[0] ?? '', block]))(
    '%s … is YAML',
    (_first, block) => {
      expect(parseAllDocuments(block)).toEqual([expect.objectContaining({ errors: [] })]);
    },
  );
});

describe('docs/examples', () => {
  test.each(readdirSync(path.join(root, 'docs/examples')).filter((name) => name.endsWith('.yml')))(
    '%s is YAML',
    (name) => {
      const [document] = parseAllDocuments(read(`docs/examples/${name}`));

      expect(document).toMatchObject({ errors: [] });
    },
  );

  test.each(['github-actions.yml', 'azure-pipelines.yml'])(
    '%s: a changed list opens a pull request, a fault does not',
    async (name) => {
      const [, script = ''] =
        /\n( +)code=0\n[\s\S]*?\n\1\[ "\$code" -le 1 \].*\n/.exec(read(`docs/examples/${name}`)) ?? [];
      const block = /( +)code=0\n[\s\S]*?\n\1\[ "\$code" -le 1 \].*\n/.exec(read(`docs/examples/${name}`))?.[0] ?? '';
      const folder = mkdtempSync(path.join(tmpdir(), 'pipeline-'));
      const shell = async (exitCode: number) => {
        const command = `node() { return ${exitCode}; }; FILE=x; SELECTION=; RUNNER_TEMP=.; AGENT_TEMPDIRECTORY=.; GITHUB_STEP_SUMMARY=s\n${block}`;
        return run('bash', ['-e', '-c', command], { cwd: folder });
      };

      expect(script).not.toBe('');
      expect((await shell(0)).code).toBe(0);
      expect((await shell(1)).code).toBe(0);
      expect((await shell(3)).code).toBe(3);
      rmSync(folder, { recursive: true });
    },
  );
});

interface Ran {
  readonly code: number;
  readonly output: string;
}

function run(
  command: string,
  args: readonly string[],
  options: { cwd: string; env?: Record<string, string> },
): Promise<Ran> {
  return new Promise((resolve) => {
    const env = { ...process.env, ...options.env };
    execFile(command, [...args], { ...options, env }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, output: stdout + stderr });
    });
  });
}

describe('docs/examples/acr-fetch.sh', () => {
  let folder: string;
  let server: Server;
  let url: string;
  let answer: { status: number; body: string };
  let key: string | undefined;

  beforeEach(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'fetch-'));
    answer = { status: 200, body: 'allow 20.42.66.0/23;\n' };
    key = undefined;
    server = createServer((request, response) => {
      key = request.headers['x-functions-key'] as string | undefined;
      response.writeHead(answer.status).end(answer.body);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/list`;
  });
  afterEach(() => {
    server.close();
    server.closeAllConnections();
    rmSync(folder, { recursive: true });
  });

  const fetchList = (...rest: readonly string[]) =>
    run('sh', [path.join(root, 'docs/examples/acr-fetch.sh'), url, path.join(folder, 'acr.conf'), ...rest], {
      cwd: folder,
      env: { ACR_KEY: 'the-key' },
    });
  const content = () => readFileSync(path.join(folder, 'acr.conf'), 'utf8');
  const reload = 'echo reloaded >> reloads';
  const reloads = () => readFileSync(path.join(folder, 'reloads'), 'utf8').split('\n').length - 1;

  test('writes the list and reloads, once for each change', async () => {
    expect((await fetchList('grep -q allow acr.conf', reload)).code).toBe(0);
    expect((await fetchList('grep -q allow acr.conf', reload)).code).toBe(0);
    expect([content(), reloads(), key]).toEqual([answer.body, 1, 'the-key']);

    answer = { status: 200, body: 'allow 20.42.66.0/24;\n' };
    expect((await fetchList('grep -q allow acr.conf', reload)).code).toBe(0);
    expect([content(), reloads()]).toEqual([answer.body, 2]);
    expect(readdirSync(folder).sort()).toEqual(['acr.conf', 'reloads']);
  });

  test.each([
    [401, ''],
    [404, '{}'],
    [200, ''],
  ])('status %i with %j leaves the old list, and says so', async (status, body) => {
    await fetchList('true', reload);
    answer = { status, body };
    const { code, output } = await fetchList('true', reload);

    expect(code).toBe(1);
    expect(output).toContain('acr.conf stays as it is');
    expect([content(), reloads()]).toEqual(['allow 20.42.66.0/23;\n', 1]);
    expect(readdirSync(folder).sort()).toEqual(['acr.conf', 'reloads']);
  });

  test('what the program does not accept is taken back', async () => {
    await fetchList('true', reload);
    answer = { status: 200, body: 'deny all;\n' };
    const { code, output } = await fetchList('grep -q allow acr.conf', reload);

    expect(code).toBe(1);
    expect(output).toContain('does not accept the list');
    expect([content(), reloads()]).toEqual(['allow 20.42.66.0/23;\n', 1]);
  });

  test('is a script that can be run', () => {
    expect(() => chmodSync(path.join(root, 'docs/examples/acr-fetch.sh'), 0o755)).not.toThrow();
    expect(read('docs/examples/acr-fetch.sh')).toMatch(/^#!\/bin\/sh\n/);
  });
});
