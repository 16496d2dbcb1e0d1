import { addressFamilies, type AddressFamily } from '../../core/prefixes.ts';
import { nameList } from './label.ts';
import type { PrefixRow, RenderOptions } from './prefixRow.ts';

const families = { ipv4: 'inet', ipv6: 'inet6' } as const;

/** The kernel takes 31 characters; `-v4-new` needs seven of them. */
const maxNameLength = 24;

/** Never changed: `create … -exist` refuses a set of other parameters. */
const parameters = 'hashsize 4096 maxelem 262144';

/**
 * Input of `ipset restore`, one set a family. The new content is built aside and swapped in, so that no packet ever
 * meets a half-filled set.
 */
export function renderIpset(rows: readonly PrefixRow[], options: RenderOptions): string {
  const sets = addressFamilies.map((family) => renderSet(rows, family, nameList(options, maxNameLength)));
  return `# ${options.heading}\n${sets.join('')}`;
}

function renderSet(rows: readonly PrefixRow[], family: AddressFamily, label: string): string {
  const prefixes = rows.filter((row) => row.family === family).map((row) => row.prefix);
  if (prefixes.length === 0) return '';
  const name = `${label}-${family === 'ipv4' ? 'v4' : 'v6'}`;
  const lines = [
    `create ${name} hash:net family ${families[family]} ${parameters} -exist`,
    `create ${name}-new hash:net family ${families[family]} ${parameters} -exist`,
    `flush ${name}-new`,
    ...prefixes.flatMap(splitEverything).map((prefix) => `add ${name}-new ${prefix} -exist`),
    `swap ${name}-new ${name}`,
    `destroy ${name}-new`,
  ];
  return `${lines.join('\n')}\n`;
}

/** A `hash:net` set has no member of length 0. */
function splitEverything(prefix: string): string[] {
  if (prefix === '0.0.0.0/0') return ['0.0.0.0/1', '128.0.0.0/1'];
  if (prefix === '::/0') return ['::/1', '8000::/1'];
  return [prefix];
}
