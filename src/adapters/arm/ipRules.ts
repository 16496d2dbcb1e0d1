/** Merges and compares a registry's IP rules, in the SDK's types (`iPAddressOrRange` is `value` on the wire). Pure. */
import type { IPRule, NetworkRuleSet, Registry } from '@azure/arm-containerregistry';
import { canonicalPrefix, familyOf, isPrefix } from '../../core/prefixes.ts';

/** A registry without a rule set admits everybody, so its default action is Allow. Every write must contain one. */
export function toRuleSet({ networkRuleSet }: Registry): NetworkRuleSet {
  return { defaultAction: networkRuleSet?.defaultAction ?? 'Allow', ipRules: networkRuleSet?.ipRules ?? [] };
}

/**
 * Calculates the new rules: keeps the rules of others unchanged and in place, leaves out ours that are no longer
 * wanted, and appends new ones. A prefix that somebody else has added is not added again. If a prefix is listed twice,
 * by us and by somebody else, only ours is removed. Throws for an IPv6 prefix.
 */
export function mergeIpRules(live: readonly IPRule[], prefixes: readonly string[], owned: readonly string[]): IPRule[] {
  const ipv6Prefix = prefixes.find((prefix) => familyOf(prefix) !== 'ipv4');
  if (ipv6Prefix !== undefined) throw new Error(`${ipv6Prefix} is not IPv4: a registry takes IPv4 rules only`);
  const wanted = new Set(prefixes.map(canonicalPrefix));
  const unwanted = owned.map(canonicalPrefix).filter((prefix) => !wanted.has(prefix));
  const removed = new Set(unwanted.map((prefix) => findOurs(live, prefix)));
  const kept = live.filter((rule) => !removed.has(rule));
  const keptPrefixes = new Set(kept.map(keyOf));
  const added = [...wanted].filter((prefix) => !keptPrefixes.has(prefix));
  return [...kept, ...added.map((prefix) => ({ action: 'Allow', iPAddressOrRange: prefix }))];
}

/** Prefers the rule in our spelling (`8.8.8.8/32`); otherwise returns any rule for the same addresses. */
function findOurs(live: readonly IPRule[], prefix: string): IPRule | undefined {
  const same = live.filter((rule) => keyOf(rule) === prefix);
  return same.find(({ iPAddressOrRange }) => iPAddressOrRange === prefix) ?? same[0];
}

/** True if both admit the same addresses. `8.8.8.8` equals `8.8.8.8/32`; the order does not matter. */
export function sameRuleSet(a: NetworkRuleSet, b: NetworkRuleSet): boolean {
  return a.defaultAction === b.defaultAction && keysOf(a) === keysOf(b);
}

function keysOf({ ipRules }: NetworkRuleSet): string {
  return JSON.stringify((ipRules ?? []).map(keyOf).sort());
}

function keyOf({ iPAddressOrRange: value }: IPRule): string {
  return isPrefix(value) ? canonicalPrefix(value) : value;
}
