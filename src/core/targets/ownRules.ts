/** The rules in a network security group that are an NSG rule target's own. */
import type { AddressFamily } from '../prefixes.ts';
import type { NsgRuleTarget } from './target.ts';

export interface OwnRule {
  readonly name: string;
  readonly family: AddressFamily;
  readonly priority: number;
}

/** A rule cannot hold both families, so a target has two, whether or not it asks for both. */
export function ownRulesOf({ rule }: NsgRuleTarget): readonly [OwnRule, OwnRule] {
  return [
    { name: rule.name, family: 'ipv4', priority: rule.priority },
    { name: `${rule.name}-ipv6`, family: 'ipv6', priority: rule.ipv6Priority },
  ];
}

/** One of them by its name. */
export function familyOfRule({ rule }: NsgRuleTarget, name: string): AddressFamily {
  return name === rule.name ? 'ipv4' : 'ipv6';
}
