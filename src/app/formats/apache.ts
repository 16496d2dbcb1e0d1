import { headingLine, linesWithComments } from './comments.ts';
import { splitEverything, type PrefixRow, type RenderOptions } from './prefixRow.ts';

/** One prefix per line is easiest to compare. For long lists httpd takes minutes, as it searches all lines for each. */
const maxSingleLines = 1000;
const prefixesPerLine = 50;

/** Lines for an `Include` inside `<RequireAny>`. Comments need lines of their own; no prefix may have length 0. */
export function renderApache(rows: readonly PrefixRow[], options: RenderOptions): string {
  const perLine = rows.length > maxSingleLines ? prefixesPerLine : 1;
  const toLine = (prefixes: readonly string[]) => `Require ip ${prefixes.flatMap(splitEverything).join(' ')}`;
  return `${headingLine(options)}${linesWithComments(rows, options, toLine, perLine)}`;
}
