import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { findAddresses } from '../../src/cli/check/addressText.ts';
import { parseJsonc } from '../../src/core/jsonc.ts';
import { targetsJsonSchema } from '../../src/core/targets/targetsJsonSchema.ts';
import { listFormatNames } from '../../src/app/formats/listFormats.ts';
import { cli } from './cli.ts';

const root = join(import.meta.dirname, '../..');
const releases = join(root, 'dev/sample/releases');
const fileOf = (name: string) => join(releases, `ServiceTags_Public_${name}.json`);
const builtIn = ['--source', 'built-in'];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cli-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function put(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

describe('diff', () => {
  test('of two files', async () => {
    const { code, output } = await cli(['diff', fileOf('20260803'), fileOf('20260810'), '--region', 'westeurope']);

    expect(code).toBe(0);
    expect(output).toBe(
      '# AzureContainerRegistry.WestEurope: 2026-08-03 to 2026-08-10\n+ 172.211.120.0/23\n+ 2603:1020:206:802::400/121\n',
    );
  });

  test('of two days of a folder; a range that was only split is no change', async () => {
    const args = ['diff', '2026-08-10', '2026-08-17', '--source', `file:${releases}`, '--exit-code'];

    expect((await cli(args)).code).toBe(0);
    expect((await cli(['diff', '2026-08-03', '2026-08-10', ...args.slice(3)])).code).toBe(1);
  });

  test('of two days of the built-in history, as Markdown and as JSON', async () => {
    const args = ['diff', '2024-03-01', '2024-05-01', '--region', 'westeurope', '--family', 'ipv4'];

    expect((await cli([...args, '--format', 'markdown'])).output).toMatch(
      /^## AzureContainerRegistry\.WestEurope\n\nFrom \d+ \w{3} 2024 to \d+ \w{3} 2024: 1 prefix added, 0 prefixes removed\.\n\n### Added\n\n- `172\.211\.120\.0\/23`\n$/,
    );
    expect(JSON.parse((await cli([...args, '--json'])).output)).toMatchObject({
      added: ['172.211.120.0/23'],
      removed: [],
    });
  });

  test('a region that only one of the two has is all new, or all gone', async () => {
    const gone = await cli(['diff', fileOf('20260824'), fileOf('20260831'), '--region', 'norwayeast', '--json']);

    expect(JSON.parse(gone.output)).toMatchObject({ tags: ['AzureContainerRegistry.NorwayEast'], added: [] });
    expect((JSON.parse(gone.output) as { removed: string[] }).removed.length).toBeGreaterThan(3);
    expect((await cli(['diff', fileOf('20260824'), fileOf('20260831'), '--region', 'mars'])).code).toBe(2);
  });

  test('one list is not enough', async () => {
    expect((await cli(['diff', '2024-03-01'])).notes).toMatch(/diff takes two lists, FROM and TO/);
  });
});

describe('lookup', () => {
  const sample = ['--source', `file:${fileOf('20260803')}`];

  test('the tags of each address, and exit code 1 if one is in none', async () => {
    const found = await cli(['lookup', '20.42.66.1', ...sample, '--json']);
    const lost = await cli(['lookup', '20.42.66.1', '192.0.2.1', ...sample]);

    expect(found.code).toBe(0);
    expect(JSON.parse(found.output)).toMatchObject([
      {
        ip: '20.42.66.1',
        matches: expect.arrayContaining([expect.objectContaining({ tag: 'AzureContainerRegistry' })]) as unknown,
      },
    ]);
    expect(lost.code).toBe(1);
    expect(lost.output).toContain('192.0.2.1 is in no service tag.');
  });

  test('addresses from stdin', async () => {
    const { output } = await cli(['lookup', '-', ...sample, '--json'], { input: '20.42.66.1\n  2603:1030::1 \n' });

    expect((JSON.parse(output) as { ip: string }[]).map(({ ip }) => ip)).toEqual(['20.42.66.1', '2603:1030::1']);
  });

  test.each([
    [['lookup', ...sample], /An address is missing/],
    [['lookup', '1.2.3', ...sample], /"1\.2\.3" is not an IP address/],
    [['lookup', '1.2.3', '--source', 'file:/nowhere'], /"1\.2\.3" is not an IP address/],
    [['targets', 'validate'], /^acr-addresses: targets validate takes one file/],
  ])('%j', async (args, message) => {
    const { code, notes } = await cli(args);

    expect(code).toBe(2);
    expect(notes).toMatch(message);
  });
});

describe('explain', () => {
  test('a line of a log: what its address is, since when, on that day, and what to do', async () => {
    const line = "2024-05-03T10:00:00Z denied: client with IP '20.42.66.1' is not allowed access";
    const { code, output } = await cli(['explain', line, ...builtIn]);

    expect(code).toBe(0);
    expect(output).toMatch(
      /^20\.42\.66\.1 belongs to Azure Container Registry in East US: it is in 20\.42\.66\.0\/24\.\n/,
    );
    expect(output).toMatch(/On 3 May 2024 it was in AzureContainerRegistry/);
    expect(output).toContain('acr-addresses list --region eastus\n');
    expect(JSON.parse((await cli(['explain', line, ...builtIn, '--json'])).output)).toMatchObject({
      day: '2024-05-03',
    });
  });

  test('an address of somebody else, from stdin: exit code 1', async () => {
    const { code, output } = await cli(['explain', '-', ...builtIn], { input: 'src=10.1.2.3:443' });

    expect(code).toBe(1);
    expect(output).toMatch(/^10\.1\.2\.3 is in 10\.0\.0\.0\/8 \(private use\)/);
  });

  test('a text without an address', async () => {
    expect((await cli(['explain', 'nothing', ...builtIn])).notes).toMatch(
      /There is no IP address in the text; accepted: a line that has up to 20/,
    );
  });
});

describe('check', () => {
  const region = ['--region', 'westeurope'];
  const list = async (...rest: readonly string[]) => (await cli(['list', ...builtIn, ...region, ...rest])).output;

  test.each([...listFormatNames, 'csv', 'json'])('what list --format %s wrote is in step', async (format) => {
    const file = put(`own.${format}`, await list('--format', format));
    const { code, output } = await cli(['check', file, ...builtIn, ...region]);

    expect(output).toMatch(/contains exactly AzureContainerRegistry\.WestEurope \(list of 28 Oct 2025\)\.\n/);
    expect(code).toBe(0);
  });

  test('missing, stale, surplus and unreadable, each with its day, and exit code 1', async () => {
    const own = (await list('--family', 'ipv4')).replace('172.211.120.0/23\n', '');
    const stale = await staleSince2019();
    const file = put('own.txt', `${own}${stale}\n198.51.100.0/24 # a comment with 203.0.113.1\n20.42.66.0/33\n`);
    const { code, output } = await cli([
      'check',
      file,
      ...builtIn,
      '--family',
      'ipv4',
      '--json',
      '--region',
      'westeurope',
    ]);

    expect(code).toBe(1);
    expect(JSON.parse(output)).toMatchObject({
      inSync: false,
      missing: ['172.211.120.0/23'],
      firstListed: { '172.211.120.0/23': '2024-04-15' },
      surplus: ['198.51.100.0/24'],
      unreadable: [{ text: '20.42.66.0/33', line: own.split('\n').length + 2 }],
    });
  });

  /** A prefix that the region had once; if there is none, one of another kind that changes nothing. */
  async function staleSince2019(): Promise<string> {
    const { output } = await cli(['diff', '2019-07-22', '2025-10-28', ...region, '--json']);
    return (JSON.parse(output) as { removed: string[] }).removed[0] ?? '';
  }

  test('what was listed once is stale, with the day of the last list', async () => {
    const { output } = await cli(['diff', '2019-07-22', '2025-10-28', '--json', '--family', 'ipv4']);
    const [gone] = (JSON.parse(output) as { removed: string[] }).removed;
    const own = (await cli(['list', ...builtIn, '--family', 'ipv4'])).output;
    const report = await cli(['check', put('stale.txt', `${own}${gone}\n`), ...builtIn, '--family', 'ipv4', '--json']);

    expect(gone).toBeDefined();
    expect(JSON.parse(report.output)).toMatchObject({ missing: [], surplus: [], stale: [gone] });
    const { lastListed } = JSON.parse(report.output) as { lastListed: Record<string, string> };
    expect(lastListed[gone ?? '']).toMatch(/^20\d\d-\d\d-\d\d$/);
  });

  test('Markdown for a pull request', async () => {
    const { output } = await cli([
      'check',
      put('empty.txt', '13.69.64.88/29\n'),
      ...builtIn,
      ...region,
      '--format',
      'markdown',
    ]);

    expect(output).toMatch(
      /^## AzureContainerRegistry\.WestEurope\n\nempty\.txt|^## AzureContainerRegistry\.WestEurope\n\n.*lacks \d+ prefixes/,
    );
    expect(output).toMatch(
      /\n### Missing: listed, not in the file\n\n\| prefix \| addresses \| first listed \|\n\| --- \| --- \| --- \|\n\| `13\./,
    );
  });

  test('the regions that a file has are suggested', async () => {
    const file = put('we.txt', await list('--family', 'ipv4'));
    const { output } = await cli(['check', file, ...builtIn, '--family', 'ipv4']);

    expect(output).toContain('The file has all of westeurope: --region westeurope compares only that.');
  });

  const nsg = (prefixes: readonly string[], rest: object = {}) => ({
    name: 'nsg-hooks',
    securityRules: [
      { name: 'DenyAll', access: 'Deny', direction: 'Inbound', sourceAddressPrefix: '*' },
      { name: 'Office', access: 'Allow', direction: 'Inbound', sourceAddressPrefix: '198.51.100.0/24' },
      {
        name: 'AllowAcr',
        access: 'Allow',
        direction: 'Inbound',
        sourceAddressPrefixes: prefixes,
        destinationAddressPrefix: 'VirtualNetwork',
        ...rest,
      },
    ],
  });

  test('an NSG: the rules that let in something of the list', async () => {
    const own = (await list()).trimEnd().split('\n');
    const whole = await cli(['check', '-', ...builtIn, ...region], { input: JSON.stringify(nsg(own)) });
    const less = await cli(['check', '-', ...builtIn, ...region], { input: JSON.stringify([nsg(own.slice(1))]) });

    expect(whole.output).toContain('stdin (rule AllowAcr) contains exactly');
    expect(less.code).toBe(1);
    expect(less.output).toContain('lacks 1 prefix.');
  });

  test('an NSG in the form of ARM, a rule that names the tag, and a rule by name', async () => {
    const tagged = nsg([], { sourceAddressPrefix: 'AzureContainerRegistry.WestEurope' });
    const arm = {
      properties: { securityRules: tagged.securityRules.map(({ name, ...properties }) => ({ name, properties })) },
    };

    expect((await cli(['check', '-', ...builtIn, ...region], { input: JSON.stringify(arm) })).code).toBe(0);
    expect(
      (await cli(['check', '-', ...builtIn, ...region, '--rule', 'office'], { input: JSON.stringify(arm) })).code,
    ).toBe(1);
    const unknown = await cli(['check', '-', ...builtIn, '--rule', 'x'], { input: JSON.stringify(arm) });
    expect(unknown.notes).toMatch(/no rule "x" in the file; accepted: Office, AllowAcr/);
  });

  test('a rule with a hostile name stays on its line', async () => {
    const rule = { name: 'x\u001b[2J\n| y `z`', access: 'Allow', direction: 'Inbound', sourceAddressPrefix: '*' };
    const input = JSON.stringify({ securityRules: [rule] });
    const { output } = await cli(['check', '-', ...builtIn, '--format', 'markdown'], { input });

    expect(output).toContain('(rule x_[2J__ y _z_)');
    expect(output).toMatch(/^[\x20-\x7e\n]*$/);
  });

  test('a Terraform plan, with modules', async () => {
    const own = (await list('--family', 'ipv4')).trimEnd().split('\n');
    const rule = {
      access: 'Allow',
      direction: 'Inbound',
      source_address_prefixes: own,
      destination_address_prefix: '10.0.0.0/8',
    };
    const plan = {
      planned_values: {
        root_module: {
          resources: [
            { address: 'azurerm_subnet.x', type: 'azurerm_subnet', values: { address_prefixes: ['10.1.0.0/16'] } },
          ],
          child_modules: [
            {
              resources: [
                {
                  address: 'module.net.azurerm_network_security_rule.acr',
                  type: 'azurerm_network_security_rule',
                  values: rule,
                },
              ],
            },
          ],
        },
      },
    };
    const { output, code } = await cli(['check', '-', ...builtIn, ...region, '--family', 'ipv4'], {
      input: JSON.stringify(plan),
    });

    expect(output).toContain('(rule module.net.azurerm_network_security_rule.acr) contains exactly');
    expect(code).toBe(0);
  });

  test.each([
    ['20.42.66.0-20.42.67.255', ['20.42.66.0/23']],
    ['20.42.66.1 - 20.42.66.3', ['20.42.66.1/32', '20.42.66.2/31']],
    ['allow 20.42.66.0/23; # 198.51.100.1', ['20.42.66.0/23']],
    ['"2603:1030::/48", // 2603:1030:1::/48', ['2603:1030::/48']],
    ['version 1.2.3, at 12:30:45, add ace cafe', []],
    ['https://20.42.66.1/x', []],
    ['20.42.66.7/23', ['20.42.66.0/23']],
    ['1.2.3.4,5.6.7.8', ['1.2.3.4/32', '5.6.7.8/32']],
  ])('%j contains %j', (text, prefixes) => {
    expect(findAddresses(text)).toEqual({ prefixes, unreadable: [] });
  });

  test.each(['20.42.66.0/33', '20.42.666.0/24', '2603::1030::/48', '20.42.67.0-20.42.66.0'])(
    '%j is unreadable',
    (text) => {
      expect(findAddresses(`\n${text}\n`)).toEqual({ prefixes: [], unreadable: [{ text, line: 2 }] });
    },
  );
});

describe('targets', () => {
  const samples = ['targets.sample.json', 'dev/sample/targets.json'];

  test.each(samples)('%s is valid, for the command and for its JSON Schema', async (name) => {
    const text = readFileSync(join(root, name), 'utf8');
    const validate = new Ajv2020({ strict: false }).compile(targetsJsonSchema());

    expect((await cli(['targets', 'validate', join(root, name)])).code).toBe(0);
    expect(validate(parseJsonc(text, name))).toBe(true);
  });

  test('everything that is wrong is listed, and the exit code is 1', async () => {
    const file = put('targets.json', '{ "targets": [{ "name": "X", "kind": "nsgRule" }, { "name": "y" }] }');
    const { code, output } = await cli(['targets', 'validate', file]);
    const json = JSON.parse((await cli(['targets', 'validate', file, '--json'])).output) as {
      valid: boolean;
      errors: { path: string }[];
    };

    expect(code).toBe(1);
    expect(output).toMatch(/^\d+ errors in /);
    expect(json.valid).toBe(false);
    expect(json.errors.map(({ path }) => path)).toEqual(expect.arrayContaining(['targets[0].name', 'targets[0].rule']));
    expect(new Ajv2020({ strict: false }).compile(targetsJsonSchema())(JSON.parse(readFileSync(file, 'utf8')))).toBe(
      false,
    );
  });

  test('a file that is no JSON, and one that is not there', async () => {
    expect((await cli(['targets', 'validate', put('x.json', '{')])).output).toMatch(/1 error in .*\n {2}.*is not JSON/);
    expect((await cli(['targets', 'validate', 'none.json'])).notes).toMatch(/none\.json does not exist/);
    expect((await cli(['targets', 'check'])).code).toBe(2);
  });

  test('targets.schema.json is what the command prints: acr-addresses targets schema > targets.schema.json', async () => {
    expect(readFileSync(join(root, 'targets.schema.json'), 'utf8')).toBe((await cli(['targets', 'schema'])).output);
  });
});
