import { headingLine, linesWithComments } from './comments.ts';
import type { PrefixRow, RenderOptions } from './prefixRow.ts';

/** A file of patterns for `acl … src -f FILE`: a line is a comment or a prefix, never both. */
export function renderHaproxy(rows: readonly PrefixRow[], options: RenderOptions): string {
  return `${headingLine(options)}${linesWithComments(rows, options, (prefixes) => prefixes.join(''))}`;
}
