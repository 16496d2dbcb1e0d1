import { describe, expect, test } from '@jest/globals';
import {
  firstSeenOf,
  firstSeenOfPrefixes,
  lastChangedOf,
  prefixLives,
  type TagTimeline,
  type TagTimelineEntry,
} from '../../../src/core/serviceTags/tagTimeline.ts';
import { startCpuTime } from '../../support/cpuTime.ts';

function entry(date: string, previousDate: string, rest: Partial<TagTimelineEntry>): TagTimelineEntry {
  return {
    tag: 'T',
    snapshot: date,
    previous: previousDate,
    date,
    previousDate,
    pulledAt: date,
    kind: 'changed',
    added: [],
    removed: [],
    ...rest,
  };
}

const timeline: TagTimeline = {
  tag: 'T',
  oldestDate: '2026-01-05',
  entries: [
    entry('2026-01-26', '2026-01-19', { added: ['10.0.1.0/24'] }),
    entry('2026-01-19', '2026-01-12', { removed: ['10.0.9.0/24', '10.0.1.0/24'] }),
    entry('2026-01-12', '2026-01-05', { added: ['10.0.1.0/24', '10.0.9.0/24'] }),
  ],
};

describe('first seen', () => {
  test('a tag that was there from the start: the oldest day', () => {
    expect(firstSeenOf(timeline)).toBe('2026-01-05');
    expect(lastChangedOf(timeline)).toBe('2026-01-26');
    expect(lastChangedOf({ ...timeline, entries: [] })).toBe('2026-01-05');
  });

  test('a tag that came, left and came back: the day it came', () => {
    const entries = [
      entry('2026-02-16', '2026-02-09', { kind: 'added' }),
      entry('2026-02-09', '2026-02-02', { kind: 'removed' }),
      entry('2026-02-02', '2026-01-26', { kind: 'added' }),
    ];

    expect(firstSeenOf({ ...timeline, entries })).toBe('2026-02-02');
  });

  test.each([
    ['10.0.0.0/24', '2026-01-05', 'was there'],
    ['10.0.1.0/24', '2026-01-26', 'left and came back: without a break since then'],
    ['10.0.0.0/23', '2026-01-26', 'merged: as long as all of it'],
    ['10.0.9.7/32', '2026-01-12', 'a part of one that was added'],
    ['2001:db8::/32', '2026-01-05', 'another family'],
  ])('%s: %s (%s)', (prefix, date) => {
    expect(firstSeenOfPrefixes(timeline, [prefix, '10.0.4.0/24']).get(prefix)).toBe(date);
  });
});

test('a prefix that left twice has the days of its last stay', () => {
  const entries = [
    entry('2026-02-16', '2026-02-09', { removed: ['10.0.9.0/24'] }),
    entry('2026-02-09', '2026-02-02', { added: ['10.0.9.0/24'] }),
    ...timeline.entries,
  ];

  expect(prefixLives({ ...timeline, entries }, [], '2026-02-23')).toContainEqual({
    prefix: '10.0.9.0/24',
    family: 'ipv4',
    firstSeen: '2026-02-09',
    lastSeen: '2026-02-09',
  });
});

test('a tag of twenty thousand prefixes over five years takes no time to speak of', () => {
  const at = (index: number): string => `${20 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}.0/24`;
  const listed = Array.from({ length: 20_000 }, (_, index) => at(index));
  const entries = Array.from({ length: 260 }, (_, week) =>
    entry(`week ${999 - week}`, `week ${998 - week}`, {
      added: Array.from({ length: 80 }, (_day, index) => at(week * 80 + index)),
      removed: [at(30_000 + week)],
    }),
  );
  const cpuTime = startCpuTime();

  expect(prefixLives({ tag: 'T', oldestDate: 'week 0', entries }, listed, 'today')).toHaveLength(20_260);
  // It was 15 s when each removal went through the whole list.
  expect(cpuTime()).toBeLessThan(5_000);
});

test('lives: those that are listed, then those that are gone', () => {
  expect(prefixLives(timeline, ['10.0.0.0/24', '10.0.1.0/24'], '2026-02-02')).toEqual([
    { prefix: '10.0.0.0/24', family: 'ipv4', firstSeen: '2026-01-05', lastSeen: '2026-02-02' },
    { prefix: '10.0.1.0/24', family: 'ipv4', firstSeen: '2026-01-26', lastSeen: '2026-02-02' },
    { prefix: '10.0.9.0/24', family: 'ipv4', firstSeen: '2026-01-12', lastSeen: '2026-01-12' },
  ]);
});
