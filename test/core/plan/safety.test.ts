import { describe, expect, test } from '@jest/globals';
import { sameAddresses } from '../../../src/core/prefixes.ts';
import { checkAdditions, checkRemovals } from '../../../src/core/plan/safety.ts';
import type { AdditionInput, RemovalInput } from '../../../src/core/plan/safety.ts';
import type { Reason } from '../../../src/core/reasons.ts';
import { openLimits } from './planFixtures.ts';

function additions(missing: readonly string[], overrides: Partial<AdditionInput> = {}) {
  return checkAdditions({
    missing,
    desired: missing,
    owned: [],
    approved: [],
    limits: openLimits,
    alreadyAdded: 0,
    ...overrides,
  });
}

describe('checkAdditions', () => {
  test('lets in what is within the limits, and counts its IPv4 addresses', () => {
    expect(additions(['2603:1030::/120', '20.1.1.0/24', '20.1.0.0/25'])).toEqual({
      allowed: ['20.1.0.0/25', '20.1.1.0/24', '2603:1030::/120'],
      held: [],
      beyondCount: [],
      refused: [],
      reasons: [],
      addedAddresses: 384,
    });
  });

  test('what was beyond the count stays held, however small the next list is', () => {
    const limits = { ...openLimits, maxAddedAddresses: 256 };
    const first = additions(['20.1.0.0/24', '20.1.1.0/24'], { limits });

    const next = additions(['20.1.1.0/24', '20.1.2.0/25'], { limits, heldBefore: first.beyondCount });

    expect(first.beyondCount).toEqual(['20.1.1.0/24']);
    expect(next).toMatchObject({ allowed: ['20.1.2.0/25'], held: ['20.1.1.0/24'], beyondCount: ['20.1.1.0/24'] });
    expect(
      additions(['20.1.1.0/24'], { limits, heldBefore: ['20.1.1.0/24'], approved: ['20.1.1.0/24'] }),
    ).toMatchObject({
      allowed: ['20.1.1.0/24'],
      beyondCount: [],
    });
  });

  describe('special-purpose ranges', () => {
    test.each([
      ['10.1.0.0/24', 'private use'],
      ['127.0.0.0/30', 'loopback'],
      ['192.0.2.0/24', 'documentation (TEST-NET-1)'],
      ['224.0.0.0/24', 'multicast'],
      ['fd00::/64', 'unique local'],
      ['2001:db8::/120', 'documentation'],
      ['0.0.0.0/0', 'this network'],
      ['::/0', 'unspecified address'],
    ])('%s is refused, approved and owned or not', (prefix, name) => {
      const other = prefix.includes(':') ? '20.1.0.0/24' : '2603:1030::/120';
      const check = additions([prefix, other], { approved: [prefix], owned: [prefix] });

      expect(check.refused).toEqual([prefix]);
      expect(check.allowed).toEqual([other]);
      expect(check.held).toEqual([]);
      expect(check.reasons.map(({ code, prefixes }) => ({ code, prefixes }))).toEqual([
        { code: 'specialPurpose', prefixes: [prefix] },
      ]);
      expect(check.reasons[0]?.message).toContain(`${prefix} overlaps`);
      expect(check.reasons[0]?.message).toContain(name);
    });

    test('are named once each', () => {
      expect(additions(['10.1.0.0/24', '10.2.0.0/24', '127.0.0.0/30']).reasons[0]?.message).toBe(
        '10.1.0.0/24 and 2 more overlaps 10.0.0.0/8 (private use), 127.0.0.0/8 (loopback): special-purpose addresses are never let in, approved or not.',
      );
    });

    test('what is left of a prefix that holds some is refused too', () => {
      const check = additions(['192.0.1.0/24', '192.0.3.0/24'], { desired: ['192.0.0.0/22'] });

      expect(check).toMatchObject({ allowed: [], held: [], refused: ['192.0.1.0/24', '192.0.3.0/24'] });
    });
  });

  describe('widestPrefix', () => {
    const limits = { ...openLimits, widestPrefix: { ipv4: 20, ipv6: 112 } };

    test.each([
      ['20.1.0.0/20', 'allowed'],
      ['20.0.0.0/19', 'held'],
      ['2603:1030::/112', 'allowed'],
      ['2603:1030::/111', 'held'],
    ] as const)('%s is %s', (prefix, list) => {
      const check = additions([prefix, '20.200.0.0/24'], { limits });

      expect(check[list]).toContain(prefix);
      expect(check.allowed).toContain('20.200.0.0/24');
      expect(check.reasons.map(({ code }) => code)).toEqual(list === 'held' ? ['widestPrefix'] : []);
    });

    test('holds the rest of a wide prefix of which a part is live', () => {
      const check = additions(['20.0.128.0/17'], { desired: ['20.0.0.0/16'], owned: ['20.0.0.0/17'], limits });

      expect(check).toMatchObject({ allowed: [], held: ['20.0.128.0/17'] });
      expect(check.reasons).toEqual([
        {
          code: 'widestPrefix',
          message:
            '20.0.0.0/16 is wider than widestPrefix (IPv4 /20, IPv6 /112). Approve the plan if Microsoft really published it.',
          prefixes: ['20.0.128.0/17'],
        },
      ]);
    });

    test('does not count what it holds as added', () => {
      expect(additions(['20.0.0.0/16', '20.1.0.0/24'], { limits }).addedAddresses).toBe(256);
    });

    test('lets in what a person approved, and what this app had let in before', () => {
      const wide = ['20.0.0.0/16', '20.2.0.0/16'];

      expect(additions(wide, { limits, approved: ['20.0.0.0/16'], owned: ['20.2.0.0/16'] })).toEqual({
        allowed: wide,
        held: [],
        beyondCount: [],
        refused: [],
        reasons: [],
        addedAddresses: 0,
      });
    });

    test('an approval of a part lets in that part', () => {
      const check = additions(['20.0.0.0/16'], { limits, approved: ['20.0.4.0/24'] });

      expect(check.allowed).toEqual(['20.0.4.0/24']);
      expect(check.held[0]).toBe('20.0.0.0/22');
    });
  });

  describe('maxAddedAddresses', () => {
    const limits = { ...openLimits, maxAddedAddresses: 512 };

    test.each<[string, readonly string[], number, readonly string[], readonly string[], number]>([
      ['exactly as many', ['20.1.0.0/24', '20.2.0.0/24'], 0, ['20.1.0.0/24', '20.2.0.0/24'], [], 512],
      [
        'one too many',
        ['20.1.0.0/24', '20.2.0.0/24', '20.3.0.0/32'],
        0,
        ['20.1.0.0/24', '20.3.0.0/32'],
        ['20.2.0.0/24'],
        257,
      ],
      [
        'the smallest first',
        ['20.1.0.0/22', '20.2.0.0/24', '20.3.0.0/25'],
        0,
        ['20.2.0.0/24', '20.3.0.0/25'],
        ['20.1.0.0/22'],
        384,
      ],
      [
        'of two of a size the lower one',
        ['20.9.0.0/24', '20.1.0.0/23', '20.4.0.0/24', '20.2.0.0/24'],
        0,
        ['20.2.0.0/24', '20.4.0.0/24'],
        ['20.1.0.0/23', '20.9.0.0/24'],
        512,
      ],
      ['less what was added before', ['20.1.0.0/24', '20.2.0.0/24'], 256, ['20.1.0.0/24'], ['20.2.0.0/24'], 256],
      ['none where the room is used up', ['20.1.0.0/32'], 512, [], ['20.1.0.0/32'], 0],
      ['none where more than the room is used up', ['20.1.0.0/32'], 9_000, [], ['20.1.0.0/32'], 0],
      ['IPv6 is not counted', ['2603:1030::/64', '20.1.0.0/23'], 0, ['20.1.0.0/23', '2603:1030::/64'], [], 512],
    ])('%s', (_, missing, alreadyAdded, allowed, held, addedAddresses) => {
      const check = additions(missing, { limits, alreadyAdded });

      expect({ allowed: check.allowed, held: check.held, added: check.addedAddresses }).toEqual({
        allowed,
        held,
        added: addedAddresses,
      });
      expect(check.reasons.map(({ code, prefixes }) => [code, prefixes])).toEqual(
        held.length > 0 ? [['maxAddedAddresses', held]] : [],
      );
    });

    test('says how many are held', () => {
      expect(additions(['20.1.0.0/22'], { limits }).reasons[0]?.message).toBe(
        '1024 new IPv4 addresses are more than maxAddedAddresses (512) has room for. Approve the plan if they are meant.',
      );
    });

    test('what a person approved or this app owned takes no room', () => {
      const check = additions(['20.1.0.0/22', '20.2.0.0/22', '20.3.0.0/23'], {
        limits,
        approved: ['20.1.0.0/22'],
        owned: ['20.2.0.0/22'],
      });

      expect(check).toMatchObject({
        allowed: ['20.1.0.0/22', '20.2.0.0/22', '20.3.0.0/23'],
        held: [],
        addedAddresses: 512,
      });
    });
  });

  describe('a prefix listed inside of one that is not let in', () => {
    const limits = { ...openLimits, widestPrefix: { ipv4: 20, ipv6: 112 } };

    test.each<[string, string, string, readonly string[], 'held' | 'refused']>([
      ['is let in where the outer one is held', '20.0.0.0/19', '20.0.16.0/20', ['20.0.16.0/20'], 'held'],
      ['is held with it where it is too wide itself', '20.0.0.0/16', '20.0.0.0/19', [], 'held'],
      ['is let in where the outer one is refused', '10.0.0.0/7', '11.0.0.0/24', ['11.0.0.0/24'], 'refused'],
      ['is refused with it where it is special itself', '10.0.0.0/7', '10.1.0.0/24', [], 'refused'],
    ])('%s', (_, outer, nested, allowed, list) => {
      const check = additions([outer], { nested: [nested], limits });

      expect(check.allowed).toEqual(allowed);
      expect(sameAddresses([...check.allowed, ...check[list]], [outer])).toBe(true);
    });

    test('takes its share of maxAddedAddresses', () => {
      const check = additions(['20.0.0.0/19'], {
        nested: ['20.0.0.0/24'],
        limits: { ...limits, maxAddedAddresses: 255 },
      });

      expect(check.allowed).toEqual([]);
      expect(check.reasons.map(({ code }) => code)).toEqual(['widestPrefix', 'maxAddedAddresses']);
    });
  });

  test('three kinds of hold at once, each with its reason', () => {
    const check = additions(['10.0.0.0/24', '20.0.0.0/16', '20.1.0.0/23', '20.2.0.0/24'], {
      limits: { ...openLimits, widestPrefix: { ipv4: 20, ipv6: 112 }, maxAddedAddresses: 256 },
    });

    expect(check).toMatchObject({
      allowed: ['20.2.0.0/24'],
      held: ['20.0.0.0/16', '20.1.0.0/23'],
      refused: ['10.0.0.0/24'],
    });
    expect(check.reasons.map(({ code, prefixes }) => [code, prefixes])).toEqual([
      ['specialPurpose', ['10.0.0.0/24']],
      ['widestPrefix', ['20.0.0.0/16']],
      ['maxAddedAddresses', ['20.1.0.0/23']],
    ]);
  });
});

const [a, b, c] = ['20.1.0.0/24', '20.1.1.0/24', '20.1.2.0/24'] as const;
const quarantined: Reason = { code: 'quarantined', message: 'The tag is gone.' };

function removals(due: readonly string[], overrides: Partial<RemovalInput> = {}) {
  return checkRemovals({
    due,
    ours: [a, b, c],
    approved: [],
    flapping: [],
    limits: openLimits,
    distrust: [],
    ...overrides,
  });
}

describe('checkRemovals', () => {
  const none = { ...openLimits, maxRemovedCount: 0 };

  test.each<
    [string, readonly string[], Partial<RemovalInput>, readonly string[], readonly string[], readonly string[]]
  >([
    ['nothing due', [], { distrust: [quarantined] }, [], [], []],
    ['within the limits', [b, a], {}, [a, b], [], []],
    ['a list that is not believed holds all', [a, b], { distrust: [quarantined] }, [], [a, b], ['quarantined']],
    ['but what a person approved', [a, b], { distrust: [quarantined], approved: [a] }, [a], [b], ['quarantined']],
    ['all of it approved', [a], { distrust: [quarantined], approved: [a], limits: none }, [a], [], []],
    ['a flapping prefix holds itself', [a, b], { flapping: [a] }, [b], [a], ['flapping']],
    ['a flapping one that is approved', [a, b], { flapping: [a], approved: [a] }, [a, b], [], []],
    ['beyond the limits all are held', [a, b], { limits: none }, [], [a, b], ['removalLimit']],
    ['but those approved', [c, a, b], { limits: none, approved: [c] }, [c], [a, b], ['removalLimit']],
    [
      'flapping and beyond the limits',
      [b, a],
      { limits: none, flapping: [b] },
      [],
      [a, b],
      ['flapping', 'removalLimit'],
    ],
    [
      'flapping ones do not count against the limits',
      [a, b, c],
      { limits: { ...openLimits, maxRemovedCount: 1 }, flapping: [a, b] },
      [c],
      [a, b],
      ['flapping'],
    ],
    [
      'nor do approved ones',
      [a, b, c],
      { limits: { ...openLimits, maxRemovedCount: 1 }, approved: [a, b] },
      [a, b, c],
      [],
      [],
    ],
    [
      'half of a prefix approved',
      [a],
      { limits: none, approved: ['20.1.0.0/25'] },
      ['20.1.0.0/25'],
      ['20.1.0.128/25'],
      ['removalLimit'],
    ],
  ])('%s', (_, due, overrides, allowed, held, codes) => {
    const check = removals(due, overrides);

    expect({ allowed: check.allowed, held: check.held }).toEqual({ allowed, held });
    expect(check.reasons.map(({ code }) => code)).toEqual(codes);
  });

  test('names what flaps and what is beyond the limits', () => {
    expect(removals([a, b, c], { flapping: [a], limits: none }).reasons).toEqual([
      {
        code: 'flapping',
        message: '20.1.0.0/24 has gone and come back before, so it stays until the plan is approved.',
        prefixes: [a],
      },
      {
        code: 'removalLimit',
        message:
          'Removes 2 of 3 prefixes, 66.7 % of the IPv4 prefixes (limits: 0 prefixes, 100 %). Approve the plan if they are meant to go.',
        prefixes: [b, c],
      },
    ]);
  });
});
