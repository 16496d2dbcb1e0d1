import type { PrefixRow, RenderOptions } from './prefixRow.ts';

/**
 * One prefix a line. With comments, each line ends in ` # tags`: external dynamic lists take what follows a blank as
 * a comment, and have no lines that hold nothing else.
 */
export function renderText(rows: readonly PrefixRow[], { comment }: RenderOptions): string {
  return rows.map((row) => (comment ? `${row.prefix} # ${row.tags.join(' ')}\n` : `${row.prefix}\n`)).join('');
}
