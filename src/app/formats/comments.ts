/** Comments of the formats. Names of tags come from outside: nothing of them may end a comment or start a directive. */
import type { PrefixRow, RenderOptions } from './prefixRow.ts';

/** Only characters that mean nothing in any format: no line end, quote, brace, semicolon, backslash or `#`. */
export function harmless(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9 .,:()/_-]/g, '_');
}

/** `# AzureContainerRegistry (Public)` and a line end. */
export function headingLine({ heading }: RenderOptions): string {
  return `# ${harmless(heading)}\n`;
}

/** ` # AzureContainerRegistry`, for formats whose comments may follow on the same line. */
export function endComment(row: PrefixRow, { comment }: RenderOptions): string {
  return comment ? ` # ${tagsOf(row)}` : '';
}

/** Lines, with a comment line before each that is of other tags than the one before: for formats without end comments. */
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
