import { familyOf } from '../../core/prefixes.ts';
import { headingLine, linesWithComments } from './comments.ts';
import { nameList } from './label.ts';
import { chunksOf, type PrefixRow, type RenderOptions } from './prefixRow.ts';

const options4or6 = { ipv4: '-4', ipv6: '-6' } as const;

/** The kernel's limit. */
const maxChainName = 28;

/** The kernel accepts few more per transaction from a process without special rights, for example in a container. */
const maxRulesPerTransaction = 500;

/**
 * One chain that accepts the list, for `iptables-restore --noflush` and `ip6tables-restore --noflush`. Each of the two
 * ignores the lines of the other address family. The first transaction replaces the chain, further ones add to it; rules
 * that jump to the chain stay.
 */
export function renderIptables(rows: readonly PrefixRow[], options: RenderOptions): string {
  const chain = nameList(options, maxChainName);
  const rule = (prefix: string) => `${options4or6[familyOf(prefix)]} -A ${chain} -s ${prefix} -j ACCEPT`;
  const transactions = chunksOf(rows, maxRulesPerTransaction).map((own, index) => {
    const start = index === 0 ? `:${chain} - [0:0]\n` : '';
    return `*filter\n${start}${linesWithComments(own, options, (prefixes) => prefixes.map(rule).join('\n'))}COMMIT\n`;
  });
  return `${headingLine(options)}${transactions.join('')}`;
}
