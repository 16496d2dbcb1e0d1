import { headingLine, linesWithComments } from './comments.ts';
import { splitEverything, type PrefixRow, type RenderOptions } from './prefixRow.ts';

/** One prefix per line is what people compare; reading that many lines takes httpd minutes, as it goes through all of them for each. */
const maxSingleLines = 1000;
const prefixesPerLine = 50;

/** Lines for an `Include` inside `<RequireAny>`. A comment has a line of its own, and no prefix may have length 0. */
export function renderApache(rows: readonly PrefixRow[], options: RenderOptions): string {
  const perLine = rows.length > maxSingleLines ? prefixesPerLine : 1;
  const toLine = (prefixes: readonly string[]) => `Require ip ${prefixes.flatMap(splitEverything).join(' ')}`;
  return `${headingLine(options)}${linesWithComments(rows, options, toLine, perLine)}`;
}
