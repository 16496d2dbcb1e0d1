import { isPrefix } from '../prefixes.ts';
import type { Reason } from '../reasons.ts';

/** A registry has one rule, and this is what it is called. */
export const registryRuleName = 'ipRules';

/** A live rule that is, may be, or may become ours. */
export interface CurrentRule {
  readonly rule: string;
  /** As read; canonical where it can be parsed. */
  readonly prefixes: readonly string[];
  /** Undefined: the rule is not there. A registry's rules are always `unmarked`. */
  readonly mark: 'ours' | 'otherOwner' | 'unmarked' | undefined;
  /** Differences from the configured rule beside its prefixes, one sentence each. */
  readonly drift: readonly string[];
  /** Those of them that change what it lets in: access, direction, protocol, ports. Absent: none. */
  readonly accessDrift?: readonly string[];
  /** What it lets in by other means than prefixes: service tags, `*`, application security groups. Absent: nothing. */
  readonly nonPrefixes?: readonly string[];
  /** True where it goes the other way round than the target's: none of its addresses are of the target's side. */
  readonly isTurned?: boolean;
  /** What stands in the way of a write of this rule, and of no other. Absent: nothing. */
  readonly blockers?: readonly Reason[];
}

/** A rule of ours with what is in it, as read from Azure. */
export interface LiveRule {
  readonly rule: string;
  readonly prefixes: readonly string[];
}

/** All that rules let in by prefixes, without what could not be parsed. */
export function livePrefixes(rules: readonly Pick<LiveRule, 'prefixes'>[]): string[] {
  return rules.flatMap((rule) => rule.prefixes).filter(isPrefix);
}
