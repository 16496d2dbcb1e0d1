/** The order in which the changes of one target's two rules can be put without a clash of priorities: pure. */
import type { SecurityRule } from '@azure/arm-network';
import type { RuleChange } from '../../core/plan/plan.ts';
import type { OwnRule } from '../../core/targets/ownRules.ts';
import type { NsgRuleTarget } from '../../core/targets/target.ts';
import { findRule, fingerprintOf, placeableRules, sameText, toSecurityRule } from './nsgRuleModel.ts';

export interface RuleStep {
  readonly rule: string;
  /** Undefined: delete it. */
  readonly put: SecurityRule | undefined;
  /** What the rule must be like for the step to be taken (see fingerprintOf). */
  readonly before: string;
  readonly after: string;
}

interface Intent {
  readonly own: OwnRule;
  readonly live: SecurityRule | undefined;
  readonly put: SecurityRule | undefined;
}

/**
 * Puts come before deletes, so that nobody is locked out on the way, but for these:
 *
 * | IPv4 wants the priority of | steps |
 * |---|---|
 * | an IPv6 rule that goes | delete IPv6, put IPv4 |
 * | an IPv6 rule that moves elsewhere | put IPv6, put IPv4 |
 * | an IPv6 rule that wants IPv4's | put IPv6 at a free priority, put IPv4, put IPv6 |
 */
export function orderSteps(
  target: NsgRuleTarget,
  rules: readonly SecurityRule[],
  changes: readonly RuleChange[],
  ownerId: string,
): RuleStep[] {
  const intents = changes.map((change) => toIntent(target, rules, change, ownerId));
  const puts = intents.filter(({ put }) => put !== undefined);
  const deletes = intents.filter(({ put }) => put === undefined);
  const inTheWay = deletes.filter((gone) => puts.some((put) => isInTheWay(gone, put)));
  const [first, second] = puts;
  return [
    ...inTheWay.map((gone) => toStep(gone)),
    ...(first && second ? orderTwoPuts(target, rules, first, second, ownerId) : puts.map((put) => toStep(put))),
    ...deletes.filter((gone) => !inTheWay.includes(gone)).map((gone) => toStep(gone)),
  ];
}

function orderTwoPuts(
  target: NsgRuleTarget,
  rules: readonly SecurityRule[],
  first: Intent,
  second: Intent,
  ownerId: string,
): RuleStep[] {
  if (!isInTheWay(second, first)) return [toStep(first), toStep(second)];
  if (!isInTheWay(first, second)) return [toStep(second), toStep(first)];
  const priority = freePriority(target, rules);
  const prefixes = second.put?.sourceAddressPrefixes ?? second.put?.destinationAddressPrefixes ?? [];
  const aside = toStep({ ...second, put: toSecurityRule(target, { ...second.own, priority }, prefixes, ownerId) });
  return [aside, toStep(first), { ...toStep(second), before: aside.after }];
}

function toIntent(target: NsgRuleTarget, rules: readonly SecurityRule[], change: RuleChange, ownerId: string): Intent {
  const own = placeableRules(target, rules).find(({ name }) => name === change.rule);
  if (!own) throw new Error(`${target.name}: ${change.rule} is none of its rules`);
  const live = findRule(rules, own.name);
  if (change.operation === 'delete') return { own, live, put: undefined };
  if (change.prefixes.length === 0) throw new Error(`${target.name}: ${change.rule} cannot be put without a prefix`);
  const put = toSecurityRule(target, own, change.prefixes, ownerId);
  return { own, live, put: target.addressFamilies.includes(own.family) ? put : onTheWayOut(target, put, live) };
}

/** A rule of a family that the target has no more is emptied where it stands: what is configured is for the other one. */
function onTheWayOut({ rule }: NsgRuleTarget, put: SecurityRule, live: SecurityRule | undefined): SecurityRule {
  const local = rule.direction === 'Inbound' ? 'destinationAddressPrefix' : 'sourceAddressPrefix';
  if (!live) return put;
  return { ...put, priority: live.priority ?? put.priority ?? 0, [local]: live[local] ?? put[local] };
}

function isInTheWay({ live }: Intent, { put }: Intent): boolean {
  return live !== undefined && live.priority === put?.priority && sameText(live.direction, put?.direction);
}

function toStep({ own, live, put }: Intent): RuleStep {
  return { rule: own.name, put, before: fingerprintOf(live), after: fingerprintOf(put) };
}

/** The one nearest to the rule's own, so that it stands where it stood among the others as far as can be. */
function freePriority({ rule }: NsgRuleTarget, rules: readonly SecurityRule[]): number {
  const taken = new Set(
    rules.filter(({ direction }) => sameText(direction, rule.direction)).map(({ priority }) => priority),
  );
  for (let distance = 1; distance <= 4_096; distance += 1) {
    for (const priority of [rule.ipv6Priority + distance, rule.ipv6Priority - distance]) {
      if (priority >= 100 && priority <= 4_096 && !taken.has(priority)) return priority;
    }
  }
  throw new Error(`no priority is free in direction ${rule.direction}`);
}
