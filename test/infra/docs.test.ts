/** What people copy from the documentation works, and what the app can say is explained there. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { checkBicep, findBicep } from '../../dev/bicep.ts';
import { metrics } from '../../src/core/metrics.ts';
import { blockCodes } from '../../src/core/reasons.ts';
import { parseTargetsText } from '../../src/core/targetsFile.ts';

const root = path.resolve(import.meta.dirname, '../..');

function read(file: string): string {
  return readFileSync(path.join(root, file), 'utf8');
}

function codeBlocks(text: string, language: string): string[] {
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'gms'))].map((match) => match[1] ?? '');
}

describe('docs/scenarios.md', () => {
  const files = codeBlocks(read('docs/scenarios.md'), 'json');

  test.each(files.map((text) => [/"scenario": "(\w+)"/.exec(text)?.[1] ?? '', text]))(
    'the targets file for %s is accepted',
    (scenario, text) => {
      const { targets } = parseTargetsText(text, 'docs/scenarios.md');

      expect(targets.length).toBeGreaterThan(0);
      expect(targets.map((target) => [target.policy, target.scenario])).toEqual(targets.map(() => ['plan', scenario]));
    },
  );

  test('has one for every scenario', () => {
    const scenarios = new Set(
      files.flatMap((text) => parseTargetsText(text, 'docs').targets.map((target) => target.scenario)),
    );

    expect([...scenarios].sort()).toEqual(['imageImport', 'registryClients', 'tasks', 'webhooks']);
  });
});

const bicep = await findBicep();
if ('missing' in bicep) console.log(`SKIPPED: the Bicep snippets are not compiled: ${bicep.missing}`);

describe('Bicep snippets', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'snippets-'));
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const snippets = codeBlocks(read('docs/scenarios.md'), 'bicep').map((text, index): [number, string] => [index, text]);
  const testWithBicep = 'missing' in bicep ? test.skip : test;

  testWithBicep.each(snippets)('number %d of docs/scenarios.md compiles without a warning', async (index, text) => {
    if ('missing' in bicep) return;
    const file = path.join(folder, `${index}.bicep`);
    writeFileSync(file, text);

    expect(await checkBicep(bicep.path, file)).toBe('');
  });
});

describe('docs/operations.md', () => {
  const text = read('docs/operations.md');

  test.each(blockCodes)('says what to do about %s', (code) => {
    expect(text).toMatch(new RegExp(`^\\| .*\`${code}\`.*\\|`, 'm'));
  });

  test.each(Object.keys(metrics))('explains the metric %s', (name) => {
    expect(text).toContain(`\`${name}\``);
  });
});

describe('links', () => {
  test.each(['docs/operations.md', 'docs/security.md', 'docs/scenarios.md', 'docs/deploy.md', 'SECURITY.md'])(
    'every file that %s links to is there',
    (file) => {
      const links = [...read(file).matchAll(/\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)/g)].map((match) => match[1] ?? '');

      for (const link of links) expect(() => read(path.join(path.dirname(file), link))).not.toThrow();
    },
  );
});
