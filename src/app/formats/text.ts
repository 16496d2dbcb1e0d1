import { endComment } from './comments.ts';
import type { PrefixRow, RenderOptions } from './prefixRow.ts';

/**
 * One prefix per line. With comments, each line ends in ` # tags`: firewalls that poll external dynamic lists treat the
 * text after a space as a comment, but do not accept lines that contain only a comment.
 */
export function renderText(rows: readonly PrefixRow[], options: RenderOptions): string {
  return rows.map((row) => `${row.prefix}${endComment(row, options)}\n`).join('');
}
