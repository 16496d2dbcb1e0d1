import { headingLine, linesWithComments } from './comments.ts';
import { nameList } from './label.ts';
import { byFamily, splitEverything, type PrefixRow, type RenderOptions } from './prefixRow.ts';

const families = { ipv4: { name: 'v4', family: 'inet' }, ipv6: { name: 'v6', family: 'inet6' } } as const;

/** The kernel allows 31 characters, and `-v4-new` needs seven of them. */
export const maxSetName = 24;

/** Never change these: `create … -exist` fails for an existing set with other parameters. */
const parameters = 'hashsize 4096 maxelem 262144';

/**
 * Input for `ipset restore`, one set per address family. It fills a second set and swaps the two, so no packet is ever
 * compared with a half-filled set.
 */
export function renderIpset(rows: readonly PrefixRow[], options: RenderOptions): string {
  const label = nameList(options, maxSetName);
  const sets = byFamily(rows).map(([family, own]) =>
    renderSet(own, `${label}-${families[family].name}`, family, options),
  );
  return `${headingLine(options)}${sets.join('')}`;
}

function renderSet(rows: readonly PrefixRow[], name: string, family: keyof typeof families, options: RenderOptions) {
  if (rows.length === 0) return '';
  const create = (set: string) => `create ${set} hash:net family ${families[family].family} ${parameters} -exist\n`;
  const add = (prefixes: readonly string[]) =>
    prefixes.flatMap(splitEverything).map((prefix) => `add ${name}-new ${prefix} -exist`);
  return [
    create(name),
    create(`${name}-new`),
    `flush ${name}-new\n`,
    linesWithComments(rows, options, (prefixes) => add(prefixes).join('\n')),
    `swap ${name}-new ${name}\n`,
    `destroy ${name}-new\n`,
  ].join('');
}
