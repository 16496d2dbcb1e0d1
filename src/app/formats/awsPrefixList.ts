import { harmless } from './comments.ts';
import { nameList } from './label.ts';
import { byFamily, type PrefixRow, type RenderOptions } from './prefixRow.ts';

const addressFamily = { ipv4: 'IPv4', ipv6: 'IPv6' } as const;

/** What one prefix list may have, and how its description may be long. */
const maxEntries = 1000;
const maxDescription = 255;

/** `MaxEntries` counts against the rules of every security group that refers to the list, so it grows in small steps. */
const step = 25;

/**
 * An array of prefix lists in the words of `aws ec2 create-managed-prefix-list --cli-input-json`: each of one family,
 * a long one in several. AWS takes at most 100 entries in one request.
 */
export function renderAwsPrefixList(rows: readonly PrefixRow[], options: RenderOptions): string {
  const label = nameList(options, 60);
  const lists = byFamily(rows).flatMap(([family, own]) =>
    chunksOf(own).map((chunk, index) => ({
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

function chunksOf(rows: readonly PrefixRow[]): (readonly PrefixRow[])[] {
  const count = Math.ceil(rows.length / maxEntries);
  return Array.from({ length: count }, (_, index) => rows.slice(index * maxEntries, (index + 1) * maxEntries));
}
