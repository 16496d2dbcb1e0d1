/** Finds addresses in any text: handwritten lists, configuration files of firewalls, generated files. */
import { canonicalPrefix, familyOf, isPrefix, parsePrefix, rangeToPrefixes } from '../../core/prefixes.ts';

export interface FoundAddresses {
  readonly prefixes: readonly string[];
  /** Text that looks like an address but is not a valid one. */
  readonly unreadable: readonly { readonly text: string; readonly line: number }[];
}

const address = String.raw`[0-9A-Fa-f:.]*[0-9A-Fa-f:]`;
const token = new RegExp(`(?<![\\w.:/-])(${address})(?:(/\\d+)|\\s*-\\s*(${address}))?(?![\\w:/]|\\.\\w)`, 'g');

/** Ignores comments: `#`, and `//` after a space or at the start of a line. */
export function findAddresses(text: string): FoundAddresses {
  const prefixes: string[] = [];
  const unreadable: { text: string; line: number }[] = [];
  text.split(/\r?\n/).forEach((line, index) => {
    for (const match of line.replace(/#.*$|(^|\s)\/\/.*$/, '').matchAll(token)) {
      const found = readToken(match);
      if (found) prefixes.push(...found);
      else if (looksLikeAddress(match[1] ?? '')) unreadable.push({ text: match[0], line: index + 1 });
    }
  });
  return { prefixes, unreadable };
}

function readToken([, first = '', length = '', last]: RegExpMatchArray): readonly string[] | undefined {
  if (!looksLikeAddress(first)) return undefined;
  if (last !== undefined) return looksLikeAddress(last) ? prefixesOfRange(first, last) : prefixesOf(first);
  return prefixesOf(first + length);
}

function prefixesOf(text: string): readonly string[] | undefined {
  return isPrefix(text) ? [canonicalPrefix(text)] : undefined;
}

/** True for four numbers with dots and for IPv6. A single number, a version or a time of day does not count. */
function looksLikeAddress(text: string): boolean {
  return /^\d+(\.\d+){3}$/.test(text) || text.includes('::') || text.split(':').length === 8;
}

/** `20.42.66.0-20.42.67.255` → `20.42.66.0/23` */
function prefixesOfRange(first: string, last: string): readonly string[] | undefined {
  if (!isPrefix(first) || !isPrefix(last) || familyOf(first) !== familyOf(last)) return undefined;
  const { family, start } = parsePrefix(first);
  const prefixes = rangeToPrefixes({ family, start, end: parsePrefix(last).end });
  return prefixes.length > 0 ? prefixes : undefined;
}
