import { headingLine } from './comments.ts';
import { nameList } from './label.ts';
import type { PrefixRow, RenderOptions } from './prefixRow.ts';

const options4or6 = { ipv4: '-4', ipv6: '-6' } as const;

/** The longest name of a chain. */
const maxChainName = 28;

/**
 * One chain that accepts the list, for `iptables-restore --noflush` and `ip6tables-restore --noflush`: each of them
 * passes over the lines of the other family. The chain is replaced whole; the rules that jump to it stay.
 */
export function renderIptables(rows: readonly PrefixRow[], options: RenderOptions): string {
  const chain = nameList(options, maxChainName);
  const lines = rows.map(({ prefix, family }) => `${options4or6[family]} -A ${chain} -s ${prefix} -j ACCEPT\n`);
  return `${headingLine(options)}*filter\n:${chain} - [0:0]\n${lines.join('')}COMMIT\n`;
}
