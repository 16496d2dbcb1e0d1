import { describe, expect, test } from '@jest/globals';
import type { CurrentRule } from '../../../src/core/plan/currentRule.ts';
import { calculateOwnership, type OwnershipInput } from '../../../src/core/plan/ownership.ts';
import { nsgTarget, registryTarget } from './planFixtures.ts';

const [a, b, c] = ['20.1.0.0/24', '20.1.1.0/24', '20.1.2.0/24'] as const;
const v6 = '2603:1030::/120';

function rule(prefixes: readonly string[], mark: CurrentRule['mark'] = 'ours', name = 'AllowAcr'): CurrentRule {
  return { rule: name, prefixes, mark, drift: [] };
}

function nsg(rules: readonly CurrentRule[], overrides: Partial<OwnershipInput> = {}) {
  return calculateOwnership({
    target: nsgTarget(),
    rules,
    owned: [a, b],
    ownedRules: ['AllowAcr', 'AllowAcr-ipv6'],
    desired: [a],
    ...overrides,
  });
}

describe('an NSG rule', () => {
  test.each<[string, CurrentRule, Partial<OwnershipInput>, readonly string[], readonly string[]]>([
    ['marked and claimed: what was claimed is ours', rule([b, a, c]), {}, [a, b], [c]],
    ['claimed in part', rule(['20.1.0.0/23']), { owned: [a] }, [a], [b]],
    ['claims that are not live are nothing', rule([a]), {}, [a], []],
    ['marked, state lost: what is listed is ours', rule([a, b]), { owned: [], ownedRules: [] }, [a], [b]],
    ['marked, the claim is of another rule', rule([a, b]), { ownedRules: ['AllowAcr-ipv6'] }, [a], [b]],
    ['mark edited away: still ours', rule([a, b, c], 'unmarked'), {}, [a, b], [c]],
    ['not there', rule([], undefined), {}, [], []],
    [
      'unmarked, to be adopted: what is listed is ours',
      rule([a, c], 'unmarked'),
      { target: nsgTarget({ adopt: true }), owned: [], ownedRules: [] },
      [a],
      [c],
    ],
  ])('%s', (_, live, overrides, ours, foreign) => {
    expect(nsg([live], overrides)).toEqual({ ours, foreign, blockers: [] });
  });

  test.each<[string, CurrentRule, Partial<OwnershipInput>, string]>([
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

    expect(ownership).toMatchObject({ ours: [], foreign: [...live.prefixes].sort() });
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
    expect(ownership.foreign).toEqual([c, v6]);
    expect(ownership.blockers).toHaveLength(1);
  });
});

function registry(live: readonly string[], owned: readonly string[], mark: CurrentRule['mark'] = 'unmarked') {
  return calculateOwnership({
    target: registryTarget(),
    rules: [{ rule: 'ipRules', prefixes: live, mark, drift: [] }],
    owned,
    ownedRules: [],
    desired: [a, b, c],
  });
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
  ])('%s', (_, live, owned, ours, foreign) => {
    expect(registry(live, owned)).toEqual({ ours, foreign, blockers: [] });
  });

  test('none are there', () => {
    expect(registry([], [a], undefined)).toEqual({ ours: [], foreign: [], blockers: [] });
  });
});
