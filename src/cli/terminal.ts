/** Tables, and colours if the output is a terminal. */
import type { Io } from './io.ts';
import { util } from './node.ts';

type Style = Parameters<typeof util.styleText>[0];

export function paint(io: Io, style: Style, text: string): string {
  return io.isTerminal && io.env.NO_COLOR === undefined ? util.styleText(style, text, { validateStream: false }) : text;
}

/** Makes each column as wide as its widest cell. The first row is the heading. */
export function table(io: Io, [heading = [], ...rows]: readonly (readonly string[])[]): string {
  const widths = heading.map((cell, column) => Math.max(cell.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return [paint(io, 'bold', line(heading)), ...rows.map(line)].map((text) => `${text}\n`).join('');
}
