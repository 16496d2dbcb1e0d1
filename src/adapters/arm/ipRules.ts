/** A registry's IP rules as the SDK has them (`iPAddressOrRange` is `value` on the wire): pure. */
import type { IPRule, NetworkRuleSet, Registry } from '@azure/arm-containerregistry';
import { canonicalPrefix, familyOf, isPrefix } from '../../core/prefixes.ts';

/** A registry without a rule set lets in everybody; `defaultAction` is required wherever one is sent. */
export function toRuleSet({ networkRuleSet }: Registry): NetworkRuleSet {
  return { defaultAction: networkRuleSet?.defaultAction ?? 'Allow', ipRules: networkRuleSet?.ipRules ?? [] };
}

/**
 * The rules as they are to be: what is not ours stays to the letter and in its place, ours that go are left out,
 * and what is new comes at the end. An address that somebody else let in is not added a second time; one that stands
 * there twice, ours and somebody's, loses ours alone.
 */
export function mergeIpRules(live: readonly IPRule[], prefixes: readonly string[], owned: readonly string[]): IPRule[] {
  const strange = prefixes.find((prefix) => familyOf(prefix) !== 'ipv4');
  if (strange !== undefined) throw new Error(`${strange} is not IPv4: a registry takes IPv4 rules only`);
  const wanted = new Set(prefixes.map(canonicalPrefix));
  const gone = owned.map(canonicalPrefix).filter((prefix) => !wanted.has(prefix));
  const ours = new Set(gone.map((prefix) => findOurs(live, prefix)));
  const kept = live.filter((rule) => !ours.has(rule));
  const there = new Set(kept.map(keyOf));
  const added = [...wanted].filter((prefix) => !there.has(prefix));
  return [...kept, ...added.map((prefix) => ({ action: 'Allow', iPAddressOrRange: prefix }))];
}

/** The one that is spelt as we write it; where there is none, the one that there is. */
function findOurs(live: readonly IPRule[], prefix: string): IPRule | undefined {
  const same = live.filter((rule) => keyOf(rule) === prefix);
  return same.find(({ iPAddressOrRange }) => iPAddressOrRange === prefix) ?? same[0];
}

/** True where both let in the same; `8.8.8.8` and `8.8.8.8/32` are the same, order says nothing. */
export function sameRuleSet(a: NetworkRuleSet, b: NetworkRuleSet): boolean {
  return a.defaultAction === b.defaultAction && keysOf(a) === keysOf(b);
}

function keysOf({ ipRules }: NetworkRuleSet): string {
  return JSON.stringify((ipRules ?? []).map(keyOf).sort());
}

function keyOf({ iPAddressOrRange: value }: IPRule): string {
  return isPrefix(value) ? canonicalPrefix(value) : value;
}
