/** A second look where the first would cost a claim. */
import { subtractPrefixes } from '../../core/prefixes.ts';
import type { Target } from '../../core/targets/target.ts';
import { traitsOf } from '../../core/targets/targetKinds.ts';
import { ownedPrefixes } from '../../core/targets/targetFacts.ts';
import type { TargetState } from '../../core/targets/targetState.ts';
import type { ArmSession } from '../ports.ts';
import { readSituation, type Situation, type SituationReaders } from './situation.ts';

/** Azure's answers may be so much older than a write that has ended. */
const secondLookInMs = 5_000;

/**
 * An answer may be older than our last write. Then a rule of ours seems not to be there, and its claim would be given
 * up for good: the rule would be somebody else's from the next answer on. So what would cost a claim is asked twice.
 */
export async function readConfirmedSituation(
  readers: SituationReaders,
  arm: ArmSession,
  target: Target,
  state: TargetState,
): Promise<Situation> {
  const situation = await readSituation(readers, arm, target, state);
  if (lostClaims(state, situation).length === 0) return situation;
  await readers.clock.sleep(secondLookInMs);
  return readSituation(readers, arm, target, state);
}

/** What a rule with a mark lacks and should hold is put back, and stays claimed. */
function lostClaims(state: TargetState, { target, result, selection }: Situation): readonly string[] {
  const wanted = traitsOf(target).hasMark ? selection.prefixes : [];
  return subtractPrefixes(ownedPrefixes(state), [...result.ours, ...wanted]);
}
