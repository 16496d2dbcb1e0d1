import { addressFamilies } from '../../core/prefixes.ts';
import { shortenLabel } from './label.ts';
import type { PrefixRow, RenderOptions } from './prefixRow.ts';

/** A `locals` block with one list a family, named after the selection. */
export function renderTerraform(rows: readonly PrefixRow[], { label, heading, comment }: RenderOptions): string {
  const name = shortenLabel(label, 60).replaceAll('-', '_');
  const lists = addressFamilies.map((family) => {
    const lines = rows
      .filter((row) => row.family === family)
      .map((row) => `    "${row.prefix}",${comment ? ` # ${row.tags.join(' ')}` : ''}\n`);
    return `  ${name}_${family} = [\n${lines.join('')}  ]\n`;
  });
  return `# ${heading}\nlocals {\n${lists.join('\n')}}\n`;
}
