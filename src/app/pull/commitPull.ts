/** Stores what every pull leaves, whatever its outcome: the status of the pulls and a record in the ledger. */
import type { PullDetails, PullRecord } from '../../core/ledger/runRecord.ts';
import type { PullStatus } from '../../core/ledger/pullStatus.ts';
import type { Pull } from './pull.ts';
import { commitRecord } from '../runRecords.ts';

export type Ending = Pick<PullRecord, 'outcome' | 'reasons' | 'snapshot'>;

export function lastPullOf(
  { startedAt, runId }: Pull,
  outcome: PullStatus['lastPull']['outcome'],
  rest: Partial<PullStatus['lastPull']>,
): PullStatus['lastPull'] {
  return { at: startedAt.toISOString(), outcome, ...rest, runId };
}

/** Stores the status of the pulls and the record of this one. */
export async function commitPull(pull: Pull, next: PullStatus, ending: Ending, details: PullDetails): Promise<void> {
  const { services, session } = pull;
  const record: PullRecord = { ...frameOf(pull), ...ending, details: { cloud: services.cloud, ...details } };
  await commitRecord(services.ledger, (changed) => session.putStatus(changed), { outbox: [], ...next }, record);
}

function frameOf({ services, runId, startedAt, trigger }: Pull) {
  const finishedAt = services.clock.now();
  return {
    id: runId,
    chain: 'pull' as const,
    startedAt: startedAt.toISOString(),
    finishedAt: finishedAt.toISOString(),
    durationInMs: finishedAt.getTime() - startedAt.getTime(),
    trigger,
  };
}

export function reasonsOf(notices: readonly string[]): PullRecord['reasons'] {
  return notices.map((message) => ({ code: 'recovered', message }));
}
