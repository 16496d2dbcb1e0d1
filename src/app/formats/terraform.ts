import { endComment, headingLine } from './comments.ts';
import { nameList } from './label.ts';
import { byFamily, type PrefixRow, type RenderOptions } from './prefixRow.ts';

/** A `locals` block with one list per address family, named after the selection. */
export function renderTerraform(rows: readonly PrefixRow[], options: RenderOptions): string {
  const label = nameList(options, 60).replaceAll('-', '_');
  // A name in HCL must not start with a digit.
  const name = /^\d/.test(label) ? `_${label}` : label;
  const lists = byFamily(rows).map(([family, own]) => {
    const lines = own.map((row) => `    "${row.prefix}",${endComment(row, options)}\n`);
    return `  ${name}_${family} = [\n${lines.join('')}  ]\n`;
  });
  return `${headingLine(options)}locals {\n${lists.join('\n')}}\n`;
}
