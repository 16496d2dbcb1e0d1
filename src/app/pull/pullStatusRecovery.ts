/** The status of the pulls when it is lost or unreadable: the ledger tells where its chain ends and what was queued. */
import { recordHash } from '../../core/ledger/ledgerChain.ts';
import { isPullOf, type PullStatus } from '../../core/ledger/pullStatus.ts';
import type { Cloud } from '../../core/serviceTags/serviceTags.ts';
import type { Ledger } from '../ports.ts';

/** Enough to meet a pull that changed something, and of each cloud where several share the ledger. */
const maxRecords = 100;

/** Undefined where nothing was ever pulled. What the sources said is not in it: the current snapshot knows. */
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
