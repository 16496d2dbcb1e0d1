import { endComment, headingLine } from './comments.ts';
import { nameList } from './label.ts';
import { byFamily, type PrefixRow, type RenderOptions } from './prefixRow.ts';

const types = { ipv4: { name: 'v4', type: 'ipv4_addr' }, ipv6: { name: 'v6', type: 'ipv6_addr' } } as const;

/**
 * Input for `nft -f`: one set per address family in the table `inet filter`. nft applies a file as one transaction, so no
 * packet is ever compared with a half-filled set. Rules that use the set stay as they are.
 */
export function renderNftables(rows: readonly PrefixRow[], options: RenderOptions): string {
  const label = nameList(options, 60).replaceAll('-', '_');
  const sets = byFamily(rows).map(([family, own]) => {
    const set = `inet filter ${label}_${types[family].name}`;
    const lines = own.map((row) => `  ${row.prefix},${endComment(row, options)}\n`);
    const elements = own.length === 0 ? '' : `add element ${set} {\n${lines.join('')}}\n`;
    return `add set ${set} { type ${types[family].type}; flags interval; auto-merge; }\nflush set ${set}\n${elements}`;
  });
  return `${headingLine(options)}add table inet filter\n${sets.join('')}`;
}
