import { headingLine, linesWithComments } from './comments.ts';
import type { PrefixRow, RenderOptions } from './prefixRow.ts';

/** A pattern file for `acl … src -f FILE`. A line is a comment or a prefix, never both. */
export function renderHaproxy(rows: readonly PrefixRow[], options: RenderOptions): string {
  return `${headingLine(options)}${linesWithComments(rows, options, (prefixes) => prefixes.join(''))}`;
}
