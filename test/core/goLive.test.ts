import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { azureMayUse, calculateGoLive, deadlineOf, describeGoLive } from '../../src/core/goLive.ts';

const now = new Date('2025-03-06T12:00:00Z');

describe('deadlineOf', () => {
  test('is seven days after the day of publication, at midnight UTC', () => {
    expect(deadlineOf('2025-03-03').toISOString()).toBe('2025-03-10T00:00:00.000Z');
  });

  test('crosses the end of February in a leap year', () => {
    expect(deadlineOf('2024-02-26').toISOString()).toBe('2024-03-04T00:00:00.000Z');
  });

  test('names what it cannot read', () => {
    expect(() => deadlineOf('March')).toThrow('published: "March" is not a day such as 2025-03-03');
  });
});

test.each([
  ['2025-03-06T12:00:01.000Z', 'Azure may use it from 6 Mar 2025'],
  ['2025-03-06T12:00:00.000Z', 'Azure may have used it since 6 Mar 2025'],
  ['2025-03-01T00:00:00.000Z', 'Azure may have used it since 1 Mar 2025'],
])('from %s on: %s', (from, sentence) => {
  expect(azureMayUse('it', from, now)).toBe(sentence);
});

describe('calculateGoLive', () => {
  test('nothing waits: the whole week is left and nothing is named', () => {
    const clock = calculateGoLive([{ target: 'hooks', missing: [] }], now);

    expect(clock).toEqual({ status: 'done', daysLeft: 7, prefixes: [] });
    expect(describeGoLive(clock, now)).toBe('Every target has every listed prefix.');
  });

  test.each([
    ['2025-03-06', 'waiting', 6.5],
    ['2025-03-03', 'waiting', 3.5],
    ['2025-03-02', 'near', 2.5],
    ['2025-02-28', 'near', 0.5],
    ['2025-02-27', 'overdue', -0.5],
  ] as const)('published %s: %s, %d days left', (published, status, daysLeft) => {
    const clock = calculateGoLive([{ target: 'hooks', missing: [{ prefix: '192.0.2.0/26', published }] }], now);

    expect(clock).toMatchObject({ status, daysLeft });
  });

  test('the worst over all targets comes first, and names each target that lacks it', () => {
    const clock = calculateGoLive(
      [
        { target: 'registry', missing: [{ prefix: '198.51.100.0/24', published: '2025-03-03' }] },
        { target: 'hooks', missing: [{ prefix: '192.0.2.0/26', published: '2025-03-01' }] },
        { target: 'builds', missing: [{ prefix: '192.0.2.0/26', published: '2025-03-01' }] },
      ],
      now,
    );

    expect(clock.first).toEqual({
      prefix: '192.0.2.0/26',
      published: '2025-03-01',
      deadline: '2025-03-08T00:00:00.000Z',
      daysLeft: 1.5,
      targets: ['builds', 'hooks'],
    });
    expect(clock.prefixes.map((deadline) => deadline.prefix)).toEqual(['192.0.2.0/26', '198.51.100.0/24']);
    expect(describeGoLive(clock, now)).toBe(
      'builds, hooks lack 2 listed prefixes: 192.0.2.0/26 (listed since 1 Mar 2025) and 1 more. Azure may use the first of them from 8 Mar 2025, 00:00 UTC (in 1.5 days). The page says why, and what to do.',
    );
  });

  test('a prefix that two targets date differently keeps the earlier day', () => {
    const clock = calculateGoLive(
      [
        { target: 'a', missing: [{ prefix: '2001:db8::/48', published: '2025-03-03' }] },
        { target: 'b', missing: [{ prefix: '2001:db8::/48', published: '2025-02-24' }] },
      ],
      now,
    );

    expect(clock.prefixes).toHaveLength(1);
    expect(clock).toMatchObject({ status: 'overdue', first: { published: '2025-02-24', targets: ['a', 'b'] } });
    expect(describeGoLive(clock, now)).toContain(
      '(listed since 24 Feb 2025). Azure may have used it since 3 Mar 2025, 00:00 UTC',
    );
  });

  test('no deadline is earlier than the first look at the target; since when Azure may use a prefix stays true', () => {
    const clock = calculateGoLive(
      [
        {
          target: 'new',
          selectedSince: '2025-03-06T09:36:00.000Z',
          missing: [
            { prefix: '192.0.2.0/26', published: '2020-08-03' },
            { prefix: '198.51.100.0/24', published: '2018-06-04' },
            { prefix: '203.0.113.0/24', published: '2025-03-03' },
          ],
        },
      ],
      now,
    );

    expect(clock.prefixes.map(({ prefix, deadline, daysLeft }) => [prefix, deadline, daysLeft])).toEqual([
      ['198.51.100.0/24', '2025-03-06T09:36:00.000Z', -0.1],
      ['192.0.2.0/26', '2025-03-06T09:36:00.000Z', -0.1],
      ['203.0.113.0/24', '2025-03-10T00:00:00.000Z', 3.5],
    ]);
    expect(describeGoLive(clock, now)).toContain(
      '198.51.100.0/24 (listed since 4 Jun 2018) and 2 more. Azure may have used the first of them since 11 Jun 2018',
    );
  });

  test('in its first run a new target is overdue for what Azure may have used before', () => {
    const missing = [{ prefix: '192.0.2.0/26', published: '2020-08-03' }];
    const clock = calculateGoLive([{ target: 'new', selectedSince: now.toISOString(), missing }], now);

    expect(clock).toMatchObject({ status: 'overdue', daysLeft: 0 });
    expect(describeGoLive(clock, now)).toContain('Azure may have used it since 10 Aug 2020, 00:00 UTC. The page');
  });

  test('many targets are counted, not listed', () => {
    const missing = [{ prefix: '192.0.2.0/26', published: '2025-03-03' }];
    const targets = ['a', 'b', 'c', 'd', 'e'].map((target) => ({ target, missing }));

    expect(describeGoLive(calculateGoLive(targets, now), now)).toContain(
      'a, b, c and 2 more targets lack 1 listed prefix',
    );
  });

  test('the order of targets and prefixes does not matter', () => {
    const missing = fc.array(
      fc.record({
        prefix: fc.constantFrom('192.0.2.0/26', '198.51.100.0/24', '2001:db8::/48'),
        published: fc.constantFrom('2025-02-24', '2025-03-01', '2025-03-03'),
      }),
      { maxLength: 5 },
    );
    const targets = fc.uniqueArray(fc.record({ target: fc.constantFrom('a', 'b', 'c', 'd'), missing }), {
      selector: (entry) => entry.target,
    });

    fc.assert(
      fc.property(targets, (list) => {
        const shuffled = list.toReversed().map((entry) => ({ ...entry, missing: entry.missing.toReversed() }));

        expect(calculateGoLive(shuffled, now)).toEqual(calculateGoLive(list, now));
      }),
    );
  });
});
