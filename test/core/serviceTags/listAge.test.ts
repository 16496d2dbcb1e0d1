import { describe, expect, test } from '@jest/globals';
import { describeAge, isOldList, releaseDay } from '../../../src/core/serviceTags/listAge.ts';

const now = new Date('2025-11-30T12:00:00Z');

describe('the age of a list', () => {
  test.each([
    ['2025-11-30', false],
    ['2025-11-10', false],
    ['2025-11-09', true],
    ['2024-10-05', true],
  ])('released %s: old %s', (day, isOld) => {
    expect(isOldList(day, now)).toBe(isOld);
  });

  test.each([
    ['2025-11-30T12:00:20Z', 'just now'],
    ['2025-11-30T11:59:30Z', 'just now'],
    ['2025-11-30T11:59:00Z', '1 minute ago'],
    ['2025-11-30T11:00:00Z', '1 hour ago'],
    ['2025-11-29T12:00:00Z', '24 hours ago'],
    ['2025-11-28T12:00:00Z', '2 days ago'],
  ])('fetched at %s: %s', (fetchedAt, words) => {
    expect(describeAge('2025-10-28', fetchedAt, now)).toBe(`released 28 Oct 2025, fetched ${words}`);
  });

  test('the newest release that says it counts', () => {
    expect(releaseDay({ date: '2025-10-28' }, undefined)).toBe('2025-10-28');
    expect(releaseDay({ date: '2025-10-28' }, { date: '2025-11-03' })).toBe('2025-11-03');
    expect(releaseDay({ date: '2025-10-28' }, { date: '2025-10-20' })).toBe('2025-10-28');
  });
});
