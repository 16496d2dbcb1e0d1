/** Ids of a target's runs sort in the order of its chain, even if the clocks of two processes differ a little. */
import { isRunId, newRunId, parseRunId } from '../ledger/ledgerChain.ts';
import { hourInMs } from '../time.ts';
import type { TargetState } from './targetState.ts';

/** What is further ahead is no matter of clocks. */
const mostAheadInMs = hourInMs;

export function newRunIdAfter({ target, run }: TargetState, now: Date, random: string): string {
  const known = [run.ledgerHead?.runId, run.outbox.at(-1)?.id, run.inFlight?.runId];
  const times = known
    .flatMap((id) => (id !== undefined && isRunId(id) ? [parseRunId(id).startedAt.getTime() + 1] : []))
    .filter((time) => time - now.getTime() < mostAheadInMs);
  return newRunId(new Date(Math.max(now.getTime(), ...times)), target, random);
}
