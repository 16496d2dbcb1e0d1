import { describe, expect, test } from '@jest/globals';
import {
  dueTime,
  flappingPrefixes,
  isDue,
  isWithoutPublication,
  moveClocks,
  type RemovalClocks,
  type Relisted,
} from '../../../src/core/plan/removals.ts';
import type { AbsentPrefix, ReturnedPrefix } from '../../../src/core/targets/targetState.ts';
import { openLimits } from './planFixtures.ts';

const [a, b, c] = ['20.1.0.0/24', '20.1.1.0/24', '20.1.2.0/24'] as const;
const start = '2026-01-01T00:00:00.000Z';
const now = new Date('2026-01-10T00:00:00.000Z');

function clock(prefix: string, overrides: Partial<AbsentPrefix> = {}): AbsentPrefix {
  return { prefix, since: start, publication: 'p1', confirmedBy: [], ...overrides };
}

function move(
  absent: readonly AbsentPrefix[],
  ours: readonly string[],
  desired: readonly string[],
  publication: string | undefined = 'p2',
  returned: readonly ReturnedPrefix[] = [],
): RemovalClocks {
  return moveClocks({ clocks: { absent, returned }, ours, desired, publication, now });
}

describe('the clock of a removal', () => {
  test('starts when a prefix of ours is listed no more', () => {
    expect(move([], [b, a], [b])).toEqual({
      absent: [{ prefix: a, since: '2026-01-10T00:00:00.000Z', publication: 'p2', confirmedBy: [] }],
      returned: [],
    });
  });

  test.each([
    ['a further publication', 'p2', ['p2']],
    ['the publication that it was first missing from', 'p1', []],
  ])('keeps its time, and is confirmed by %s or not', (_, publication, confirmedBy) => {
    expect(move([clock(a)], [a], [], publication).absent).toEqual([clock(a, { confirmedBy })]);
  });

  test('is confirmed once by each publication', () => {
    const once = move([clock(a)], [a], [], 'p2').absent;

    expect(move(once, [a], [], 'p2').absent).toEqual(once);
    expect(move(once, [a], [], 'p3').absent).toEqual([clock(a, { confirmedBy: ['p2', 'p3'] })]);
  });

  test('keeps no more confirmations than a target may ask for', () => {
    const year = Array.from({ length: 52 }, (_, week) => `w${week}`);

    expect(move([clock(a, { confirmedBy: year.slice(1) })], [a], [], 'next').absent[0]?.confirmedBy).toHaveLength(52);
    expect(move([clock(a, { confirmedBy: year })], [a], [], 'next').absent[0]?.confirmedBy).toEqual(year);
  });

  test('ends where the prefix is listed again, and the return is remembered', () => {
    expect(move([clock(a), clock(b)], [a, b], [a])).toEqual({
      absent: [clock(b, { confirmedBy: ['p2'] })],
      returned: [{ prefix: a, returns: ['2026-01-10T00:00:00.000Z'] }],
    });
  });

  test('ends without a return where the rule is gone', () => {
    expect(move([clock(a)], [], [])).toEqual({ absent: [], returned: [] });
  });

  test('stays with the half of a prefix that is still missing', () => {
    const { absent, returned } = move([clock(a)], [a], ['20.1.0.128/25']);

    expect(absent).toEqual([clock('20.1.0.0/25', { confirmedBy: ['p2'] })]);
    expect(returned).toEqual([{ prefix: '20.1.0.128/25', returns: ['2026-01-10T00:00:00.000Z'] }]);
  });

  test('starts for the rest of a prefix of which a half was missing', () => {
    expect(move([clock('20.1.0.0/25')], [a], []).absent).toEqual([
      clock('20.1.0.0/25', { confirmedBy: ['p2'] }),
      clock('20.1.0.128/25', { since: '2026-01-10T00:00:00.000Z', publication: 'p2' }),
    ]);
  });

  test('stands in the order of addresses, IPv4 first', () => {
    const v6 = '2603:1030::/120';

    const { absent } = move([clock(v6), clock(c)], [v6, c, a, '20.0.255.0/24'], []);

    expect(absent.map(({ prefix }) => prefix)).toEqual(['20.0.255.0/24', a, c, v6]);
  });
});

describe('what was listed while nobody looked', () => {
  const at = now.toISOString();
  const anew = (prefix: string): AbsentPrefix => clock(prefix, { since: at, publication: 'p9' });

  function look(absent: readonly AbsentPrefix[], desired: readonly string[], relisted?: Relisted): RemovalClocks {
    const clocks = { absent, returned: [] };
    const input = { clocks, ours: [a, b], desired, publication: 'p9', now };
    return moveClocks(relisted === undefined ? input : { ...input, relisted });
  }

  const old = [clock(a, { confirmedBy: ['p2', 'p3'] }), clock(b, { confirmedBy: ['p2', 'p3'] })];
  const confirmed = (prefix: string): AbsentPrefix => clock(prefix, { confirmedBy: ['p2', 'p3', 'p9'] });

  test.each<[string, Relisted | undefined]>([
    ['nothing', []],
    ['nothing that is told', undefined],
    ['something else', [c]],
  ])('%s: the clocks go on', (_, relisted) => {
    expect(look(old, [], relisted)).toEqual({ absent: [confirmed(a), confirmed(b)], returned: [] });
  });

  test('and is gone again: its clock begins anew, and the return is remembered', () => {
    expect(look(old, [], [a])).toEqual({
      absent: [anew(a), confirmed(b)],
      returned: [{ prefix: a, returns: [at] }],
    });
  });

  test('in part: the rest keeps its clock', () => {
    expect(look([clock(a)], [b], ['20.1.0.128/25'])).toEqual({
      absent: [clock('20.1.0.0/25', { confirmedBy: ['p9'] }), anew('20.1.0.128/25')],
      returned: [{ prefix: '20.1.0.128/25', returns: [at] }],
    });
  });

  test('and nobody can tell: all clocks begin anew, and only what is listed now has returned', () => {
    expect(look(old, [b], 'unknown')).toEqual({ absent: [anew(a)], returned: [{ prefix: b, returns: [at] }] });
  });

  test('where no publication had started the clock, is no return', () => {
    expect(look([clock(a, { publication: '' })], [b], [a])).toEqual({ absent: [anew(a)], returned: [] });
  });

  test.each([
    ['', true],
    ['p1', false],
  ])('a clock of publication "%s"', (publication, expected) => {
    expect(isWithoutPublication(clock(a, { publication }))).toBe(expected);
  });
});

describe('a return', () => {
  const earlier = '2025-12-01T00:00:00.000Z';
  const at = now.toISOString();

  test.each<[string, readonly ReturnedPrefix[], readonly ReturnedPrefix[]]>([
    ['of a prefix that returned before', [{ prefix: a, returns: [earlier] }], [{ prefix: a, returns: [earlier, at] }]],
    [
      'beside another one',
      [{ prefix: b, returns: [earlier] }],
      [
        { prefix: a, returns: [at] },
        { prefix: b, returns: [earlier] },
      ],
    ],
    [
      'of a part of what returned before',
      [{ prefix: '20.1.0.0/23', returns: [earlier] }],
      [
        { prefix: a, returns: [earlier, at] },
        { prefix: b, returns: [earlier] },
      ],
    ],
    [
      'of more than what returned before',
      [{ prefix: '20.1.0.0/25', returns: [earlier] }],
      [
        { prefix: '20.1.0.0/25', returns: [earlier, at] },
        { prefix: '20.1.0.128/25', returns: [at] },
      ],
    ],
  ])('%s', (_, before, after) => {
    expect(move([clock(a)], [a], [a], 'p2', before).returned).toEqual(after);
  });

  test('none is noted while nothing comes back', () => {
    const before = [{ prefix: b, returns: [earlier] }];

    expect(move([clock(a)], [a], [], 'p2', before).returned).toBe(before);
  });
});

describe('without a publication', () => {
  const unconfirmed = clock(a, { since: '2026-01-10T00:00:00.000Z', publication: '' });

  test('a clock starts, for a person to see', () => {
    expect(
      moveClocks({ clocks: { absent: [], returned: [] }, ours: [a], desired: [], publication: undefined, now }),
    ).toEqual({ absent: [unconfirmed], returned: [] });
  });

  test('a clock runs on and is not confirmed', () => {
    const clocks = { absent: [clock(a)], returned: [] };

    expect(moveClocks({ clocks, ours: [a], desired: [], publication: undefined, now })).toStrictEqual(clocks);
  });

  test.each([['p2'], [undefined]])('what comes back with %s was never gone', (publication) => {
    const clocks = { absent: [publication === undefined ? clock(a) : unconfirmed], returned: [] };

    expect(moveClocks({ clocks, ours: [a], desired: [a], publication, now })).toEqual({ absent: [], returned: [] });
  });

  test('a clock that started so begins anew with the first publication', () => {
    const later = new Date('2026-03-01T00:00:00.000Z');
    const first = moveClocks({
      clocks: { absent: [unconfirmed], returned: [] },
      ours: [a],
      desired: [],
      publication: 'p9',
      now: later,
    });

    expect(first.absent).toEqual([clock(a, { since: later.toISOString(), publication: 'p9' })]);
  });
});

describe('isDue', () => {
  const limits = { ...openLimits, removalGraceDays: 14, removalConfirmations: 2 };

  test.each([
    ['2026-01-15T00:00:00.000Z', ['p2', 'p3'], true],
    ['2026-01-14T23:59:59.999Z', ['p2', 'p3'], false],
    ['2026-01-15T00:00:00.000Z', ['p2'], false],
    ['2026-02-15T00:00:00.000Z', ['p2', 'p3', 'p4'], true],
    ['2026-02-15T00:00:00.000Z', [], false],
  ])('missing since 1 January: on %s, confirmed by %j: %s', (at, confirmedBy, expected) => {
    expect(isDue(clock(a, { confirmedBy }), limits, new Date(at))).toBe(expected);
  });

  test('without days and publications at once', () => {
    expect(isDue(clock(a), openLimits, new Date(start))).toBe(true);
  });

  test('dueTime is so many days later', () => {
    expect(dueTime(clock(a), limits).toISOString()).toBe('2026-01-15T00:00:00.000Z');
  });
});

describe('flappingPrefixes', () => {
  test.each([
    ['two returns', ['2025-12-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z'], [a]],
    ['one return', ['2026-01-01T00:00:00.000Z'], []],
    ['one of two too long ago', ['2025-07-13T23:59:59.999Z', '2026-01-01T00:00:00.000Z'], []],
    ['both within 180 days', ['2025-07-14T00:00:00.000Z', '2026-01-01T00:00:00.000Z'], [a]],
    ['three returns', ['2025-12-01T00:00:00.000Z', '2025-12-15T00:00:00.000Z', '2026-01-01T00:00:00.000Z'], [a]],
  ])('%s', (_, returns, expected) => {
    expect(flappingPrefixes([{ prefix: a, returns }], now)).toEqual(expected);
  });
});
