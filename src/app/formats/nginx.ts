import { endComment, headingLine } from './comments.ts';
import type { PrefixRow, RenderOptions } from './prefixRow.ts';

/** Lines for an `include` before `deny all;`. */
export function renderNginx(rows: readonly PrefixRow[], options: RenderOptions): string {
  const lines = rows.map((row) => `allow ${row.prefix};${endComment(row, options)}\n`);
  return `${headingLine(options)}${lines.join('')}`;
}
