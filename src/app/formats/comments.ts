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
  toLines: (prefix: string) => readonly string[],
): string {
  let last: string | undefined;
  return rows
    .map((row) => {
      const tags = tagsOf(row);
      const above = comment && tags !== last ? `# ${tags}\n` : '';
      last = tags;
      return `${above}${toLines(row.prefix)
        .map((line) => `${line}\n`)
        .join('')}`;
    })
    .join('');
}

function tagsOf({ tags }: PrefixRow): string {
  return harmless(tags.join(' '));
}
