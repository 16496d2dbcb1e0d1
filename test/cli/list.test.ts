import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listFormatNames } from '../../src/app/formats/listFormats.ts';
import { countAddresses, includesAll, familyOf, isPrefix } from '../../src/core/prefixes.ts';
import { readCsv, readers } from '../app/formats/readBack.ts';
import { cli } from './cli.ts';

const releases = join(import.meta.dirname, '../../dev/sample/releases');
const names = ['20260803', '20260810', '20260817', '20260824', '20260831', '20260907'];
const fileOf = (name: string) => join(releases, `ServiceTags_Public_${name}.json`);
const sample = ['--source', `file:${releases}`];

interface Weekly {
  values: { name: string; properties: { addressPrefixes: unknown[] } }[];
}

function published(name: string, tag: string): string[] {
  const { values } = JSON.parse(readFileSync(fileOf(name), 'utf8')) as Weekly;
  return (values.find((value) => value.name === tag)?.properties.addressPrefixes ?? []) as string[];
}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cli-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('list', () => {
  test('one region of the newest file of a folder, as plain lines', async () => {
    const { code, output } = await cli(['list', ...sample, '--region', 'northeurope']);

    expect(code).toBe(0);
    expect(output.trimEnd().split('\n').sort()).toEqual(
      published('20260907', 'AzureContainerRegistry.NorthEurope').sort(),
    );
  });

  test('what is special or very wide is left out and named; --as-published lists it', async () => {
    const guarded = await cli(['list', ...sample, '--region', 'westeurope']);
    const whole = await cli(['list', ...sample, '--region', 'westeurope', '--as-published']);

    expect(guarded.output).not.toContain('104.40.0.0/13');
    expect(guarded.notes).toBe('left out: 104.40.0.0/13 is wider than /20 (IPv6: /112). --as-published lists it.\n');
    expect(whole.output.split('\n')).toContain('104.40.0.0/13');
    expect(whole.notes).toBe('');
  });

  test.each(listFormatNames)('--format %s contains the list', async (format) => {
    const list = await cli(['list', ...sample, '--region', 'northeurope,eastus']);
    const { output } = await cli([
      'list',
      ...sample,
      '--region',
      'northeurope,eastus',
      '--format',
      format,
      '--comment',
    ]);

    expect(readers[format](output)).toEqual(list.output.trimEnd().split('\n'));
  });

  test('--format csv has the region and the day since when a prefix is listed', async () => {
    const { output } = await cli(['list', '--source', 'built-in', '--region', 'westeurope', '--format', 'csv']);
    const rows = readCsv(output);

    expect(rows.find(({ prefix }) => prefix === '172.211.120.0/23')).toMatchObject({
      regions: 'westeurope',
      firstSeen: '2024-04-15',
    });
    expect(rows.every(({ firstSeen }) => /^\d{4}-\d{2}-\d{2}$/.test(firstSeen ?? ''))).toBe(true);
  });

  test('--json', async () => {
    const { output } = await cli(['list', '--source', `file:${fileOf('20260803')}`, '--json', '--family', 'ipv6']);
    const answer = JSON.parse(output) as { prefixes: string[]; count: number };

    expect(answer).toMatchObject({
      cloud: 'Public',
      date: '2026-08-03',
      changeNumber: 402,
      tags: ['AzureContainerRegistry'],
    });
    expect(answer.count).toBe(answer.prefixes.length);
    expect(answer.prefixes.every((prefix) => familyOf(prefix) === 'ipv6')).toBe(true);
  });

  test('--fit covers the list with that many prefixes and counts what is beyond it', async () => {
    const listed = (await cli(['list', '--source', 'built-in', '--family', 'ipv4'])).output.trimEnd().split('\n');
    const { output, notes } = await cli(['list', '--source', 'built-in', '--fit', '450']);
    const fitted = output.trimEnd().split('\n');

    expect(fitted.length).toBeLessThanOrEqual(450);
    expect(includesAll(fitted, listed)).toBe(true);
    const extra = countAddresses(fitted, 'ipv4') - countAddresses(listed, 'ipv4');
    expect(notes).toContain(`${extra.toLocaleString('en-GB')} of them are not in AzureContainerRegistry.`);
  });

  test('--fit that would take ranges wider than /20 is refused', async () => {
    const { code, notes } = await cli(['list', '--source', 'built-in', '--fit', '3']);

    expect(code).toBe(2);
    expect(notes).toMatch(/cannot be covered by 3 prefixes that are no wider than \/20/);
  });

  test('--as-of: the newest list of that day or before, of a folder or of the history', async () => {
    const { output } = await cli(['list', ...sample, '--as-of', '2026-08-12', '--json']);
    const { output: builtIn } = await cli(['list', '--as-of', '2024-03-01', '--json']);

    expect(JSON.parse(output)).toMatchObject({ date: '2026-08-10' });
    expect(JSON.parse(builtIn)).toMatchObject({
      origin: 'the built-in history',
      date: expect.stringMatching(/^2024-0[12]/) as unknown,
    });
  });

  test('--out replaces the file only when all went well', async () => {
    const file = join(folder, 'acr.conf');
    await cli(['list', ...sample, '--region', 'eastus', '--format', 'nginx', '--out', file]);
    const before = readFileSync(file, 'utf8');
    const { code } = await cli(['list', ...sample, '--region', 'mars', '--format', 'nginx', '--out', file]);

    expect(before).toMatch(/^# AzureContainerRegistry\.EastUS \(Public\)\nallow /);
    expect(code).toBe(2);
    expect(readFileSync(file, 'utf8')).toBe(before);
    expect(existsSync(`${file}.new`)).toBe(false);
  });

  test('on a terminal: a table with colours; not with NO_COLOR', async () => {
    const args = ['list', '--source', 'built-in', '--region', 'westeurope'];
    const { output } = await cli(args, { isTerminal: true });
    const plain = await cli(args, { isTerminal: true, env: { NO_COLOR: '1' } });

    expect(output.startsWith('\u001b[1mPREFIX')).toBe(true);
    expect(plain.output).toMatch(
      /^PREFIX +ADDRESSES +FIRST LISTED +TAG\n13\.69\.64\.88\/29 +8 +22 Jul 2019 +AzureContainerRegistry\.WestEurope\n/,
    );
  });

  test('a file with a byte order mark, and one of another cloud, are read for what they are', async () => {
    const file = join(folder, 'ServiceTags_China_20260803.json');
    const text = readFileSync(fileOf('20260803'), 'utf8').replace('"cloud": "Public"', '"cloud": "China"');
    writeFileSync(file, `\uFEFF${text}`);

    expect(JSON.parse((await cli(['list', '--source', `file:${file}`, '--json'])).output)).toMatchObject({
      cloud: 'China',
      date: '2026-08-03',
    });
  });

  test('an empty list is not printed: exit code 3', async () => {
    const file = join(folder, 'ipv4.json');
    const json = JSON.parse(readFileSync(fileOf('20260803'), 'utf8')) as Weekly;
    for (const { properties } of json.values) {
      properties.addressPrefixes = properties.addressPrefixes.filter((prefix) => !String(prefix).includes(':'));
    }
    writeFileSync(file, JSON.stringify(json));
    const { code, output, notes } = await cli(['list', '--source', `file:${file}`, '--family', 'ipv6']);

    expect(code).toBe(3);
    expect(output).toBe('');
    expect(notes).toMatch(/no prefix of AzureContainerRegistry fits the request, and an empty list is not printed/);
  });

  test('an entry that is no prefix is not in the list', async () => {
    const file = join(folder, 'bad.json');
    const json = JSON.parse(readFileSync(fileOf('20260803'), 'utf8')) as Weekly;
    json.values
      .find(({ name }) => name === 'AzureContainerRegistry.EastUS')
      ?.properties.addressPrefixes.push('x', 5, null);
    writeFileSync(file, JSON.stringify(json));

    const { output } = await cli(['list', '--source', `file:${file}`, '--region', 'eastus']);
    expect(output.trimEnd().split('\n').every(isPrefix)).toBe(true);
  });
});

describe('refusals', () => {
  test.each([
    [['lisst'], 2, /There is no command "lisst".*Did you mean "list"\?/],
    [['list', '--regoin', 'x'], 2, /Unknown option '--regoin'/],
    [['list', 'westeurope'], 2, /"westeurope" is not accepted: list takes options only/],
    [
      ['list', ...sample, '--region', 'mars'],
      2,
      /region: AzureContainerRegistry has no region "mars"; accepted: eastus/,
    ],
    [
      ['list', ...sample, '--tag', 'AzureContainerRegistri'],
      2,
      /no service tag "AzureContainerRegistri"; similar names: AzureContainerRegistry/,
    ],
    [['list', ...sample, '--format', 'xml'], 2, /--format: "xml" is not accepted; accepted: text, nginx/],
    [['list', ...sample, '--family', 'ipv5'], 2, /--family: "ipv5" is not accepted; accepted: ipv4, ipv6, all/],
    [['list', ...sample, '--fit', '0'], 2, /--fit: "0" is not accepted; accepted: a whole number from 1 to 100,000/],
    [['list', ...sample, '--fit', '5', '--family', 'ipv6'], 2, /only IPv4 prefixes can be fitted/],
    [
      ['list', ...sample, '--as-of', '2024-02-30'],
      2,
      /--as-of: "2024-02-30" is not accepted; accepted: a day such as 2024-03-01/,
    ],
    [['list', ...sample, '--as-of', '2020-01-01'], 3, /has no weekly file of 2020-01-01 or before/],
    [
      ['list', '--as-of', '2010-01-01'],
      3,
      /the history of Public has no list of 2010-01-01 or before; ask for 2019-07-22 or later/,
    ],
    [['list', '--source', 'download', '--as-of', '2024-01-01'], 2, /"download" has no earlier lists/],
    [['list', '--source', 'ftp://x'], 2, /--source: "ftp:\/\/x\/" is not accepted; accepted: download/],
    // Neither the password nor the signature is repeated.
    [
      ['list', '--source', 'https://me:pass@example.com/tags.json?sig=key'],
      3,
      /^acr-addresses: source https:\/\/example\.com\/tags\.json: https:\/\/example\.com\/tags\.json: is a URL with a user name/,
    ],
    [['list', '--source', 'file:none.json'], 3, /none\.json does not exist/],
    [['list', '--source', 'file:package.json'], 3, /package\.json: changeNumber: .*expected a number/],
    [['list', '--source', 'file:README.md'], 3, /README\.md is not JSON/],
    [
      ['list', '--source', 'built-in', '--tag', 'Storage'],
      2,
      /--tag: "Storage" is not in the built-in history, which has AzureContainerRegistry only/,
    ],
    [['list', '--source', 'api'], 2, /--subscription: is missing/],
    [
      ['list', ...sample, '--cloud', 'Mars'],
      2,
      /--cloud: "Mars" is not accepted; accepted: Public, AzureGovernment, China/,
    ],
    [['list', ...sample, '--cloud', 'china'], 3, /has no weekly file; accepted: a folder of files ServiceTags_<cloud>/],
    [['list', ...sample, '--name', 'Über'], 2, /--name: "Über" is not accepted/],
  ])('%j: exit code %i, and what is accepted', async (args, code, message) => {
    const ran = await cli(args);

    expect(ran.notes).toMatch(message);
    expect(ran.code).toBe(code);
    expect(ran.output).toBe('');
  });
});

test.each([[['--help']], [['help']], [[]], [['list', '--help']], [['check', '-h']], [['help', 'diff']]])(
  '%j prints examples',
  async (args) => {
    const { code, output } = await cli(args);

    expect(code).toBe(0);
    expect(output).toMatch(/Examples\n {2}\S/);
    expect(output.split('\n').every((line) => line.length <= 120)).toBe(true);
  },
);

test('the sample has the days that these tests are about', () => {
  expect(names.every((name) => existsSync(fileOf(name)))).toBe(true);
});
