import { describe, expect, test } from '@jest/globals';
import type { CurrentRule } from '../../../src/core/plan/currentRule.ts';
import { classifyLiveRules, toRows } from '../../../src/core/plan/own.ts';
import type { Target } from '../../../src/core/targets/target.ts';
import { absence, emptyState, nsgTarget, planInput, registryTarget, stateOwning } from './planFixtures.ts';

const [a, b, c] = ['20.1.0.0/24', '20.1.1.0/24', '20.1.2.0/24'] as const;
const v6 = '2603:1030::/120';

function rule(prefixes: readonly string[], mark: CurrentRule['mark'] = 'ours', name = 'AllowAcr'): CurrentRule {
  return { rule: name, prefixes, mark, drift: [] };
}

interface OwnershipCase {
  readonly target: Target;
  /** Prefixes and NSG rules claimed in state. */
  readonly owned: readonly string[];
  readonly ownedRules: readonly string[];
  readonly desired: readonly string[];
}

function classify(rules: readonly CurrentRule[], { target, owned, ownedRules, desired }: OwnershipCase) {
  const state = { ...emptyState, owned: owned.map((prefix) => ({ prefix, since: '' })), ownedRules };
  const input = planInput({ target, desired, live: [], state });
  const { ours, others, blockers } = classifyLiveRules({ ...input, live: { ...input.live, rules } });
  return { ours, others, blockers };
}

function nsg(rules: readonly CurrentRule[], overrides: Partial<OwnershipCase> = {}) {
  return classify(rules, {
    target: nsgTarget(),
    owned: [a, b],
    ownedRules: ['AllowAcr', 'AllowAcr-ipv6'],
    desired: [a],
    ...overrides,
  });
}

describe('an NSG rule', () => {
  test.each<[string, CurrentRule, Partial<OwnershipCase>, readonly string[], readonly string[]]>([
    ['marked and claimed: what was claimed is ours', rule([b, a, c]), {}, [a, b], [c]],
    ['made of what was claimed: ours, however it is cut', rule(['20.1.0.0/23']), {}, ['20.1.0.0/23'], []],
    ['a part of what was claimed', rule(['20.1.0.0/25']), {}, ['20.1.0.0/25'], []],
    [
      'wider than what was claimed: a person’s as a whole',
      rule(['20.1.0.0/23', c]),
      { owned: [a, c] },
      [c],
      ['20.1.0.0/23'],
    ],
    ['as wide as can be: a person’s', rule(['0.0.0.0/0']), {}, [], ['0.0.0.0/0']],
    [
      'wider than what is listed, state lost',
      rule(['20.1.0.0/23']),
      { owned: [], ownedRules: [] },
      [],
      ['20.1.0.0/23'],
    ],
    ['claims that are not live are nothing', rule([a]), {}, [a], []],
    ['marked, state lost: what is listed is ours', rule([a, b]), { owned: [], ownedRules: [] }, [a], [b]],
    ['marked, the claim is of another rule', rule([a, b]), { ownedRules: ['AllowAcr-ipv6'] }, [a], [b]],
    ['mark edited away: still ours', rule([a, b, c], 'unmarked'), {}, [a, b], [c]],
    ['not there', rule([], undefined), {}, [], []],
    ['what is no prefix', rule(['Internet', a]), {}, [a], []],
    [
      'unmarked, to be adopted: what is listed is ours',
      rule([a, c], 'unmarked'),
      { target: nsgTarget({ adopt: true }), owned: [], ownedRules: [] },
      [a],
      [c],
    ],
  ])('%s', (_, live, overrides, ours, others) => {
    expect(nsg([live], overrides)).toEqual({ ours, others, blockers: [] });
  });

  test.each<[string, CurrentRule, Partial<OwnershipCase>, string]>([
    ['of another deployment', rule([a, b], 'otherOwner'), {}, 'otherOwner'],
    [
      'of another deployment, to be adopted',
      rule([a, b], 'otherOwner'),
      { target: nsgTarget({ adopt: true }) },
      'otherOwner',
    ],
    ['unmarked and never claimed', rule([a, b], 'unmarked'), { ownedRules: [] }, 'foreignRule'],
    ['unmarked, claimed, and none of its addresses ours', rule([c], 'unmarked'), {}, 'foreignRule'],
  ])('%s blocks, and nothing of it is ours', (_, live, overrides, code) => {
    const ownership = nsg([live], overrides);

    expect(ownership).toMatchObject({ ours: [], others: [...live.prefixes].sort() });
    expect(ownership.blockers.map((blocker) => blocker.code)).toEqual([code]);
    expect(ownership.blockers[0]?.message).toContain('AllowAcr');
  });

  test('a blocker says what to do', () => {
    expect(nsg([rule([a], 'otherOwner')]).blockers[0]?.message).toBe(
      `Rule AllowAcr belongs to another deployment of this app. Remove the target from one of the two, or clear the rule's description and set "adopt": true here.`,
    );
    expect(nsg([rule([c], 'unmarked')]).blockers[0]?.message).toBe(
      'A rule named AllowAcr exists that this app did not write. Rename the rule in the targets file, delete the live rule, or set "adopt": true to take it over.',
    );
  });

  test('both families are told apart, and one that blocks leaves the other as it is', () => {
    const rules = [rule([a, c]), rule([v6], 'otherOwner', 'AllowAcr-ipv6')];

    const ownership = nsg(rules, { owned: [a, v6] });

    expect(ownership.ours).toEqual([a]);
    expect(ownership.others).toEqual([c, v6]);
    expect(ownership.blockers).toHaveLength(1);
  });
});

function registry(live: readonly string[], owned: readonly string[], mark: CurrentRule['mark'] = 'unmarked') {
  const rules = [{ rule: 'ipRules', prefixes: live, mark, drift: [] }];
  return classify(rules, { target: registryTarget(), owned, ownedRules: [], desired: [a, b, c] });
}

describe('the rules of a registry', () => {
  test.each<[string, readonly string[], readonly string[], readonly string[], readonly string[]]>([
    ['claimed or not', [c, b, a], [a, b], [a, b], [c]],
    ['listed and not claimed: state lost, or added by a person', [a], [], [], [a]],
    ['a wider one than was claimed', ['20.1.0.0/23'], [a], [], ['20.1.0.0/23']],
    ['a narrower one than was claimed', ['20.1.0.0/25'], [a], [], ['20.1.0.0/25']],
    ['ours inside of a foreign one', ['20.0.0.0/8', a], [a], [a], ['20.0.0.0/8']],
    ['a foreign one inside of ours', [a, '20.1.0.0/25'], [a], [a], ['20.1.0.0/25']],
    ['two of ours that overlap', [a, '20.1.0.0/25'], [a, '20.1.0.0/25'], [a, '20.1.0.0/25'], []],
    ['one address in two spellings', ['1.2.3.4', '1.2.3.4/32'], ['1.2.3.4/32'], ['1.2.3.4/32'], []],
    ['one address in two spellings, not claimed', ['1.2.3.4/32', '1.2.3.4'], [], [], ['1.2.3.4/32']],
    ['what is no prefix', ['Internet', a], [a], [a], []],
  ])('%s', (_, live, owned, ours, others) => {
    expect(registry(live, owned)).toEqual({ ours, others, blockers: [] });
  });

  test('none are there', () => {
    expect(registry([], [a], undefined)).toEqual({ ours: [], others: [], blockers: [] });
  });
});

describe('the rows of a plan', () => {
  const person = { planId: 'x', by: 'somebody', at: '2026-01-09T00:00:00.000Z', snapshot: '', configHash: '' };

  test('one per prefix, cut where what decides on it changes', () => {
    const gone = absence(b, { confirmations: 1 });
    const input = planInput({
      target: nsgTarget(),
      desired: [a, '20.1.4.0/23', '10.1.0.0/24'],
      live: [a, b, c, '20.1.4.0/24'],
      state: stateOwning([a, b, '20.1.5.0/24'], {
        absent: [gone],
        approval: { ...person, add: [], remove: ['20.1.1.0/25', c] },
      }),
    });

    const rows = toRows(input, classifyLiveRules(input));

    const tag = 'AzureContainerRegistry';
    const none = { isOwned: false, isApproved: false };
    expect([...rows].sort((one, other) => (one.prefix < other.prefix ? -1 : 1))).toEqual([
      {
        prefix: '10.1.0.0/24',
        listed: { prefix: '10.1.0.0/24', tag },
        ...none,
        special: { range: '10.0.0.0/8', name: expect.any(String) },
      },
      { prefix: a, listed: { prefix: a, tag }, ...none, live: 'ours' },
      { prefix: '20.1.1.0/25', live: 'ours', isOwned: true, isApproved: true, absence: { ...gone, prefix: b } },
      { prefix: '20.1.1.128/25', live: 'ours', isOwned: true, isApproved: false, absence: { ...gone, prefix: b } },
      { prefix: c, live: 'others', isOwned: false, isApproved: true },
      { prefix: '20.1.4.0/24', listed: { prefix: '20.1.4.0/23', tag }, ...none, live: 'others' },
      { prefix: '20.1.5.0/24', listed: { prefix: '20.1.4.0/23', tag }, isOwned: true, isApproved: false },
    ]);
  });

  test('the history is not asked if nothing of ours is gone', () => {
    const input = planInput({ target: nsgTarget(), desired: [a], live: [a], state: stateOwning([a]) });
    const absences = (): never => {
      throw new Error('asked');
    };

    expect(toRows({ ...input, absences }, classifyLiveRules(input))).toHaveLength(1);
  });
});
