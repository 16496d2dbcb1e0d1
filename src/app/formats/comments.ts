/** Comments for all formats. Tag names come from outside, so they must not end a comment or start a directive. */
import type { PrefixRow, RenderOptions } from './prefixRow.ts';

/** Replaces by `_` everything that has a meaning in some format: line ends, quotes, braces, `;`, `\`, `#` and others. */
export function harmless(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9 .,:()/_-]/g, '_');
}

/** `# AzureContainerRegistry (Public)` with a line end. */
export function headingLine({ heading }: RenderOptions): string {
  return `# ${harmless(heading)}\n`;
}

/** ` # AzureContainerRegistry`, for formats that allow a comment after a prefix on the same line. */
export function endComment(row: PrefixRow, { comment }: RenderOptions): string {
  return comment ? ` # ${tagsOf(row)}` : '';
}

/** For formats without comments at the end of a line: writes a comment line wherever the tags change. */
export function linesWithComments(
  rows: readonly PrefixRow[],
  { comment }: RenderOptions,
  toLine: (prefixes: readonly string[]) => string,
  perLine = 1,
): string {
  const lines: string[] = [];
  for (let at = 0; at < rows.length;) {
    const tags = comment ? tagsOf(rows[at]) : '';
    let end = at + 1;
    while (end < rows.length && end - at < perLine && (!comment || tagsOf(rows[end]) === tags)) end += 1;
    if (comment && (at === 0 || tagsOf(rows[at - 1]) !== tags)) lines.push(`# ${tags}\n`);
    lines.push(`${toLine(rows.slice(at, end).map(({ prefix }) => prefix))}\n`);
    at = end;
  }
  return lines.join('');
}

function tagsOf(row: PrefixRow | undefined): string {
  return harmless(row?.tags.join(' ') ?? '');
}
