/** Whose is what in the live rules: three-way, from what is there, what was claimed, and what is wanted. */
import { intersectPrefixes, isPrefix, sortPrefixes, subtractPrefixes } from '../prefixes.ts';
import type { CurrentRule } from './currentRule.ts';
import type { Reason } from '../reasons.ts';
import type { Target } from '../targets/target.ts';
import { traitsOf } from '../targets/targetKinds.ts';

export interface OwnershipInput {
  readonly target: Target;
  readonly rules: readonly CurrentRule[];
  /** Prefixes claimed in state. */
  readonly owned: readonly string[];
  /** NSG rules claimed in state. */
  readonly ownedRules: readonly string[];
  readonly desired: readonly string[];
}

export interface Ownership {
  /** In the live rules and added by this app. */
  readonly ours: readonly string[];
  /** In the live rules and added by somebody else; canonical. */
  readonly foreign: readonly string[];
  readonly blockers: readonly Reason[];
}

/**
 * | live rule | claimed in state | becomes |
 * |---|---|---|
 * | marked by this deployment | yes | claimed addresses are ours, the others foreign |
 * | marked by this deployment | no (state lost) | listed addresses are ours, the others foreign |
 * | marked by another deployment | – | blocked |
 * | unmarked | rule and some of its addresses | ours: the mark was edited away |
 * | unmarked | no | blocked, or with `adopt` as where state was lost |
 *
 * A registry's rules carry no mark: a rule is ours where exactly that prefix was claimed.
 */
export function calculateOwnership(input: OwnershipInput): Ownership {
  const parts = input.rules.map((rule) =>
    traitsOf(input.target).hasMark ? ownershipByMark(rule, input) : ownershipByClaim(rule, input),
  );
  return {
    ours: sortPrefixes(parts.flatMap((part) => part.ours)),
    foreign: sortPrefixes(parts.flatMap((part) => part.foreign)),
    blockers: parts.flatMap((part) => part.blockers),
  };
}

function ownershipByClaim(rule: CurrentRule, input: OwnershipInput): Ownership {
  const claimed = new Set(input.owned);
  const live = sortPrefixes(rule.prefixes.filter(isPrefix));
  return {
    ours: live.filter((prefix) => claimed.has(prefix)),
    foreign: live.filter((prefix) => !claimed.has(prefix)),
    blockers: [],
  };
}

function ownershipByMark(rule: CurrentRule, input: OwnershipInput): Ownership {
  const live = rule.prefixes.filter(isPrefix);
  const claimedHere = input.ownedRules.includes(rule.rule);
  const blocker = markBlocker(rule, claimedHere && intersectPrefixes(live, input.owned).length > 0, input.target);
  if (blocker) return { ours: [], foreign: sortPrefixes(live), blockers: [blocker] };

  const ours = intersectPrefixes(live, claimedHere ? input.owned : input.desired);
  return {
    ours,
    foreign: subtractPrefixes(live, ours),
    blockers: [],
  };
}

function markBlocker(rule: CurrentRule, claimed: boolean, target: Target): Reason | undefined {
  if (rule.mark === 'otherOwner') {
    return {
      code: 'otherOwner',
      message: `Rule ${rule.rule} belongs to another deployment of this app. Remove the target from one of the two, or clear the rule's description and set "adopt": true here.`,
    };
  }
  if (rule.mark === 'unmarked' && !claimed && !(target.kind === 'nsgRule' && target.adopt)) {
    return {
      code: 'foreignRule',
      message: `A rule named ${rule.rule} exists that this app did not write. Rename the rule in the targets file, delete the live rule, or set "adopt": true to take it over.`,
    };
  }
  return undefined;
}
