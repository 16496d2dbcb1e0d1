/** Orders the writes of a target's two rules so that their priorities never clash. Pure. */
import type { SecurityRule } from '@azure/arm-network';
import type { RuleChange } from '../../core/plan/plan.ts';
import type { NsgRuleTarget, OwnRule } from '../../core/targets/target.ts';
import { findRule, fingerprintOf, placeableRules, sameText, toSecurityRule } from './nsgRuleModel.ts';

export interface ArmStep {
  readonly rule: string;
  /** Undefined: delete the rule. */
  readonly put: SecurityRule | undefined;
  /** Fingerprint (see fingerprintOf) that the rule must have before the step. */
  readonly before: string;
  /** Fingerprint of the rule after the step. */
  readonly after: string;
}

interface Intent {
  readonly own: OwnRule;
  readonly live: SecurityRule | undefined;
  readonly put: SecurityRule | undefined;
}

/**
 * Puts come before deletes, so that nobody is locked out in between. The exceptions:
 *
 * | IPv4 wants the priority of | steps |
 * |---|---|
 * | an IPv6 rule that is deleted | delete IPv6, put IPv4 |
 * | an IPv6 rule that gets another priority | put IPv6, put IPv4 |
 * | an IPv6 rule that wants IPv4's | put IPv6 at a free priority, put IPv4, put IPv6 |
 */
export function orderSteps(
  target: NsgRuleTarget,
  rules: readonly SecurityRule[],
  changes: readonly RuleChange[],
  ownerId: string,
): ArmStep[] {
  const intents = changes.map((change) => toIntent(target, rules, change, ownerId));
  const puts = intents.filter(({ put }) => put !== undefined);
  const deletes = intents.filter(({ put }) => put === undefined);
  const deletedFirst = deletes.filter((deletion) => puts.some((put) => isInTheWay(deletion, put)));
  const [first, second] = puts;
  return [
    ...deletedFirst.map((deletion) => toStep(deletion)),
    ...(first && second ? orderTwoPuts(target, rules, first, second, ownerId) : puts.map((put) => toStep(put))),
    ...deletes.filter((deletion) => !deletedFirst.includes(deletion)).map((deletion) => toStep(deletion)),
  ];
}

function orderTwoPuts(
  target: NsgRuleTarget,
  rules: readonly SecurityRule[],
  first: Intent,
  second: Intent,
  ownerId: string,
): ArmStep[] {
  if (!isInTheWay(second, first)) return [toStep(first), toStep(second)];
  if (!isInTheWay(first, second)) return [toStep(second), toStep(first)];
  const priority = freePriority(target, rules);
  const prefixes = second.put?.sourceAddressPrefixes ?? second.put?.destinationAddressPrefixes ?? [];
  const temporary = toStep({ ...second, put: toSecurityRule(target, { ...second.own, priority }, prefixes, ownerId) });
  return [temporary, toStep(first), { ...toStep(second), before: temporary.after }];
}

function toIntent(target: NsgRuleTarget, rules: readonly SecurityRule[], change: RuleChange, ownerId: string): Intent {
  const own = placeableRules(target, rules).find(({ name }) => name === change.rule);
  if (!own) throw new Error(`${target.name}: ${change.rule} is none of its rules`);
  const live = findRule(rules, own.name);
  if (change.operation === 'delete') return { own, live, put: undefined };
  if (change.prefixes.length === 0) throw new Error(`${target.name}: ${change.rule} cannot be put without a prefix`);
  const put = toSecurityRule(target, own, change.prefixes, ownerId);
  return { own, live, put: target.addressFamilies.includes(own.family) ? put : keepPlace(target, put, live) };
}

/**
 * A rule of an address family that the target no longer has keeps its priority and local address while its prefixes are
 * removed: the configured ones are for the other family.
 */
function keepPlace({ rule }: NsgRuleTarget, put: SecurityRule, live: SecurityRule | undefined): SecurityRule {
  const local = rule.direction === 'Inbound' ? 'destinationAddressPrefix' : 'sourceAddressPrefix';
  if (!live) return put;
  return { ...put, priority: live.priority ?? put.priority ?? 0, [local]: live[local] ?? put[local] };
}

/** True if the first rule currently has the priority that the second one wants. */
function isInTheWay({ live }: Intent, { put }: Intent): boolean {
  return live !== undefined && live.priority === put?.priority && sameText(live.direction, put?.direction);
}

function toStep({ own, live, put }: Intent): ArmStep {
  return { rule: own.name, put, before: fingerprintOf(live), after: fingerprintOf(put) };
}

/** Returns the free priority nearest to the rule's own, so that its position among the other rules hardly changes. */
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
