import { stringify } from 'csv-stringify/sync';
import type { PrefixRow } from './prefixRow.ts';

export function renderCsv(rows: readonly PrefixRow[]): string {
  return stringify(
    rows.map((row) => [row.prefix, row.family, row.tags.join(' '), row.regions.join(' '), row.firstSeen ?? '']),
    // A cell that starts with one of these is a formula to a spreadsheet.
    {
      header: true,
      columns: ['prefix', 'family', 'tags', 'regions', 'firstSeen'],
      record_delimiter: 'windows',
      escape_formulas: true,
    },
  );
}
