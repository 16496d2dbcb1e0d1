import { endComment } from './comments.ts';
import type { PrefixRow, RenderOptions } from './prefixRow.ts';

/**
 * One prefix per line. With comments, each line ends in ` # tags`: external dynamic lists take what follows a blank as
 * a comment, and have no lines that contain nothing else.
 */
export function renderText(rows: readonly PrefixRow[], options: RenderOptions): string {
  return rows.map((row) => `${row.prefix}${endComment(row, options)}\n`).join('');
}
