/** The live rules as a plan sees them: whose is what in them, and what a person has approved. */
import { coveredByOthers } from './capacity.ts';
import type { CurrentRule } from './currentRule.ts';
import { calculateOwnership, type Ownership } from './ownership.ts';
import type { PlanInput } from './planInput.ts';
import { overlapping } from '../prefixes.ts';
import { reasonFor, type Reason } from '../reasons.ts';
import { rulesOfTarget } from './ruleLocks.ts';
import { ownedPrefixes, validApproval } from '../targets/targetFacts.ts';
import type { Approval } from '../targets/targetState.ts';
import { andMore, counted } from '../words.ts';

export interface Live {
  readonly rules: readonly CurrentRule[];
  readonly ownership: Ownership;
  /** What this app let in before, there or not. */
  readonly owned: readonly string[];
  /** Of a registry: what others let in of the list. */
  readonly covered: readonly string[];
  readonly approval: Approval | undefined;
}

export function sortLive(input: PlanInput): Live {
  const { target, current, state, desired } = input;
  const owned = ownedPrefixes(state);
  const rules = rulesOfTarget(target, current.rules, state.ownedRules);
  const ownership = calculateOwnership({ target, rules, owned, ownedRules: state.ownedRules, desired });
  return {
    rules,
    ownership,
    owned,
    covered: coveredByOthers(target, ownership, desired),
    approval: validApproval(state, input.snapshot, input.configHash),
  };
}

export function foreignNotes({ target, desired }: PlanInput, { ownership: { foreign, blockers } }: Live): Reason[] {
  if (target.kind === 'registryNetworkRules') {
    const others = `${counted(foreign.length, 'rule')} ${foreign.length === 1 ? 'was' : 'were'} added by others`;
    const listedToo = overlapping(foreign, desired).length;
    const [hold, stays] = listedToo === 1 ? ['holds', 'stays'] : ['hold', 'stay'];
    const stay =
      listedToo === 0 ? '' : `; ${listedToo} of them ${hold} listed addresses, and ${stays} when those are dropped`;
    return reasonFor('foreignRules', foreign, `${others} and left alone${stay}.`);
  }
  if (target.policy !== 'addOnly' || blockers.length > 0) return [];
  const message = `${andMore(foreign)} is in the rule but was not written by this app; policy addOnly keeps it.`;
  return reasonFor('foreignRules', foreign, message);
}
