/** Rebuilds the status of the pulls from the ledger if it is lost or unreadable. */
import { recordHash } from '../../core/ledger/ledgerChain.ts';
import { isPullOf, type PullStatus } from '../../core/ledger/pullStatus.ts';
import type { Cloud } from '../../core/serviceTags/serviceTags.ts';
import type { Ledger } from '../ports.ts';

/** Enough to include a pull with changes, even if several clouds share the ledger. */
const maxRecords = 100;

/** Undefined if nothing was ever pulled. It contains no source reports: the current snapshot has them. */
export async function recoverPullStatus(ledger: Ledger, cloud: Cloud): Promise<PullStatus | undefined> {
  const { items } = await ledger.list({ chain: 'pull', limit: maxRecords });
  const records = items.filter((record) => isPullOf(cloud, record));
  const [newest] = records;
  if (!newest) return undefined;
  const fannedOut = records.find(({ snapshot }) => snapshot)?.snapshot?.id;
  return {
    cloud,
    lastPull: {
      at: newest.startedAt,
      outcome: newest.outcome === 'failed' ? 'failed' : newest.snapshot ? 'changed' : 'unchanged',
      runId: newest.id,
    },
    ...(fannedOut === undefined ? {} : { fannedOut }),
    sources: [],
    disagreements: [],
    ledgerHead: { runId: newest.id, hash: recordHash(newest) },
  };
}
