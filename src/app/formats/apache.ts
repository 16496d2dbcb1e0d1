import { headingLine, linesWithComments } from './comments.ts';
import { splitEverything, type PrefixRow, type RenderOptions } from './prefixRow.ts';

/** Lines for an `Include` inside `<RequireAny>`. A comment has a line of its own, and no prefix may have length 0. */
export function renderApache(rows: readonly PrefixRow[], options: RenderOptions): string {
  const toLines = (prefix: string) => splitEverything(prefix).map((part) => `Require ip ${part}`);
  return `${headingLine(options)}${linesWithComments(rows, options, toLines)}`;
}
