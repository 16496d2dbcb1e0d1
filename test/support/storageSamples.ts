/** Small documents in the exact shape of what the app stores. */
import { contentHash, toSnapshotId } from '../../src/core/serviceTags/contentHash.ts';
import { newRunId, recordHash } from '../../src/core/ledger/ledgerChain.ts';
import type { RunRecord } from '../../src/core/ledger/runRecord.ts';
import type { Cloud, ServiceTagsDocument } from '../../src/core/serviceTags/serviceTags.ts';
import type { PullStatus } from '../../src/core/ledger/pullStatus.ts';
import type { Snapshot, SnapshotPointer } from '../../src/core/serviceTags/snapshot.ts';
import { emptyState, type TargetState } from '../../src/core/targets/targetState.ts';

/** Differs by date in id, content and time of the pull. */
export function toSnapshot(date: string, changes: Partial<Snapshot> = {}, cloud: Cloud = 'Public'): Snapshot {
  const document: ServiceTagsDocument = {
    cloud,
    changeNumber: 346,
    values: [
      {
        name: 'AzureContainerRegistry',
        region: '',
        systemService: 'AzureContainerRegistry',
        changeNumber: 40,
        addressPrefixes: [`198.51.100.${Number(date.slice(-2))}/32`, '2001:db8::/48'],
      },
    ],
  };
  const hash = contentHash(document);
  return {
    id: toSnapshotId(cloud, date, document.changeNumber, hash),
    cloud,
    date,
    changeNumber: document.changeNumber,
    contentHash: hash,
    pulledAt: `${date}T06:30:00.000Z`,
    tagCount: 1,
    prefixCount: 2,
    quarantine: [],
    sources: [{ source: 'download', status: 'healthy', date, changeNumber: 346, contentHash: hash }],
    disagreements: [],
    warnings: [],
    document,
    ...changes,
  };
}

export function toPointer(snapshot: Snapshot): SnapshotPointer {
  const { cloud, id, contentHash: hash, date, changeNumber, pulledAt } = snapshot;
  return { cloud, snapshot: id, contentHash: hash, date, changeNumber, since: pulledAt };
}

export function toPullStatus(runId: string): PullStatus {
  return {
    cloud: 'Public',
    lastPull: { at: '2026-11-23T06:30:00.000Z', outcome: 'unchanged', runId },
    sources: [],
    disagreements: [],
    outbox: [],
  };
}

export function toState(target: string, changes: Partial<TargetState> = {}): TargetState {
  return { ...emptyState(target, 'owner'), ...changes };
}

/** A record that started at an ISO time, linked to the one before it. */
export function toRunRecord(chain: string, startedAt: string, previous?: RunRecord): RunRecord {
  const random = recordHash({ chain, startedAt } as RunRecord).slice(0, 8);
  return {
    id: newRunId(new Date(startedAt), chain, random),
    chain,
    startedAt,
    finishedAt: startedAt,
    durationInMs: 12,
    trigger: { reason: 'reconcile' },
    outcome: 'unchanged',
    reasons: [],
    ...(previous ? { previousHash: recordHash(previous) } : {}),
  };
}
