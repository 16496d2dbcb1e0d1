/** The rules that a plan leaves behind: which prefixes they hold after each of its steps, and what is written for that. */
import type { CurrentRule } from './currentRule.ts';
import type { Ownership } from './ownership.ts';
import type { Plan, PlanInput, RuleChange } from './plan.ts';
import { addressFamilies, dropContained, intersectPrefixes, mergePrefixes } from './prefixes.ts';
import { ofFamily, overlapping, sameAddresses, subtractPrefixes, type AddressFamily } from './prefixes.ts';
import type { Reason } from './reasons.ts';
import { reasonFor } from './safety.ts';
import type { NsgRuleTarget, Target } from './target.ts';

export interface RuleSetParts {
  readonly desired: readonly string[];
  readonly covered: readonly string[];
  readonly add: readonly string[];
  readonly remove: readonly string[];
}

/** All prefixes of the app's rules once `add` is in and `remove` is out. */
export function buildRuleSet(target: Target, ownership: Ownership, parts: RuleSetParts): readonly string[] {
  const { desired, covered, add, remove } = parts;
  const isNsg = target.kind === 'nsgRule';
  const kept = isNsg ? [...ownership.ours, ...ownership.foreign] : ownership.ours;
  const admitted = subtractPrefixes(intersectPrefixes(desired, mergePrefixes([...kept, ...add])), covered);
  const stays = subtractPrefixes(subtractPrefixes(kept, desired), remove);
  // A prefix of which nothing is taken out stays whole: its parts would need more room.
  const touched = new Set(overlapping(kept, remove));
  const whole = overlapping(kept, stays).filter((prefix) => !touched.has(prefix));
  const all = dropContained([...admitted, ...whole, ...stays]);
  if (isNsg) return all;
  // A registry holds a prefix once: what somebody else let in must not become ours by being written again.
  const foreign = new Set(ownership.foreign);
  return all.filter((prefix) => !foreign.has(prefix));
}

export interface PlanLists {
  readonly add: readonly string[];
  readonly remove: readonly string[];
  readonly retain: readonly string[];
}

export interface Steps {
  readonly lists: PlanLists;
  readonly held: Plan['held'];
  readonly reasons: readonly Reason[];
  readonly afterAdditions: readonly string[];
  readonly afterAll: readonly string[];
}

/**
 * Additions first, removals later, as far as the room goes. Where the room is enough only once the removals are done,
 * both are one step; where it is not enough even then, the additions are held together with what takes their room. A
 * removal that leaves more prefixes than there are now (parts of a wide one) is held where those have no room.
 */
export function fitSteps(
  { lists, held }: { readonly lists: PlanLists; readonly held: Plan['held'] },
  { room, mayReplace }: { readonly room: number | undefined; readonly mayReplace: boolean },
  build: (added: readonly string[], removed: readonly string[]) => readonly string[],
): Steps {
  const afterAll = build(lists.add, lists.remove);
  if (room === undefined || afterAll.length <= room) {
    const afterAdditions = build(lists.add, []);
    const isOneStep = room !== undefined && afterAdditions.length > room;
    return { lists, held, reasons: [], afterAdditions: isOneStep ? afterAll : afterAdditions, afterAll };
  }
  const now = build([], []);
  const left = build([], lists.remove);
  const remove = left.length <= Math.max(room, now.length) ? lists.remove : [];
  const kept = lists.remove.length === remove.length ? [] : lists.remove;
  const blocked = [...lists.add, ...kept];
  const afterRemovals = kept.length === 0 ? left : now;
  if (blocked.length === 0) return { lists, held, reasons: [], afterAdditions: now, afterAll: afterRemovals };
  const way = mayReplace
    ? 'Approve the plan to replace them now.'
    : 'Policy addOnly keeps them: make room, or choose another policy.';
  return {
    lists: { add: [], remove, retain: mayReplace ? [] : lists.retain },
    held: {
      add: dropContained([...held.add, ...lists.add]),
      remove: dropContained([...held.remove, ...kept, ...(mayReplace ? lists.retain : [])]),
    },
    reasons: reasonFor(
      'fit',
      blocked,
      `${afterAll.length} prefixes would be needed and there is room for ${room}: prefixes that are no longer listed still take some of it. ${way}`,
    ),
    afterAdditions: now,
    afterAll: afterRemovals,
  };
}

/** An NSG rule of a target by its name. */
export function familyOfRule({ rule }: NsgRuleTarget, name: string): AddressFamily {
  return name === rule.name ? 'ipv4' : 'ipv6';
}

/** What must be written so that the rules hold `prefixes`. A rule that was never ours is not deleted. */
export function ruleChanges(
  { target, state }: Pick<PlanInput, 'target' | 'state'>,
  rules: readonly CurrentRule[],
  ownership: Ownership,
  prefixes: readonly string[],
): RuleChange[] {
  if (target.kind === 'registryNetworkRules') {
    return sameAddresses(prefixes, ownership.ours) ? [] : [{ rule: 'ipRules', operation: 'put', prefixes }];
  }
  return addressFamilies.flatMap((family) => {
    const rule = family === 'ipv4' ? target.rule.name : `${target.rule.name}-ipv6`;
    const live = rules.find((candidate) => candidate.rule === rule);
    const isOurs = live?.mark === 'ours' || state.ownedRules.includes(rule);
    return nsgRuleChange(rule, live, ofFamily(prefixes, family), isOurs);
  });
}

function nsgRuleChange(
  rule: string,
  live: CurrentRule | undefined,
  prefixes: readonly string[],
  isOurs: boolean,
): RuleChange[] {
  const exists = live?.mark !== undefined;
  // One that holds no prefix lets in by other means, which no list has taken back.
  if (prefixes.length === 0)
    return exists && isOurs && live.prefixes.length > 0 ? [{ rule, operation: 'delete', prefixes: [] }] : [];
  const isAsWanted = exists && live.drift.length === 0 && sameAddresses(live.prefixes, prefixes);
  return isAsWanted ? [] : [{ rule, operation: 'put', prefixes }];
}
