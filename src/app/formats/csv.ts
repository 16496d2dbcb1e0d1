import { stringify } from 'csv-stringify/sync';
import type { PrefixRow } from './prefixRow.ts';

export function renderCsv(rows: readonly PrefixRow[]): string {
  return stringify(
    rows.map((row) => [row.prefix, row.family, row.tags.join(' '), row.regions.join(' '), row.firstSeen ?? '']),
    {
      header: true,
      columns: ['prefix', 'family', 'tags', 'regions', 'firstSeen'],
      record_delimiter: 'windows',
      // Spreadsheets run cells that start with `=` and similar characters.
      escape_formulas: true,
    },
  );
}
