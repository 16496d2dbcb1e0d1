/** The record of a run that ended in the middle of its write. */
import type { RunRecord } from '../../core/ledger/runRecord.ts';
import { ownedPrefixes } from '../../core/targets/targetFacts.ts';
import type { TargetState } from '../../core/targets/targetState.ts';
import { toLiveRules } from './applyPlan.ts';
import type { CurrentState } from '../ports.ts';
import { commitRecord } from '../runRecords.ts';
import type { StateCell } from './stateCell.ts';
import type { UpdateServices } from './updateServices.ts';

/**
 * A write that an earlier run began and never finished gets its record now, with what is live (where that could be
 * read) as its outcome; before any record of a later run, so that the chain is in the order of its runs.
 */
export async function recordInterruption(
  services: Pick<UpdateServices, 'clock' | 'ledger' | 'ownerId'>,
  cell: StateCell,
  runId: string,
  current?: CurrentState,
): Promise<void> {
  const { inFlight, ...rest } = cell.state;
  if (!inFlight || inFlight.runId === runId) return;
  const now = services.clock.now();
  const record: RunRecord = {
    id: inFlight.runId,
    chain: cell.state.target,
    startedAt: inFlight.startedAt,
    finishedAt: now.toISOString(),
    durationInMs: now.getTime() - Date.parse(inFlight.startedAt),
    trigger: { reason: 'interrupted' },
    outcome: 'interrupted',
    reasons: [{ code: 'interrupted', message: 'The run ended in the middle of its write; this is what it left.' }],
    plan: inFlight.plan,
    before: inFlight.before,
    ...(current ? { after: toLiveRules(current) } : {}),
    owned: ownedPrefixes(cell.state),
    ownedRules: cell.state.ownedRules,
    ownerId: services.ownerId,
    ...(rest.resourceId === undefined ? {} : { resourceId: rest.resourceId }),
  };
  await commitRecord<TargetState>(services.ledger, cell.put, rest, record);
}
