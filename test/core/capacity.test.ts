import { describe, expect, test } from '@jest/globals';
import { fitToCapacity, type CapacityInput } from '../../src/core/capacity.ts';
import { nsgTarget, registryTarget } from './planFixtures.ts';

const [a, b, c, d] = ['20.1.0.0/24', '20.1.1.0/24', '20.1.2.0/24', '20.1.4.0/24'] as const;
const supernet = (maxExtraAddresses: number) =>
  registryTarget({ capacity: { maxRules: undefined, fit: 'supernet', maxExtraAddresses } });

function fit(overrides: Partial<CapacityInput>) {
  return fitToCapacity({
    target: registryTarget(),
    desired: [a, b],
    ours: [],
    foreign: [],
    maxPrefixes: 100,
    ...overrides,
  });
}

const others = (count: number): string[] => Array.from({ length: count }, (_, index) => `40.0.${index}.0/24`);

describe('what fits is taken as it is listed', () => {
  test.each<[string, Partial<CapacityInput>, number | undefined]>([
    ['a registry', { maxPrefixes: 2 }, 2],
    ['a registry of which no quota is known: 100', { maxPrefixes: undefined }, 100],
    ['a registry with rules of others', { maxPrefixes: undefined, foreign: others(98) }, 2],
    ['an NSG rule', { target: nsgTarget(), maxPrefixes: 2 }, 2],
    ['an NSG rule, whatever else is in it', { target: nsgTarget(), maxPrefixes: 2, foreign: others(9) }, 2],
    ['an NSG of which no quota is known', { target: nsgTarget(), maxPrefixes: undefined }, undefined],
  ])('%s', (_, overrides, room) => {
    expect(fit(overrides)).toEqual({
      desired: [a, b],
      isWidened: false,
      covered: [],
      room,
      blockers: [],
      notes: [],
    });
  });
});

describe('where it does not fit as listed', () => {
  test.each<[string, Partial<CapacityInput>, readonly string[]]>([
    ['neighbours are merged', { maxPrefixes: 1 }, ['20.1.0.0/23']],
    ['neighbours are merged in an NSG rule too', { target: nsgTarget(), maxPrefixes: 1 }, ['20.1.0.0/23']],
    ['neighbours are merged where what leaves later takes room', { maxPrefixes: 2, ours: [d] }, ['20.1.0.0/23']],
    ['merging goes before widening', { target: supernet(1000), maxPrefixes: 1 }, ['20.1.0.0/23']],
  ])('%s', (_, overrides, desired) => {
    expect(fit(overrides)).toMatchObject({ desired, isWidened: false, blockers: [], notes: [] });
  });

  test('what of ours is listed still takes no room beside the list', () => {
    expect(fit({ maxPrefixes: 2, ours: [a, b] }).desired).toEqual([a, b]);
    expect(fit({ maxPrefixes: 2, ours: ['20.1.0.0/25'] }).desired).toEqual([a, b]);
  });

  test('a registry is blocked, and it is said what would help', () => {
    const { blockers, desired } = fit({ desired: [a, c, d], maxPrefixes: 5, foreign: others(3) });

    expect(desired).toEqual([a, c, d]);
    expect(blockers).toEqual([
      {
        code: 'quota',
        message:
          '3 IP rules are needed and there is room for 2: the registry takes 5, 3 are not ours. Choose regions (a region needs about 15).',
      },
    ]);
  });

  test('the quota that is said is the one that is known', () => {
    expect(fit({ desired: [a, c], foreign: others(99), maxPrefixes: undefined }).blockers[0]?.message).toContain(
      '2 IP rules are needed and there is room for 1: the registry takes 100, 99 are not ours.',
    );
  });

  test('an NSG is blocked', () => {
    expect(fit({ target: nsgTarget(), desired: [a, c, d], maxPrefixes: 2 }).blockers).toEqual([
      {
        code: 'quota',
        message:
          '3 prefixes are needed and the network security group has room for 2 (4,000 a side, all rules together). Choose regions, or use a group of its own.',
      },
    ]);
  });

  test('more rules of others than the quota leave no room', () => {
    expect(fit({ foreign: others(12), maxPrefixes: 10 })).toMatchObject({ room: 0, blockers: [{ code: 'quota' }] });
  });
});

describe('fit supernet', () => {
  test('lets in the fewest others, and says which', () => {
    expect(fit({ target: supernet(256), desired: [a, b, c], maxPrefixes: 1 })).toEqual({
      desired: ['20.1.0.0/22'],
      isWidened: true,
      covered: [],
      room: 1,
      blockers: [],
      notes: [
        {
          code: 'supernet',
          message:
            'fit: supernet covers 3 prefixes with 1 rules and lets in 256 addresses that are not listed (maxExtraAddresses 256).',
          prefixes: ['20.1.3.0/24'],
        },
      ],
    });
  });

  test('is blocked where that is more than maxExtraAddresses', () => {
    const { desired, isWidened, blockers } = fit({ target: supernet(255), desired: [a, b, c], maxPrefixes: 1 });

    expect({ desired, isWidened }).toEqual({ desired: [a, b, c], isWidened: false });
    expect(blockers[0]?.message).toBe(
      '2 IP rules are needed and there is room for 1: the registry takes 1, 0 are not ours. Choose regions (a region needs about 15). With fit "supernet" it takes maxExtraAddresses 256 at least.',
    );
  });

  test('a rule of others inside of a wider one does not make that one smaller', () => {
    const result = fit({ target: supernet(10_000), desired: [a, c, d], foreign: [c], maxPrefixes: 2 });

    expect(result).toMatchObject({ desired: ['20.1.0.0/21'], covered: [], room: 1 });
  });

  test('a rule of others that is wanted as it is stays theirs', () => {
    const far = '20.200.0.0/24';

    const result = fit({ target: supernet(512), desired: [a, c, far], foreign: [far], maxPrefixes: 2 });

    expect(result).toMatchObject({ desired: ['20.1.0.0/22', far], covered: [far] });
    expect(result.notes[0]?.prefixes).toEqual([b, '20.1.3.0/24']);
  });
});

describe('rules of others that let in nothing but what is listed', () => {
  test('need none of ours, and no room', () => {
    expect(fit({ desired: [a, c, d], foreign: [a, c, ...others(97)], maxPrefixes: 100 })).toMatchObject({
      desired: [a, c, d],
      covered: [a, c],
      room: 1,
      blockers: [],
    });
  });

  test.each<[string, readonly string[], readonly string[], readonly string[]]>([
    ['a part of a listed prefix', ['20.1.0.0/25'], [], ['20.1.0.0/25']],
    ['a wider one does not count: it may go any day', ['20.1.0.0/20'], [], []],
    ['nor does one that is listed in part', ['20.1.1.0/24', '20.1.0.0/22'], [], ['20.1.1.0/24']],
    ['nor one where ours stands', ['20.1.0.0/25'], [a], []],
  ])('%s', (_, foreign, ours, covered) => {
    expect(fit({ foreign, ours })).toMatchObject({ desired: [a, b], covered });
  });

  test('are left as they are where ours are merged', () => {
    const result = fit({ desired: [a, b, c], foreign: [c], maxPrefixes: 2 });

    expect(result).toMatchObject({ desired: ['20.1.0.0/23', c], covered: [c], room: 1, blockers: [] });
  });

  test('an NSG rule holds both, so there is nothing to rely on', () => {
    expect(fit({ target: nsgTarget(), foreign: [a] }).covered).toEqual([]);
  });
});
