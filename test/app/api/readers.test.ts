/** The lists for machines, read by the programs that they are for; each is skipped with a notice where it is not there. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parse as parseHcl } from '@cdktf/hcl2json';
import { afterAll, describe, expect, test } from '@jest/globals';
import { familyOf, type AddressFamily } from '../../../src/core/prefixes.ts';
import { readRealFile, realFileNames } from '../../core/realFiles.ts';
import { call } from './call.ts';
import { makeWorld, releases, type Tags } from './fakes.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'readers-'));
afterAll(() => rmSync(folder, { recursive: true }));

const newest = realFileNames.filter((name) => name.startsWith('ServiceTags_Public_')).at(-1);
const lists: readonly (readonly [string, Tags])[] = [
  ['a small list', releases.at(-1)?.[0] ?? {}],
  ['all there is', { AzureContainerRegistry: ['0.0.0.0/0', '::/0', '20.42.66.0/23', '2603:1030::/48'] }],
  ...(newest === undefined ? [] : [['the real list', acrTags(newest)] as const]),
];

function acrTags(file: string): Tags {
  const tags = readRealFile(file).values.filter(({ name }) => name.startsWith('AzureContainerRegistry'));
  return Object.fromEntries(tags.map(({ name, addressPrefixes }) => [name, addressPrefixes]));
}

/** The list in a format, and the prefixes that it is made of. */
async function render(tags: Tags, query: string): Promise<{ readonly text: string; readonly prefixes: string[] }> {
  const { app, snapshots } = makeWorld([[tags, '2026-07-20']]);
  const { prefixes } = (await call(app, 'prefixes')).json() as { prefixes: string[] };
  // As published: a list that is polled holds nothing of what stands for all there is.
  const reply = await call(app, `prefixes?${query}&snapshot=${snapshots.all[0]?.id ?? ''}`);
  expect(reply.status).toBe(200);
  return { text: reply.text, prefixes };
}

const environment = { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` };

function run(
  command: string,
  args: readonly string[],
  input = '',
): { readonly status: number; readonly output: string } {
  const { status, stdout, stderr, error } = spawnSync(command, args, { input, encoding: 'utf8', env: environment });
  return { status: status ?? -1, output: error ? error.message : stdout + stderr };
}

/** `describe` where a trial of the program succeeds. */
function describeWith(title: string, command: string, ...args: readonly string[]): typeof describe {
  const { status, output } = run(command, args);
  if (status === 0) return describe;
  console.log(`SKIPPED ${title}: ${command} cannot be used here: ${output.trim().split('\n')[0] ?? ''}`);
  return describe.skip as typeof describe;
}

describeWith(
  'nginx -t',
  'nginx',
  '-v',
)('nginx', () => {
  const config = path.join(folder, 'nginx.conf');
  const include = path.join(folder, 'allow.conf');
  writeFileSync(
    config,
    `error_log stderr; pid ${folder}/nginx.pid; events {}
     http { access_log off; server { listen 127.0.0.1:8080; location / { include ${include}; deny all; } } }`,
  );
  const check = (text: string): ReturnType<typeof run> => {
    writeFileSync(include, text);
    return run('nginx', ['-t', '-p', folder, '-c', config]);
  };

  test.each(lists)('%s is taken, with comments and without', async (_title, tags) => {
    for (const comment of ['false', 'true']) {
      const { text } = await render(tags, `format=nginx&comment=${comment}`);

      expect(check(text)).toMatchObject({ status: 0, output: expect.stringContaining('test is successful') });
      // It warns of a prefix whose low bits are set, and goes on.
      expect(check(text).output).not.toContain('[warn]');
    }
  });

  test('what is no list is refused', () => {
    expect(check('allow 20.42.66.0/33;\n').status).not.toBe(0);
  });
});

// In a network of its own: what is loaded there nobody meets.
const inNetwork = ['--map-root-user', '--net', 'ipset'];

describeWith(
  'ipset restore',
  'unshare',
  ...inNetwork,
  'create',
  'trial',
  'hash:net',
)('ipset', () => {
  /** Loads the text twice, as a poll does, and reads the sets back from the kernel. */
  function load(text: string): ReturnType<typeof run> {
    const file = path.join(folder, 'sets');
    writeFileSync(file, text);
    const script = 'ipset restore < "$0" && ipset restore < "$0" && ipset save';
    return run('unshare', ['--map-root-user', '--net', 'sh', '-c', script, file]);
  }
  const membersOf = (saved: string, set: string): string[] =>
    [...saved.matchAll(/^add (\S+) (\S+)$/gm)].filter((match) => match[1] === set).map((match) => match[2] ?? '');

  test.each(lists)('%s is in the kernel, family by family, and loads again', async (_title, tags) => {
    const { text, prefixes } = await render(tags, 'format=ipset');
    const { status, output } = load(text);

    expect({ status, problems: status === 0 ? '' : output }).toEqual({ status: 0, problems: '' });
    for (const [set, family, bits] of [
      ['azurecontainerregistry-v4', 'ipv4', 32],
      ['azurecontainerregistry-v6', 'ipv6', 128],
    ] as const) {
      expect(membersOf(output, set).sort()).toEqual(expectedMembers(prefixes, family, bits).sort());
    }
    expect(output).not.toContain('-new');
  });

  test('what is no list is refused', () => {
    expect(load('add missing 20.42.66.0/23\n').status).not.toBe(0);
  });
});

/** As `ipset save` writes them: a single address without its length, and no member of length 0. */
function expectedMembers(prefixes: readonly string[], family: AddressFamily, bits: number): string[] {
  return prefixes
    .filter((prefix) => familyOf(prefix) === family)
    .flatMap((prefix) => {
      if (prefix === '0.0.0.0/0') return ['0.0.0.0/1', '128.0.0.0/1'];
      return prefix === '::/0' ? ['::/1', '8000::/1'] : [prefix];
    })
    .map((prefix) => prefix.replace(new RegExp(`/${bits}$`), ''));
}

describeWith(
  'nft -c',
  'unshare',
  '--map-root-user',
  '--net',
  'nft',
  '-c',
  'add table inet trial',
)('nft', () => {
  test.each(lists)('%s as text makes two interval sets', async (_title, tags) => {
    const { text } = await render(tags, 'format=text');
    const lines = text.trimEnd().split('\n');
    const toSet = (family: AddressFamily): string => {
      const elements = lines.filter((line) => familyOf(line) === family).join(', ');
      return `set ${family} { type ${family}_addr; flags interval; auto-merge; elements = { ${elements} }; }`;
    };
    const ruleset = `table inet trial {\n${toSet('ipv4')}\n${toSet('ipv6')}\n}\n`;

    expect(run('unshare', ['--map-root-user', '--net', 'nft', '-c', '-f', '-'], ruleset)).toEqual({
      status: 0,
      output: '',
    });
  });
});

describe('terraform', () => {
  test.each(lists)('%s is two lists of HCL, with comments and without', async (_title, tags) => {
    for (const comment of ['false', 'true']) {
      const { text, prefixes } = await render(tags, `format=terraform&comment=${comment}`);
      const parsed = await parseHcl('addresses.tf', text);

      expect(parsed).toEqual({
        locals: [
          {
            azurecontainerregistry_ipv4: prefixes.filter((prefix) => familyOf(prefix) === 'ipv4'),
            azurecontainerregistry_ipv6: prefixes.filter((prefix) => familyOf(prefix) === 'ipv6'),
          },
        ],
      });
    }
  });

  test('what is no list is refused', async () => {
    await expect(parseHcl('addresses.tf', 'locals { a = [ }')).rejects.toThrow();
  });
});
