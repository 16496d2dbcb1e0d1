import { describe, expect, test } from '@jest/globals';
import { cutByHistory } from '../../../src/core/history/cutByHistory.ts';
import { historyOf, wholeTag } from './historyFixtures.ts';

/** The parts of `prefix` that `list` has, and those that it never had. */
function partsOf(prefix: string, ...list: string[]): string[] {
  const record = historyOf(list).scope(wholeTag);
  return cutByHistory(record, [prefix], (interval) => (interval === undefined ? 'never' : 'listed')).map(
    ({ prefix: part, value }) => `${part} ${value}`,
  );
}

describe('a prefix is cut', () => {
  test.each<[string, string[], string[]]>([
    [
      'into what is listed and what is around it',
      ['20.1.0.128/26'],
      ['20.1.0.0/25 never', '20.1.0.128/26 listed', '20.1.0.192/26 never'],
    ],
    [
      'and neighbours with the same past are one part',
      ['20.1.0.0/26', '20.1.0.64/26'],
      ['20.1.0.0/25 listed', '20.1.0.128/25 never'],
    ],
    ['not at all if all of it is listed', ['20.0.0.0/8'], ['20.1.0.0/24 listed']],
    ['not at all if none of it is listed', ['30.0.0.0/8'], ['20.1.0.0/24 never']],
  ])('%s', (_, list, parts) => {
    expect(partsOf('20.1.0.0/24', ...list)).toEqual(parts);
  });

  test('down to single addresses', () => {
    expect(partsOf('20.1.0.0/30', '20.1.0.1/32', '20.1.0.2/32')).toEqual([
      '20.1.0.0/32 never',
      '20.1.0.1/32 listed',
      '20.1.0.2/32 listed',
      '20.1.0.3/32 never',
    ]);
  });

  test('and parts without a value are left out', () => {
    const record = historyOf(['20.1.0.0/25']).scope(wholeTag);

    expect(cutByHistory(record, ['20.1.0.0/24', '20.2.0.0/24'], (interval) => interval)).toEqual([
      { prefix: '20.1.0.0/25', value: 0 },
    ]);
  });
});
