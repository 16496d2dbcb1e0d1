import { addressFamilies } from '../../core/prefixes.ts';
import { nameList } from './label.ts';
import type { PrefixRow, RenderOptions } from './prefixRow.ts';

/** A `locals` block with one list a family, named after the selection. */
export function renderTerraform(rows: readonly PrefixRow[], options: RenderOptions): string {
  const { heading, comment } = options;
  const name = nameList(options, 60).replaceAll('-', '_');
  const lists = addressFamilies.map((family) => {
    const lines = rows
      .filter((row) => row.family === family)
      .map((row) => `    "${row.prefix}",${comment ? ` # ${row.tags.join(' ')}` : ''}\n`);
    return `  ${name}_${family} = [\n${lines.join('')}  ]\n`;
  });
  return `# ${heading}\nlocals {\n${lists.join('\n')}}\n`;
}
