import type { PrefixRow, RenderOptions } from './prefixRow.ts';

/** Lines for an `include` before `deny all;`. */
export function renderNginx(rows: readonly PrefixRow[], { comment, heading }: RenderOptions): string {
  const lines = rows.map((row) =>
    comment ? `allow ${row.prefix}; # ${row.tags.join(' ')}\n` : `allow ${row.prefix};\n`,
  );
  return `# ${heading}\n${lines.join('')}`;
}
