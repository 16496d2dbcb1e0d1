import { describe, expect, test } from '@jest/globals';
import { dayOfDownload, isFutureDay, mayReplace, withKnownDay } from '../../../src/core/serviceTags/fileDate.ts';
import type { ServiceTagsDownload } from '../../../src/core/serviceTags/serviceTags.ts';
import type { SourceReport } from '../../../src/core/serviceTags/snapshot.ts';

const now = new Date('2026-01-12T12:00:00Z');

describe('a day in the name of a file', () => {
  test.each<[string, boolean]>([
    ['2026-01-12', false],
    ['2026-01-13', false],
    ['2026-01-14', true],
    ['2027-01-12', true],
  ])('%s on 2026-01-12 is yet to come: %s', (day, expected) => {
    expect(isFutureDay(day, now)).toBe(expected);
  });

  const download: ServiceTagsDownload = {
    source: 'download',
    date: '2027-01-12',
    origin: 'ServiceTags_Public_20270112.json',
    document: { cloud: 'Public', changeNumber: 1, values: [] },
    warnings: [],
  };

  test('that is yet to come is no day, with a warning', () => {
    const { date, warnings } = withKnownDay(download, now);

    expect(date).toBeUndefined();
    expect(warnings).toMatchObject([
      {
        kind: 'futureDate',
        tag: '',
        prefix: '',
        message:
          'ServiceTags_Public_20270112.json is dated 2027-01-12, which has not come yet: it counts as of the day on which it was first seen',
      },
    ]);
  });

  test('a misdated file is of the day on which it was first seen, a list without a date of none', () => {
    const since = '2026-01-09T12:00:00.000Z';

    expect(dayOfDownload(withKnownDay(download, now), since)).toBe('2026-01-09');
    expect(dayOfDownload({ ...download, date: undefined }, since)).toBeUndefined();
    expect(dayOfDownload({ ...download, date: '2026-01-05' }, since)).toBe('2026-01-05');
  });

  test.each(['2026-01-12', undefined])('%s stays as it is', (date) => {
    expect(withKnownDay({ ...download, date }, now)).toEqual({ ...download, date });
  });
});

describe('a list may replace the one that holds', () => {
  const file = (date: string): SourceReport => ({ source: 'download', status: 'healthy', date });
  const api = (unchangedSince: string): SourceReport => ({
    source: 'api',
    status: 'healthy',
    unchangedSince: `${unchangedSince}T12:00:00.000Z`,
  });
  const dead: SourceReport = { source: 'mirror', status: 'failed' };
  const stale: SourceReport = { source: 'mirror', status: 'stale', date: '2026-12-01' };

  test.each<[string, SourceReport[], string | undefined, boolean, boolean]>([
    ['there is none yet', [file('2026-01-05')], undefined, false, true],
    ['a newer file', [file('2026-01-12')], '2026-01-05', false, true],
    ['a newer file while another source is dead', [file('2026-01-12'), dead], '2026-01-05', false, true],
    ['a newer file beside an older one', [file('2026-01-05'), file('2026-01-12')], '2026-01-05', false, true],
    ['an older file', [file('2026-01-05')], '2026-01-12', false, false],
    ['a file of the same day', [file('2026-01-05')], '2026-01-05', false, true],
    ['a file of the same day while another source is dead', [file('2026-01-05'), dead], '2026-01-05', false, false],
    ['a file of the same day, after a late list added', [file('2026-01-05')], '2026-01-05', true, false],
    ['a newer file, after a late list added', [file('2026-01-12')], '2026-01-05', true, true],
    ['a list without a date, four weeks after the file', [api('2026-02-02')], '2026-01-05', false, true],
    ['a list without a date, a day earlier', [api('2026-02-01')], '2026-01-05', false, false],
    ['nothing but a stale source', [stale], '2026-01-05', false, false],
    ['a stale source does not vouch for a late one', [file('2026-01-05'), stale], '2026-01-12', false, false],
    ['nothing but dead sources', [dead], '2026-01-05', false, false],
  ])('%s', (_, reports, fileDate, isExtended, expected) => {
    expect(mayReplace(reports, { fileDate, isExtended })).toBe(expected);
  });
});
