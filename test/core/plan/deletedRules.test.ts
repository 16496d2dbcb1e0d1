/** What becomes of an NSG rule for which the target has no prefix. */
import { describe, expect, test } from '@jest/globals';
import type { CurrentRule } from '../../../src/core/plan/currentRule.ts';
import type { RuleChange } from '../../../src/core/plan/plan.ts';
import type { PlanInput } from '../../../src/core/plan/planInput.ts';
import { ruleChanges } from '../../../src/core/plan/changes.ts';
import type { LiveRules } from '../../../src/core/plan/own.ts';
import type { NsgRuleTarget } from '../../../src/core/targets/target.ts';
import { emptyState, nsgTarget, planInput } from './planFixtures.ts';

interface RuleCase {
  readonly rule: Partial<CurrentRule>;
  readonly target?: Partial<NsgRuleTarget>;
  readonly ownedRules?: readonly string[];
  readonly removalBlockers?: PlanInput['removalBlockers'];
}

function changesOf({ rule, target, ownedRules = [], removalBlockers = [] }: RuleCase): readonly RuleChange[] {
  const live: CurrentRule = { rule: 'AllowAcr', prefixes: [], mark: undefined, drift: [], ...rule };
  const state = { ...emptyState, ownedRules };
  const input = { ...planInput({ target: nsgTarget(target), desired: [], live: [], state }), removalBlockers };
  const rules: LiveRules = {
    rules: [live],
    ours: [],
    others: [],
    allowedByOthers: [],
    owned: [],
    approval: undefined,
    blockers: [],
  };
  return ruleChanges(input, rules, []);
}

const prefixes = ['20.1.0.0/24'];
const turned: Partial<CurrentRule> = { isTurned: true, nonPrefixes: ['Outbound traffic'] };

describe('it is deleted', () => {
  test.each<[string, RuleCase]>([
    ['where its mark says that it is ours', { rule: { mark: 'ours', prefixes } }],
    [
      'where it was ours and somebody took its mark away',
      { rule: { mark: 'unmarked', prefixes }, ownedRules: ['AllowAcr'] },
    ],
    ['where it is ours and goes the way that the target went before', { rule: { ...turned, mark: 'ours' } }],
  ])('%s', (_, ruleCase) => {
    expect(changesOf(ruleCase)).toEqual([{ rule: 'AllowAcr', operation: 'delete', prefixes: [] }]);
  });
});

describe('it is left as it is', () => {
  test.each<[string, RuleCase]>([
    ['where it was never ours', { rule: { mark: 'unmarked', prefixes } }],
    ['where another deployment has it', { rule: { mark: 'otherOwner', prefixes } }],
    ['where it is not there any more', { rule: { prefixes }, ownedRules: ['AllowAcr'] }],
    ['where it is ours and somebody gave it a tag', { rule: { mark: 'ours', nonPrefixes: ['Internet'] } }],
    [
      'where it goes the other way and has lost its mark',
      { rule: { ...turned, mark: 'unmarked' }, ownedRules: ['AllowAcr'] },
    ],
    [
      'where it goes the other way and nothing may leave: addOnly',
      { rule: { ...turned, mark: 'ours' }, target: { policy: 'addOnly' } },
    ],
    [
      'where it goes the other way and nothing may leave: a list that is not believed',
      { rule: { ...turned, mark: 'ours' }, removalBlockers: [{ code: 'quarantined', message: 'The tag is gone.' }] },
    ],
  ])('%s', (_, ruleCase) => {
    expect(changesOf(ruleCase)).toEqual([]);
  });
});
