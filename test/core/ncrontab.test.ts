import { describe, expect, test } from '@jest/globals';
import { Cron } from 'croner';
import fc from 'fast-check';
import { findScheduleFault, nextOccurrence, normalizeSchedule, toNumericSchedule } from '../../src/core/ncrontab.ts';

describe('findScheduleFault', () => {
  test.each([
    '0 30 */6 * * *',
    '  0  0 * * * *  ',
    '0 0 9-17 * * MON-FRI',
    '*/30 * * * * *',
    '0 5,35 0,12 1,15 jan,JUL *',
    '0 0 0 1-7/2 * 0',
    '0 10-59/15 * * * *',
  ])('%s is a schedule, to another reader of cron too', (schedule) => {
    expect(findScheduleFault(schedule)).toBeUndefined();
    expect(new Cron(schedule.trim(), { paused: true }).nextRun()).toBeInstanceOf(Date);
  });

  test.each([
    ['', '1 field, six are needed'],
    ['* * * * *', '5 fields, six are needed'],
    ['0 0 0 * * * 2030', '7 fields, six are needed'],
    ['60 0 0 * * *', 'second "60" is not within 0-59'],
    ['0 60 0 * * *', 'minute "60" is not within 0-59'],
    ['0 0 24 * * *', 'hour "24" is not within 0-23'],
    ['0 0 0 0 * *', 'day "0" is not within 1-31'],
    ['0 0 0 1 13 *', 'month "13" is not within 1-12'],
    ['0 0 0 * * 7', 'day of week "7" is not within 0-6'],
    ['0 0 0 * * funday', 'day of week "funday" is not within 0-6'],
    ['0 0 mon * * *', 'hour "mon" is not within 0-23'],
    ['0 0 17-9 * * *', 'hour "17-9" runs backwards'],
    ['0 0 0 * * mondays', 'day of week "mondays" is not within 0-6'],
    ['0 0 0 * * sat-sun', 'day of week "sat-sun" runs backwards'],
    ['0 0/0 * * * *', 'minute "0/0" has a step of 0'],
    ['0 60/5 * * * *', 'minute "60/5" is not within 0-59'],
    ['0 */0 * * * *', 'minute "*/0" has a step of 0'],
    ['0 0 0 ? * *', 'day "?" is not *, a number, a range, a step or a list of them'],
    ['0 0 0 L * *', 'day "L" is not within 1-31'],
    ['0 1,,2 0 * * *', 'minute "1,,2" is not *, a number, a range, a step or a list of them'],
    ['0 -5 0 * * *', 'minute "-5" is not *, a number, a range, a step or a list of them'],
    ['0 *-5 0 * * *', 'minute "*-5" is not *, a number, a range, a step or a list of them'],
  ])('%s', (schedule, fault) => expect(findScheduleFault(schedule)).toBe(fault));
});

// Read as NCrontab, the platform's library, reads them.
describe('what the platform takes and other readers of cron do not', () => {
  test.each([
    ['0 0 6 * * Monday', '0 0 6 * * 1'],
    ['0 0 6 * JANUARY-mar SUNDAY,w', '0 0 6 * 1,2,3 0,3'],
    ['0 0 6 * J,Ju,Jul m', '0 0 6 * 1,6,7 1'],
    ['0 0/20 22/1 * * *', '0 0,20,40 22,23 * * *'],
    ['0 55/1 * * * *', '0 55,56,57,58,59 * * * *'],
    ['0 5/10 * */10 * *', '0 5,15,25,35,45,55 * 1,11,21,31 * *'],
    ['0 */90 006 * * *', '0 0 6 * * *'],
    ['*/20 0 8-12/2,20 * Oct/2 *', '0,20,40 0 8,10,12,20 * 10,12 *'],
  ])('%s', (schedule, numeric) => {
    expect(findScheduleFault(schedule)).toBeUndefined();
    expect(toNumericSchedule(schedule)).toBe(numeric);
    expect(new Cron(numeric, { mode: '6-part', paused: true }).nextRun()).toBeInstanceOf(Date);
  });
});

describe('nextOccurrence', () => {
  test('is what another reader of cron finds', () => {
    const value = (min: number, max: number) => fc.integer({ min, max });
    const field = (min: number, max: number) =>
      fc.oneof(
        fc.constant('*'),
        fc.uniqueArray(value(min, max), { minLength: 1, maxLength: 3 }).map((values) => values.join(',')),
        value(2, max).map((step) => `*/${step}`),
      );
    const schedules = fc.tuple(field(0, 59), field(0, 59), field(0, 23), field(1, 28), field(1, 12), field(0, 6));
    const times = fc.date({ min: new Date('2020-01-01'), max: new Date('2030-01-01'), noInvalidDate: true });

    fc.assert(
      fc.property(schedules, times, (parts, after) => {
        const schedule = toNumericSchedule(parts.join(' '));
        const cron = new Cron(schedule, { mode: '6-part', utcOffset: 0, domAndDow: true, paused: true });

        expect(nextOccurrence(parts.join(' '), after)).toEqual(cron.nextRun(after));
      }),
      { numRuns: 200 },
    );
  });

  test.each([
    ['0 30 */6 * * *', '2026-09-14T06:30:00.000Z', '2026-09-14T12:30:00.000Z'],
    ['0 30 */6 * * *', '2026-09-14T06:29:59.999Z', '2026-09-14T06:30:00.000Z'],
    ['0 0 8-10 * * MON-FRI', '2026-09-18T10:00:00.000Z', '2026-09-21T08:00:00.000Z'],
    ['0 0 0 29 2 *', '2026-09-18T10:00:00.000Z', '2028-02-29T00:00:00.000Z'],
    ['0 0 0 31 2 *', '2026-09-18T10:00:00.000Z', undefined],
  ])('%s after %s', (schedule, after, expected) => {
    expect(nextOccurrence(schedule, new Date(after))?.toISOString()).toBe(expected);
  });
});

test('tabs and no-break spaces become spaces, which alone the platform takes', () => {
  expect(normalizeSchedule('\t0\u00a030  */6\t* *\u3000*\ufeff')).toBe('0 30 */6 * * *');
  expect(findScheduleFault('0\u200b 30 */6 * * *')).toMatch(/^second/);
});
