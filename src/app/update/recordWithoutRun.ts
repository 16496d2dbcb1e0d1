/** A record of something that is no run over the rules: it is in the chain, and the state knows of it. */
import { newRunId } from '../../core/ledger/ledgerChain.ts';
import type { RunRecord } from '../../core/ledger/runRecord.ts';
import type { TargetState } from '../../core/targets/targetState.ts';
import type { TargetSession } from '../ports.ts';
import { commitRecord, flushOutbox } from '../runRecords.ts';
import { recordInterruption } from './interruption.ts';
import { createStateCell } from './stateCell.ts';
import { loadState, type LoadedState } from './targetStateRecovery.ts';
import type { UpdateServices } from './updateServices.ts';

/** Of one instant. */
type Frame = Pick<RunRecord, 'id' | 'chain' | 'startedAt' | 'finishedAt' | 'durationInMs'>;

export interface Entry {
  readonly record: Omit<RunRecord, keyof Frame>;
  readonly change: (state: TargetState) => TargetState;
}

export async function recordWithoutRun(
  services: UpdateServices,
  session: TargetSession,
  target: string,
  toEntry: (loaded: LoadedState, frame: Frame) => Entry,
): Promise<RunRecord> {
  const { ledger, clock } = services;
  const loaded = await loadState(ledger, session.state, target, services.ownerId);
  const cell = createStateCell(session, await flushOutbox(ledger, loaded.state));
  const now = clock.now();
  const id = newRunId(now, target, services.randomHex());
  await recordInterruption(services, cell, id);
  const at = now.toISOString();
  const frame: Frame = { id, chain: target, startedAt: at, finishedAt: at, durationInMs: 0 };
  const { record, change } = toEntry({ ...loaded, state: cell.state }, frame);
  return (await commitRecord<TargetState>(ledger, cell.put, change(cell.state), { ...frame, ...record })).record;
}
