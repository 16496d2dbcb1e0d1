import { isPrefix } from '../prefixes.ts';
import type { Reason } from '../reasons.ts';

/** Name of a registry's only rule. */
export const registryRuleName = 'ipRules';

/** A live rule that is, may be, or may become ours. */
export interface CurrentRule {
  readonly rule: string;
  /** As read; canonical if they can be parsed. */
  readonly prefixes: readonly string[];
  /** Undefined: the rule does not exist. A registry's rules are always `unmarked`. */
  readonly mark: 'ours' | 'otherOwner' | 'unmarked' | undefined;
  /** Differences from the configured rule apart from its prefixes, one sentence each. */
  readonly drift: readonly string[];
  /** Those of them that change what it lets in: access, direction, protocol, ports. Absent: none. */
  readonly accessDrift?: readonly string[];
  /** What it lets in apart from prefixes: service tags, `*`, application security groups. Absent: nothing. */
  readonly nonPrefixes?: readonly string[];
  /** True if its direction is the opposite of the target's: its addresses are on the other side. */
  readonly isTurned?: boolean;
  /** Why this rule, and no other, cannot be written. Absent: it can be. */
  readonly blockers?: readonly Reason[];
}

/** A rule of ours with what is in it, as read from Azure. */
export interface LiveRule {
  readonly rule: string;
  readonly prefixes: readonly string[];
}

/** All prefixes of some rules, without those that cannot be parsed. */
export function livePrefixes(rules: readonly Pick<LiveRule, 'prefixes'>[]): string[] {
  return rules.flatMap((rule) => rule.prefixes).filter(isPrefix);
}
