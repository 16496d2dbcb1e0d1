import { harmless } from './comments.ts';
import { nameList } from './label.ts';
import { byFamily, chunksOf, type PrefixRow, type RenderOptions } from './prefixRow.ts';

const addressFamily = { ipv4: 'IPv4', ipv6: 'IPv6' } as const;

/** AWS limits: entries per prefix list, and characters per description of an entry. */
const maxEntries = 1000;
const maxDescription = 255;

/** `MaxEntries` counts against the rule limit of every security group that uses the list, so it grows in small steps. */
const step = 25;

/**
 * An array of inputs for `aws ec2 create-managed-prefix-list --cli-input-json`: one list per address family, and several
 * if it has more than 1,000 entries. AWS accepts at most 100 entries per request.
 */
export function renderAwsPrefixList(rows: readonly PrefixRow[], options: RenderOptions): string {
  const label = nameList(options, 60);
  const lists = byFamily(rows).flatMap(([family, own]) =>
    chunksOf(own, maxEntries).map((chunk, index) => ({
      PrefixListName: `${label}-${family}${index === 0 ? '' : `-${index + 1}`}`,
      AddressFamily: addressFamily[family],
      MaxEntries: Math.min(maxEntries, Math.ceil(chunk.length / step) * step),
      Entries: chunk.map((row) => ({
        Cidr: row.prefix,
        ...(options.comment && { Description: harmless(row.tags.join(' ')).slice(0, maxDescription) }),
      })),
    })),
  );
  return `${JSON.stringify(lists, null, 2)}\n`;
}
