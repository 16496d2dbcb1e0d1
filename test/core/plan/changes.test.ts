import { describe, expect, test } from '@jest/globals';
import type { CurrentRule } from '../../../src/core/plan/currentRule.ts';
import type { PlanResult } from '../../../src/core/plan/calculatePlan.ts';
import { findRuleLocks } from '../../../src/core/plan/changes.ts';
import { classifyLiveRules } from '../../../src/core/plan/own.ts';
import type { NsgRuleTarget, Target } from '../../../src/core/targets/target.ts';
import {
  calculatePlan,
  emptyState,
  nsgTarget,
  openLimits,
  planInput,
  registryTarget,
  stateOwning,
} from './planFixtures.ts';
import type { PlannedState } from './planFixtures.ts';

const [a, b] = ['20.1.0.0/24', '20.1.2.0/24'] as const;
const v6 = '2603:1030::/120';
const { snapshot } = planInput({ target: nsgTarget(), desired: [], live: [], state: emptyState });
const taken = { code: 'priorityTaken', message: 'rule DenyAll has priority 301 Inbound' } as const;

interface LockCase {
  readonly target?: Partial<NsgRuleTarget>;
  readonly desired: readonly string[];
  readonly rules: readonly Partial<CurrentRule>[];
  readonly state?: PlannedState;
}

function planOf({ target, desired, rules, state = emptyState }: LockCase): PlanResult {
  const input = planInput({ target: nsgTarget({ limits: openLimits, ...target }), desired, live: [], state });
  const live = rules.map((rule) => ({ rule: 'AllowAcr', prefixes: [], mark: undefined, drift: [], ...rule }));
  return calculatePlan({ ...input, live: { ...input.live, rules: live } });
}

function codes({ plan }: PlanResult): string[] {
  return plan.reasons.map(({ code }) => code);
}

describe('a rule that cannot be written', () => {
  test('holds its own prefixes; the other family goes on', () => {
    const result = planOf({ desired: [a, v6], rules: [{}, { rule: 'AllowAcr-ipv6', blockers: [taken] }] });

    expect(result.plan).toMatchObject({ add: [a], held: { add: [v6], remove: [] }, verdict: 'held' });
    expect(result.changes).toEqual([{ rule: 'AllowAcr', operation: 'put', prefixes: [a] }]);
    expect(result.additions).toEqual(result.changes);
    expect(codes(result)).toEqual(['priorityTaken']);
  });

  test('blocks where nothing else is to be done', () => {
    const result = planOf({ desired: [v6], rules: [{}, { rule: 'AllowAcr-ipv6', blockers: [taken] }] });

    expect(result.plan).toMatchObject({ add: [], held: { add: [v6] }, verdict: 'blocked' });
    expect(result.changes).toEqual([]);
  });

  test('keeps what is due to leave it; the other family’s leaves', () => {
    const result = planOf({
      desired: [a],
      rules: [
        { prefixes: [a, b], mark: 'ours' },
        { rule: 'AllowAcr-ipv6', prefixes: [v6], mark: 'ours', blockers: [taken] },
      ],
      state: stateOwning([a, b, v6]),
    });

    expect(result.plan).toMatchObject({ remove: [b], held: { add: [], remove: [v6] }, verdict: 'held' });
    expect(result.changes).toEqual([{ rule: 'AllowAcr', operation: 'put', prefixes: [a] }]);
  });

  test('is not written for what differs in it beside its prefixes', () => {
    const drift = ['priority: 310, wanted 300'];

    const result = planOf({
      desired: [a],
      rules: [{ prefixes: [a], mark: 'ours', drift, nonPrefixes: ['Internet'], blockers: [taken] }],
      state: stateOwning([a]),
    });

    expect(result).toMatchObject({ additions: [], changes: [] });
    expect(result.plan).toMatchObject({ add: [], verdict: 'blocked', reasons: [taken] });
  });

  test('has both reasons in the sentence of each prefix', () => {
    const other = { code: 'priorityTaken', message: 'The group is locked.' } as const;

    const { plan } = planOf({ desired: [a], rules: [{ blockers: [taken, other] }] });

    expect(plan.items[0]).toMatchObject({
      fate: 'doesNotFit',
      change: 'add',
      why: { code: 'priorityTaken', message: `${taken.message} The group is locked.` },
    });
  });

  test('is no matter where it need not be written', () => {
    const result = planOf({ desired: [a], rules: [{}, { rule: 'AllowAcr-ipv6', blockers: [taken] }] });

    expect(result.plan).toMatchObject({ add: [a], verdict: 'apply', reasons: [] });
  });
});

describe('a rule of somebody else’s that lets in by a tag', () => {
  const adopting: LockCase = {
    target: { adopt: true, policy: 'addOnly' },
    desired: [a, b],
    rules: [{ mark: 'unmarked', nonPrefixes: ['Internet', '*'] }],
  };

  test('keeps what it lets in until the plan is approved', () => {
    const result = planOf(adopting);

    expect(result.plan).toMatchObject({ add: [], held: { add: [a, b] }, verdict: 'held' });
    expect(result.changes).toEqual([]);
    expect(result.plan.reasons).toEqual([
      {
        code: 'foreignInOwnedRule',
        message:
          'AllowAcr was not written by this app and lets in Internet, *. The list of prefixes would take its place: the rule stays as it is until you approve the plan.',
      },
    ]);
  });

  test('is taken over at once where it lets in by prefixes alone', () => {
    const result = planOf({ ...adopting, rules: [{ mark: 'unmarked', prefixes: [a] }] });

    expect(result.changes).toEqual([{ rule: 'AllowAcr', operation: 'put', prefixes: [a, b] }]);
    expect(result.plan.held.add).toEqual([]);
  });

  test('is taken over by an approval of all that takes its place', () => {
    const approval = { planId: 'x', by: 'me', at: '', snapshot, configHash: 'config', add: [a, b], remove: [] };

    const result = planOf({ ...adopting, state: { ...emptyState, approval } });

    expect(result.changes).toEqual([{ rule: 'AllowAcr', operation: 'put', prefixes: [a, b] }]);
  });

  test.each([
    ['a part of it', [a]],
    ['the other family alone', [v6]],
  ])('is not taken over by an approval of %s', (_, add) => {
    const approval = { planId: 'x', by: 'me', at: '', snapshot, configHash: 'config', add, remove: [] };

    const result = planOf({ ...adopting, desired: [a, b, v6], state: { ...emptyState, approval } });

    expect(result.plan.held.add).toEqual([a, b]);
    expect(result.changes).toEqual([{ rule: 'AllowAcr-ipv6', operation: 'put', prefixes: [v6] }]);
  });

  test('is taken over by an approval of its own family alone', () => {
    const approval = { planId: 'x', by: 'me', at: '', snapshot, configHash: 'config', add: [a, b], remove: [] };

    const result = planOf({ ...adopting, desired: [a, b, '2603:1030::/96'], state: { ...emptyState, approval } });

    expect(result.changes[0]).toEqual({ rule: 'AllowAcr', operation: 'put', prefixes: [a, b] });
  });

  test('waits prefix by prefix, each with the reason of its rule; what is there stays as it is', () => {
    const { plan } = planOf({ ...adopting, rules: [{ mark: 'unmarked', prefixes: [a], nonPrefixes: ['Internet'] }] });

    expect(plan.items.map(({ prefix, fate, change, why }) => [prefix, fate, change, why?.message])).toEqual([
      [a, 'keep', undefined, undefined],
      [b, 'needsApproval', 'add', plan.reasons[0]?.message],
    ]);
  });

  test('is taken over though the list has an address beside it that nobody can approve', () => {
    const approval = { planId: 'x', by: 'me', at: '', snapshot, configHash: 'config', add: [a, b], remove: [] };

    const result = planOf({ ...adopting, desired: [a, b, '10.1.0.0/24'], state: { ...emptyState, approval } });

    expect(result.changes).toEqual([{ rule: 'AllowAcr', operation: 'put', prefixes: [a, b] }]);
  });

  test('is not deleted where the list has nothing for it', () => {
    expect(planOf({ ...adopting, desired: [v6] }).changes).toEqual([
      { rule: 'AllowAcr-ipv6', operation: 'put', prefixes: [v6] },
    ]);
  });
});

describe('a rule of ours', () => {
  const tagged: LockCase = {
    target: { policy: 'addOnly' },
    desired: [],
    rules: [{ mark: 'ours', nonPrefixes: ['AzureContainerRegistry', 'Internet'] }],
    state: stateOwning([a]),
  };

  test('whose access somebody changed is put right without an approval, also with "adopt"', () => {
    const accessDrift = ['access: Deny, wanted Allow'];

    const result = planOf({
      target: { adopt: true },
      desired: [a],
      rules: [{ mark: 'ours', prefixes: [a], drift: accessDrift, accessDrift }],
      state: stateOwning([a]),
    });

    expect(result.plan.verdict).toBe('apply');
    expect(result.changes).toEqual([{ rule: 'AllowAcr', operation: 'put', prefixes: [a] }]);
  });

  test('that somebody gave a tag is not deleted with the list’s last prefix', () => {
    const result = planOf(tagged);

    expect(result.changes).toEqual([]);
    expect(result.plan.reasons).toEqual([
      {
        code: 'foreignInOwnedRule',
        message:
          'AllowAcr lets in AzureContainerRegistry, Internet, which is no prefix, and the list has none for it: it is left as it is. Delete it by hand if it is to go.',
      },
    ]);
  });

  test.each<[string, PlannedState]>([
    ['', stateOwning([a])],
    [', though only its mark says that it is ours', emptyState],
  ])('gets its prefixes back in place of the tag%s', (_, state) => {
    const result = planOf({ ...tagged, desired: [a], state });

    expect(result.changes).toEqual([{ rule: 'AllowAcr', operation: 'put', prefixes: [a] }]);
    expect(codes(result)).toEqual([]);
  });

  test('that the list has nothing for and that lets in nothing is not worth a word', () => {
    expect(planOf({ ...tagged, rules: [{ mark: 'ours' }] }).plan.reasons).toEqual([]);
  });

  test('is left alone and named while the other family’s is written', () => {
    const result = planOf({ ...tagged, desired: [v6] });

    expect(result.changes).toEqual([{ rule: 'AllowAcr-ipv6', operation: 'put', prefixes: [v6] }]);
    expect(codes(result)).toEqual(['foreignInOwnedRule']);
  });
});

describe('a rule of the family that the target does not have', () => {
  test('of somebody else is no matter', () => {
    const result = planOf({
      target: { addressFamilies: ['ipv4'], adopt: true },
      desired: [a],
      rules: [{}, { rule: 'AllowAcr-ipv6', prefixes: [v6], mark: 'unmarked', drift: ['ports: 22, wanted 443'] }],
    });

    expect(result.plan).toMatchObject({ add: [a], foreign: [], ruleDrift: [], verdict: 'apply' });
    expect(result.changes.map(({ rule }) => rule)).toEqual(['AllowAcr']);
  });

  test('of ours is emptied', () => {
    const result = planOf({
      target: { addressFamilies: ['ipv4'] },
      desired: [a],
      rules: [
        { prefixes: [a], mark: 'ours' },
        { rule: 'AllowAcr-ipv6', prefixes: [v6], mark: 'ours' },
      ],
      state: stateOwning([a, v6]),
    });

    expect(result.plan).toMatchObject({ add: [], remove: [v6] });
    expect(result.changes).toEqual([{ rule: 'AllowAcr-ipv6', operation: 'delete', prefixes: [] }]);
  });

  test('that only its mark says is ours is looked after all the same', () => {
    const result = planOf({
      target: { addressFamilies: ['ipv4'] },
      desired: [a],
      rules: [{}, { rule: 'AllowAcr-ipv6', prefixes: [v6], mark: 'ours' }],
    });

    expect(result.plan).toMatchObject({ foreign: [v6], held: { remove: [v6] } });
    expect(codes(result)).toEqual(['foreignInOwnedRule']);
  });
});

describe('a rule of somebody else’s that lets in by prefixes and differs', () => {
  const accessDrift = ['access: Deny, wanted Allow', 'ports: 22, wanted 443'];
  const adopting: LockCase = {
    target: { adopt: true },
    desired: [a],
    rules: [{ mark: 'unmarked', prefixes: [a], drift: [...accessDrift, 'priority: 310, wanted 300'], accessDrift }],
  };
  const approval = {
    planId: 'x',
    by: 'me',
    at: '2026-01-09T00:00:00.000Z',
    snapshot,
    configHash: 'config',
    add: [],
    remove: [],
  };

  test('is taken over only once the plan is approved, though nothing is to be added', () => {
    const result = planOf(adopting);

    expect(result.plan).toMatchObject({ add: [], verdict: 'held' });
    expect(result.changes).toEqual([]);
    expect(result.plan.reasons).toEqual([
      {
        code: 'foreignInOwnedRule',
        message:
          'AllowAcr was not written by this app, and taking it over would change it (access: Deny, wanted Allow and ports: 22, wanted 443): the rule stays as it is until you approve the plan.',
      },
    ]);
    expect(planOf({ ...adopting, state: { ...emptyState, approval } }).changes).toEqual([
      { rule: 'AllowAcr', operation: 'put', prefixes: [a] },
    ]);
  });

  test.each<[string, Partial<CurrentRule>, PlannedState]>([
    ['if it only has another priority', { accessDrift: [], drift: ['priority: 310, wanted 300'] }, emptyState],
    ['if it is ours and somebody changed it', { mark: 'ours' }, stateOwning([a])],
    ['if it is ours and somebody took the mark away as well', {}, stateOwning([a])],
  ])('is put right at once %s', (_, rule, state) => {
    const result = planOf({ ...adopting, rules: [{ ...adopting.rules[0], ...rule }], state });

    expect(result.plan.verdict).toBe('apply');
    expect(result.changes).toEqual([{ rule: 'AllowAcr', operation: 'put', prefixes: [a] }]);
  });
});

describe('nothing is locked', () => {
  const tagged: CurrentRule = { rule: 'AllowAcr', prefixes: [], mark: 'ours', drift: [], nonPrefixes: ['Internet'] };

  test.each<[string, Target]>([
    ['in a registry, which has no rule of its own', registryTarget()],
    ['of an NSG rule that is ours', nsgTarget()],
  ])('%s', (_, target) => {
    const input = planInput({ target, desired: [a], live: [], state: emptyState });
    const tagging = { ...input, live: { ...input.live, rules: [tagged] } };

    expect(findRuleLocks(tagging, classifyLiveRules(tagging), [])).toEqual([]);
  });
});
