/** The lists for machines, read by the programs that they are for; each is skipped with a notice where it is not there. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parse as parseHcl } from '@cdktf/hcl2json';
import { afterAll, describe, expect, test } from '@jest/globals';
import { stringifyIp } from 'ip-bigint';
import { familyOf, isPrefix, parsePrefix, sameAddresses, type AddressFamily } from '../../../src/core/prefixes.ts';
import { listFormats, type ListFormatName } from '../../../src/app/formats/listFormats.ts';
import { readRealFile, realFileNames } from '../../core/realFiles.ts';
import { call } from './call.ts';
import { makeWorld, releases, type Tags } from './fakes.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'readers-'));
afterAll(() => rmSync(folder, { recursive: true }));

const newest = realFileNames.filter((name) => name.startsWith('ServiceTags_Public_')).at(-1);
const hostileTags: Tags = { AzureContainerRegistry: ['20.42.66.0/23', '2603:1030::/48'] };
const lists: readonly (readonly [string, Tags])[] = [
  ['a small list', releases.at(-1)?.[0] ?? {}],
  ['a list of tags with hostile names', hostileTags],
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
  return { text: tags === hostileTags ? renderHostile(prefixes, new URLSearchParams(query)) : reply.text, prefixes };
}

/** With names as no document may have them: nothing of them may leave its comment. */
function renderHostile(prefixes: readonly string[], query: URLSearchParams): string {
  const names = ['allow 0.0.0.0/0;', 'x\n0.0.0.0/0', 'x\\', '" ]\n}', '${file("x")}', '# } elements = { 0.0.0.0/0'];
  const rows = prefixes.map((prefix) => ({
    prefix,
    family: familyOf(prefix),
    tags: names,
    regions: [],
    firstSeen: undefined,
  }));
  return listFormats[query.get('format') as ListFormatName].render(rows, {
    label: query.get('name') ?? 'azurecontainerregistry',
    part: undefined,
    heading: names.join(', '),
    comment: query.get('comment') === 'true',
  });
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
    const { text, prefixes } = await render(tags, 'format=ipset&comment=true');
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

// In a network of its own, whose tables are empty.
const alone = ['--map-root-user', '--net', 'sh', '-c'];

describeWith(
  'nft',
  'unshare',
  ...alone,
  'nft add table inet trial',
)('nft', () => {
  test.each(lists)('%s is in the kernel, also when it is loaded twice', async (_title, tags) => {
    const { text, prefixes } = await render(tags, 'format=nftables&comment=true');
    const file = path.join(folder, 'sets.nft');
    writeFileSync(file, text);
    const load = 'nft -f "$0" && nft -f "$0" && nft -j list ruleset';
    const { status, output } = run('unshare', [...alone, load, file]);

    expect({ status, problems: status === 0 ? '' : output }).toEqual({ status: 0, problems: '' });
    const { nftables } = JSON.parse(output) as { nftables: { set?: { name: string; elem?: Element[] } }[] };
    const loaded = nftables.flatMap(({ set }) => (set?.elem ?? []).flatMap(toPrefixes));
    expect(sameAddresses(loaded, prefixes)).toBe(true);
  });

  test('what is no list is refused', () => {
    expect(run('unshare', [...alone, 'echo "add element inet filter x { 1 }" | nft -f -']).status).not.toBe(0);
  });
});

type Element =
  | string
  | { readonly prefix: { readonly addr: string; readonly len: number } }
  | { readonly range: readonly [string, string] };

/** As `nft -j` writes the elements of an interval set. */
function toPrefixes(element: Element): string[] {
  if (typeof element === 'string') return [element];
  if ('prefix' in element) return [`${element.prefix.addr}/${element.prefix.len}`];
  const [first, last] = element.range;
  return expandRange(first, last);
}

/** The prefixes of a range: adjacent prefixes were merged. */
function expandRange(first: string, last: string): string[] {
  const start = parsePrefix(first).start;
  const end = parsePrefix(last).start;
  const bits = first.includes(':') ? 128 : 32;
  const found: string[] = [];
  for (let at = start; at <= end;) {
    let length = bits;
    const size = (candidate: number) => 1n << BigInt(bits - candidate);
    while (length > 0 && at % size(length - 1) === 0n && at + size(length - 1) - 1n <= end) length -= 1;
    found.push(`${stringifyIp({ number: at, version: bits === 32 ? 4 : 6 })}/${length}`);
    at += size(length);
  }
  return found;
}

describeWith(
  'iptables-restore',
  'unshare',
  ...alone,
  'iptables -N trial && ip6tables -N trial',
)('iptables', () => {
  test.each(lists)('%s is one chain in both tables, also when it is loaded twice', async (_title, tags) => {
    const { text, prefixes } = await render(tags, 'format=iptables&name=acr&comment=true');
    const file = path.join(folder, 'rules');
    writeFileSync(file, text);
    const both = 'iptables-restore --noflush "$0" && ip6tables-restore --noflush "$0"';
    const { status, output } = run('unshare', [
      ...alone,
      `${both} && ${both} && iptables-save && ip6tables-save`,
      file,
    ]);

    expect({ status, problems: status === 0 ? '' : output }).toEqual({ status: 0, problems: '' });
    const rules = [...output.matchAll(/^-A acr (?:-s (\S+) )?-j ACCEPT$/gm)].map((match) => match[1]);
    // What has length 0 stands there without a source.
    const sources = rules.flatMap((source) => source ?? ['0.0.0.0/0', '::/0']);
    expect(sameAddresses(sources, prefixes)).toBe(true);
    expect(rules).toHaveLength(prefixes.length);
  });
});

describeWith(
  'haproxy -c',
  'haproxy',
  '-v',
)('haproxy', () => {
  const config = path.join(folder, 'haproxy.cfg');
  const patterns = path.join(folder, 'acr.acl');
  writeFileSync(
    config,
    `defaults
  mode http
  timeout client 5s
  timeout server 5s
  timeout connect 5s
frontend f
  bind 127.0.0.1:8080
  http-request deny unless { src -f ${patterns} }
`,
  );
  const check = (text: string): ReturnType<typeof run> => {
    writeFileSync(patterns, text);
    return run('haproxy', ['-c', '-f', config]);
  };

  test.each(lists)('%s is taken, with comments and without', async (_title, tags) => {
    for (const comment of ['false', 'true']) {
      const { text } = await render(tags, `format=haproxy&comment=${comment}`);

      expect(check(text)).toMatchObject({ status: 0 });
    }
  });

  test('what is no list is refused', () => {
    expect(check('20.42.66.0/33\n').status).not.toBe(0);
  });
});

describeWith(
  'apache2 -t',
  'apache2',
  '-v',
)('apache', () => {
  const config = path.join(folder, 'apache.conf');
  const include = path.join(folder, 'acr.conf');
  const modules = ['mpm_event', 'authz_core', 'authz_host']
    .map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so\n`)
    .join('');
  writeFileSync(
    config,
    `${modules}ServerName localhost\nServerRoot ${folder}\nErrorLog ${folder}/error.log\nListen 127.0.0.1:8080\n<Location "/">\n<RequireAny>\nInclude ${include}\n</RequireAny>\n</Location>\n`,
  );
  const check = (text: string): ReturnType<typeof run> => {
    writeFileSync(include, text);
    return run('apache2', ['-t', '-f', config]);
  };

  test.each(lists)('%s is taken, with comments and without', async (_title, tags) => {
    for (const comment of ['false', 'true']) {
      const { text } = await render(tags, `format=apache&comment=${comment}`);

      expect(check(text)).toMatchObject({ status: 0, output: expect.stringContaining('Syntax OK') });
    }
  });

  test('what is no list is refused', () => {
    expect(check('Require ip 20.42.66.0/33\n').status).not.toBe(0);
  });
});

describeWith(
  'kubectl',
  'kubectl',
  'version',
  '--client',
)('kubectl', () => {
  const manifests = ['networkpolicy', 'networkpolicy-egress', 'cilium', 'calico'];

  test.each(manifests.flatMap((format) => lists.map(([title, tags]) => [format, title, tags] as const)))(
    '%s of %s is read as it was meant',
    async (format, _title, tags) => {
      const { text, prefixes } = await render(tags, `format=${format}&comment=true`);
      const { status, output } = run('kubectl', ['label', '--local', '-f', '-', '-o', 'json', 'read=yes'], text);

      expect({ status, problems: status === 0 ? '' : output }).toEqual({ status: 0, problems: '' });
      const { spec } = JSON.parse(output) as { spec: unknown };
      expect(textsIn(spec).filter((value) => isPrefix(value))).toEqual(prefixes);
    },
  );

  test.each(lists)('ingress-nginx of %s is a patch', async (_title, tags) => {
    const { text, prefixes } = await render(tags, 'format=ingress-nginx');
    const patch = path.join(folder, 'patch.yaml');
    const ingress = path.join(folder, 'ingress.json');
    writeFileSync(patch, text);
    const metadata = { name: 'hooks', namespace: 'default' };
    writeFileSync(ingress, JSON.stringify({ apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata, spec: {} }));
    const { status, output } = run('kubectl', [
      ...['patch', '--local', '-f', ingress, '--patch-file', patch, '--type', 'merge', '-o', 'json'],
    ]);

    expect({ status, problems: status === 0 ? '' : output }).toEqual({ status: 0, problems: '' });
    expect(output).toContain(JSON.stringify(prefixes.join(',')));
  });
});

/** Every string in a JSON value. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

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
