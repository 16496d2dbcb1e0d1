/** What the command says to a person: mistakes in a call, lists that cannot be read, and answers in sentences. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { exitCodes } from '../../src/cli/exitCodes.ts';
import { cli } from '../cli/cli.ts';
import { faultsOf } from './messageRules.ts';

const builtIn = ['--source', 'built-in'];
const west = [...builtIn, '--region', 'westeurope', '--family', 'ipv4'];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cli-messages-'));
  const put = (name: string, text: string) => writeFileSync(join(folder, name), text);
  put('page.json', '<html>');
  put('half.json', '{"changeNumber":');
  put('empty.json', '{}');
  put('one.json', '{"targets":[{"name":"hooks"},{"name":"prod"}]}');
  put('bad.json', '{"targets":"x"}');
  put('rules.json', JSON.stringify([rule('AllowAcr', ['20.42.66.0/24']), rule('Office', ['198.51.100.0/24'])]));
});
afterAll(() => rmSync(folder, { recursive: true }));

function rule(name: string, sourceAddressPrefixes: readonly string[]) {
  return { name, access: 'Allow', direction: 'Inbound', sourceAddressPrefixes };
}

const subjects = [
  'command',
  'check',
  'diff',
  'targets',
  'address',
  'option',
  'text',
  'file',
  'folder',
  'history',
  '--source',
  '--cloud',
  '--tag',
  '--region',
  '--family',
  '--fit',
  '--name',
  '--as-of',
  '--format',
  '--rule',
  '--out',
  '--subscription',
  'region',
];

/** The message without the name of the command and the pointer to its help. */
function messageIn(notes: string): string {
  return notes
    .replace(/^acr-addresses: /, '')
    .replace(/\nExamples: .*\n$/, '')
    .trim();
}

describe('a mistake in a call', () => {
  test.each([
    [['lst']],
    [['list', '--colour', 'red']],
    [['list', 'westeurope']],
    [['list', '--cloud', 'Moon']],
    [['list', '--family', 'ipv5', ...builtIn]],
    [['list', '--format', 'xml', ...builtIn]],
    [['list', '--fit', '0', ...builtIn]],
    [['list', '--fit', '1', ...builtIn]],
    [['list', '--fit', '3', ...builtIn]],
    [['list', '--fit', '3', '--family', 'ipv6', ...builtIn]],
    [['list', '--name', '9', ...builtIn]],
    [['list', '--as-of', 'soon', ...builtIn]],
    [['list', '--as-of', '2024-03-01', '--source', 'download']],
    [['list', '--source', 'ftp']],
    [['list', '--source', 'api']],
    [['list', '--tag', 'Storage', ...builtIn]],
    [['list', '--region', 'mars', ...builtIn]],
    [['list', '--tag', 'AzureContainerRegistri', ...builtIn]],
    [['list', '--out', 'no/such/folder/acr.txt', ...builtIn]],
    [['diff', '2024-03-01']],
    [['diff', '2024-03-01', '2024-09-01', '2024-10-01']],
    [['lookup', ...builtIn]],
    [['lookup', '1.2.3', ...builtIn]],
    [['explain', 'nothing', ...builtIn]],
    [['check']],
    [['check', 'one.conf', 'two.conf']],
    [['check', 'none.conf']],
    [['check', '.']],
    [['check', 'rules.json', '--rule', 'x', ...builtIn]],
    [['targets']],
    [['targets', 'validate', 'none.json']],
  ])('%j', async (args) => {
    const { code, output, notes } = await cli(args, { folder });

    expect({ code, output }).toEqual({ code: exitCodes.usage, output: '' });
    expect(notes).toMatch(/\nExamples: acr-addresses .*--help\n$/);
    expect({ notes, faults: faultsOf(messageIn(notes), subjects) }).toEqual({ notes, faults: [] });
  });

  test.each([
    [['check'], 'given: 0 arguments.'],
    [['diff', '2024-03-01'], 'given: 1 argument.'],
    [['list', '--fit', '1', ...builtIn], 'by 1 prefix that is no wider'],
    [['list', '--fit', '3', ...builtIn], 'by 3 prefixes that are no wider'],
  ])('%j: the words agree', async (args, words) => {
    expect((await cli(args, { folder })).notes).toContain(words);
  });

  test.each([
    [['list', '--source', 'http://keeper:top-secret@mirror.example/tags?sig=top-secret']],
    [['list', '--as-of', '2024-03-01', '--source', 'https://keeper:top-secret@mirror.example/tags?sig=top-secret']],
    [['diff', 'http://keeper:top-secret@mirror.example/tags?sig=top-secret', '2024-03-01']],
  ])('%j: the URL is named without its secrets', async (args) => {
    const { code, notes } = await cli(args, { folder });

    expect(code).toBe(exitCodes.usage);
    expect(notes).toMatch(/"https?:\/\/…@mirror\.example\/tags\?…"/);
    expect(notes).not.toContain('top-secret');
  });
});

test.each([
  [['list', '--source', 'file:nowhere']],
  [['list', '--source', 'file:page.json']],
  [['list', '--source', 'file:half.json']],
  [['list', '--source', 'file:empty.json']],
  [['list', '--source', 'file:.']],
  [['list', '--as-of', '1999-01-01']],
  [['list', '--region', 'westeurope', '--family', 'ipv6', '--as-of', '2019-07-22']],
])('a list that cannot be read: %j', async (args) => {
  const { code, output, notes } = await cli(args, { folder });

  expect({ code, output }).toEqual({ code: exitCodes.noSource, output: '' });
  expect({ notes, faults: faultsOf(messageIn(notes), subjects) }).toEqual({ notes, faults: [] });
});

/** An answer says how things stand; what to do with it is the person's affair. */
function expectPlainAnswer(text: string): void {
  const faults = faultsOf(text, ['stdin', 'file', 'targets', 'address']).filter(
    (fault) => !fault.startsWith('no next step'),
  );
  expect({ text, faults }).toEqual({ text, faults: [] });
}

const sentencesIn = (output: string) => output.split('\n').filter((line) => /[.:]$|^left out/.test(line));

describe('an answer', () => {
  const listed = async () => (await cli(['list', ...west])).output.trimEnd().split('\n');
  const checked = async (lines: readonly string[], ...more: readonly string[]) =>
    cli(['check', '-', ...west, ...more], { input: lines.join('\n') });

  test.each([
    ['exactly the list', (list: readonly string[]) => list, 'contains exactly'],
    ['one too few', (list: readonly string[]) => list.slice(1), 'lacks 1 prefix.'],
    ['two too few', (list: readonly string[]) => list.slice(2), 'lacks 2 prefixes.'],
    [
      'one too many',
      (list: readonly string[]) => [...list, '192.0.2.0/24'],
      'contains 1 prefix with addresses that were never listed.',
    ],
    [
      'two too many',
      (list: readonly string[]) => [...list, '192.0.2.0/24', '198.51.100.0/24'],
      'contains 2 prefixes with addresses that were never listed.',
    ],
    ['one that is none', (list: readonly string[]) => [...list, '300.1.2.3'], 'contains 1 entry that cannot be read.'],
    [
      'two that are none',
      (list: readonly string[]) => [...list, '300.1.2.3', '301.1.2.3'],
      'contains 2 entries that cannot be read.',
    ],
    ['nothing', () => ['#'], 'The file contains no address of the list. Name the rule with --rule.'],
  ])('of check: %s', async (_, change, words) => {
    const lines = change(await listed());

    for (const format of ['text', 'markdown']) {
      const { output } = await checked(lines, '--format', format);
      expect(output).toContain(words);
      for (const sentence of sentencesIn(output)) expectPlainAnswer(sentence);
    }
  });

  test.each([
    ['2024-03-01', '2024-05-01', '1 prefix added, 0 prefixes removed.'],
    ['2024-05-01', '2024-03-01', '0 prefixes added, 1 prefix removed.'],
  ])('of diff: %s to %s', async (from, to, words) => {
    const { output } = await cli(['diff', from, to, ...west.slice(2), '--format', 'markdown']);

    expect(output).toContain(words);
    const [heading = '', sentence = ''] = output.split('\n\n');
    expectPlainAnswer(`${heading}: ${sentence}`);
  });

  test.each([['20.42.66.1'], ['10.1.2.3'], ['8.8.8.8'], ["2024-05-03 denied: client with IP '20.42.66.1'"]])(
    'of explain: %s',
    async (text) => {
      const { output } = await cli(['explain', text, ...builtIn]);

      const sentences = output.split('\n').filter((line) => line !== '' && !/^(LISTED|PREFIX)|^\S+ {2}/.test(line));
      expect(sentences).not.toEqual([]);
      for (const sentence of sentences) expectPlainAnswer(sentence);
    },
  );

  test.each([
    ['40', 'the same'],
    ['8', 'of them are not in AzureContainerRegistry.WestEurope.'],
  ])('of list: --fit %s', async (most, words) => {
    const { notes } = await cli(['list', ...west, '--fit', most]);

    expect(notes).toContain(words);
    expectPlainAnswer(notes.trim());
  });

  test('of targets validate: one error, and more', async () => {
    const one = await cli(['targets', 'validate', 'bad.json'], { folder });
    const more = await cli(['targets', 'validate', 'one.json'], { folder });

    expect(one.output).toMatch(/^1 error in bad\.json\n/);
    expect(more.output).toMatch(/^\d+ errors in one\.json\n/);
    for (const fault of [one, more].flatMap(({ output }) => output.trim().split('\n').slice(1)))
      expect({ fault, faults: faultsOf(fault.trim(), ['targets']) }).toEqual({ fault, faults: [] });
    expect((await cli(['targets', 'validate', '-'], { input: '{"version":1,"targets":[]}' })).output).toMatch(
      /^(valid: -|\d)/,
    );
  });
});
