/** The app's rules as a whole: which prefixes they hold once something is in and something is out, and what is written for it. */
import { registryRuleName, type CurrentRule } from './currentRule.ts';
import type { Ownership } from './ownership.ts';
import type { RuleChange } from './plan.ts';
import type { PlanInput } from './planInput.ts';
import { dropContained, intersectPrefixes, mergePrefixes, ofFamily } from '../prefixes.ts';
import { overlapping, sameAddresses, subtractPrefixes } from '../prefixes.ts';
import { ownRulesOf } from '../targets/ownRules.ts';
import type { Target } from '../targets/target.ts';
import { traitsOf } from '../targets/targetKinds.ts';

export interface RuleSetParts {
  /** What is wanted and needs a rule of ours, in the shape that it is written in. */
  readonly needed: readonly string[];
  /** What of it others let in: parts of a prefix that is not written in pieces for that. */
  readonly covered: readonly string[];
  readonly add: readonly string[];
  readonly remove: readonly string[];
}

/** All prefixes of the app's rules once `add` is in and `remove` is out. */
export function buildRuleSet(target: Target, ownership: Ownership, parts: RuleSetParts): readonly string[] {
  const { needed, covered, add, remove } = parts;
  const kept = keptIn(target, ownership);
  const open = intersectPrefixes(needed, mergePrefixes([...kept, ...add, ...covered]));
  const admitted = overlapping(open, [...kept, ...add]);
  const stays = subtractPrefixes(subtractPrefixes(kept, needed), remove);
  const foreign = rulesOfOthers(target, ownership);
  const theirs = admitted.filter((prefix) => foreign.has(prefix));
  // A prefix of which nothing is taken out stays whole: its parts would need more room, or be somebody else's.
  const touched = new Set(overlapping(kept, remove));
  const whole = overlapping(kept, [...stays, ...theirs]).filter((prefix) => !touched.has(prefix));
  const ours = [...admitted, ...stays].filter((prefix) => !foreign.has(prefix));
  return dropContained([...ours, ...whole]);
}

/** A registry holds a prefix once: what somebody else let in must not become ours by being written again. */
export function rulesOfOthers(target: Target, { foreign }: Ownership): ReadonlySet<string> {
  return new Set(traitsOf(target).hasOwnRules ? [] : foreign);
}

/** What the app's rules hold now; one NSG rule holds what is ours and what is not. */
export function keptIn(target: Target, { ours, foreign }: Ownership): readonly string[] {
  return traitsOf(target).hasOwnRules ? [...ours, ...foreign] : ours;
}

export interface PlanLists {
  readonly add: readonly string[];
  readonly remove: readonly string[];
  readonly retain: readonly string[];
}

/** What must be written so that the rules hold `prefixes`. A rule that was never ours is not deleted. */
export function ruleChanges(
  { target, state, distrust }: Pick<PlanInput, 'target' | 'state' | 'distrust'>,
  rules: readonly CurrentRule[],
  ownership: Ownership,
  prefixes: readonly string[],
): RuleChange[] {
  if (target.kind === 'registryNetworkRules') {
    return sameAddresses(prefixes, ownership.ours) ? [] : [{ rule: registryRuleName, operation: 'put', prefixes }];
  }
  const mayLeave = target.policy !== 'addOnly' && distrust.length === 0;
  return ownRulesOf(target).flatMap(({ name: rule, family }): RuleChange[] => {
    const live = rules.find((candidate) => candidate.rule === rule);
    const isOurs = live?.mark === 'ours' || state.ownedRules.includes(rule);
    return nsgRuleChange(rule, live, ofFamily(prefixes, family), isOurs, mayLeave);
  });
}

function nsgRuleChange(
  rule: string,
  live: CurrentRule | undefined,
  prefixes: readonly string[],
  isOurs: boolean,
  mayLeave: boolean,
): RuleChange[] {
  const exists = live?.mark !== undefined;
  if (prefixes.length === 0) {
    // One that holds no prefix lets in by other means, which no list has taken back; but the way that it went before
    // the target was turned round is the target's no more, whether or not the list has something for the new way.
    const isLeft = mayLeave && live?.isTurned === true && live.mark === 'ours';
    const goes = exists && isOurs && (live.prefixes.length > 0 || isLeft);
    return goes ? [{ rule, operation: 'delete', prefixes: [] }] : [];
  }
  const isAsWanted = exists && live.drift.length === 0 && sameAddresses(live.prefixes, prefixes);
  return isAsWanted ? [] : [{ rule, operation: 'put', prefixes }];
}
