/** How a pull ends: its status, its record, its messages and what people hear of it. */
import { SourceError } from '../core/errors.ts';
import type { RunRecord } from '../core/runRecord.ts';
import { diffTags, type SnapshotDiff } from '../core/serviceTagDiff.ts';
import type { Publication, PullStatus, Snapshot, SnapshotPointer } from '../core/snapshot.ts';
import { watchedTags } from '../core/watchedTags.ts';
import { fanOut } from './fanOut.ts';
import { notifyOfPull } from './notifyOfPull.ts';
import type { Found, Pull, PullResult } from './pull.ts';
import { commitRecord } from './runRecords.ts';
import { toSourceReports, type FetchedSource } from './sourceReports.ts';
import { getSnapshot } from './storeSnapshot.ts';

export async function finishUnchanged(
  pull: Pull,
  found: Found,
  pointer: SnapshotPointer,
  publication: Publication | undefined,
  message: string,
): Promise<PullResult> {
  const { services, session, status, runId, startedAt } = pull;
  const { merged, sources, disagreements } = found;
  const next: PullStatus = {
    ...status,
    cloud: services.cloud,
    lastPull: { at: startedAt.toISOString(), outcome: 'unchanged', snapshot: pointer.snapshot, runId },
    ...(publication ? { publication } : {}),
    sources,
    disagreements,
  };
  const putStatus = (changed: PullStatus): Promise<void> => session.putStatus(changed);
  if (isNews(status, next)) {
    const record: RunRecord = {
      ...recordFrame(pull),
      outcome: 'unchanged',
      reasons: [],
      details: { message, ...sourceDetails(next) },
    };
    await commitRecord<PullStatus>(services.ledger, putStatus, next, record);
  } else {
    await putStatus(next);
  }
  services.logger.info(message, { runId, snapshot: pointer.snapshot });
  await notifyOfPull(services.notifier, status, { sources, disagreements }, [], pointer.snapshot);
  return {
    runId,
    outcome: 'unchanged',
    snapshot: pointer.snapshot,
    date: merged.date ?? pointer.date,
    changeNumber: merged.document.changeNumber,
    tagCount: merged.document.values.length,
    sources,
    warnings: merged.warnings,
    quarantine: [],
    changes: [],
    queued: [],
    message,
  };
}

/** The content is the same, but a source has begun or ceased to fail, to be stale or to disagree. */
function isNews(before: PullStatus | undefined, after: PullStatus): boolean {
  return before === undefined || sourcesInShort(before) !== sourcesInShort(after);
}

function sourcesInShort({ sources, disagreements }: PullStatus): string {
  return JSON.stringify([
    sources.map(({ source, status }) => [source, status]),
    disagreements.map(({ source, tag }) => [source, tag]),
  ]);
}

function sourceDetails({ sources, disagreements }: Pick<PullStatus, 'sources' | 'disagreements'>) {
  return {
    sources,
    disagreements: disagreements.map(({ source, tag, prefixes }) => ({ source, tag, prefixes: prefixes.length })),
  };
}

/** From a stored snapshot on: messages, record, status. A pull that died before this is finished by the next one. */
export async function finishChanged(
  pull: Pull,
  { sources, disagreements, targets }: Found,
  snapshot: Snapshot,
  publication: Publication,
): Promise<PullResult> {
  const { services, session, status, runId, startedAt } = pull;
  const before = status?.fannedOut === undefined ? undefined : await getSnapshot(services, status.fannedOut);
  const diff = diffTags(before?.document, snapshot.document);
  const queued = await fanOut(services.queue, targets, diff, newlyJudged(before, snapshot));
  const watched = new Set([
    ...watchedTags(snapshot.document, targets),
    ...(before ? watchedTags(before.document, targets) : []),
  ]);
  const changes = diff.changes.filter((change) => watched.has(change.tag));
  const message = `${snapshot.id}: ${diff.changes.length} tags changed, ${queued.length} targets queued`;
  const result: PullResult = {
    runId,
    outcome: 'changed',
    snapshot: snapshot.id,
    ...(snapshot.previous === undefined ? {} : { previous: snapshot.previous }),
    date: snapshot.date,
    changeNumber: snapshot.changeNumber,
    tagCount: snapshot.tagCount,
    sources,
    warnings: snapshot.warnings,
    quarantine: snapshot.quarantine,
    changes,
    queued,
    message,
  };
  const next: PullStatus = {
    ...status,
    cloud: services.cloud,
    lastPull: { at: startedAt.toISOString(), outcome: 'changed', snapshot: snapshot.id, runId },
    publication,
    fannedOut: snapshot.id,
    sources,
    disagreements,
  };
  await commitRecord<PullStatus>(
    services.ledger,
    (changed) => session.putStatus(changed),
    next,
    changedRecord(pull, snapshot, result, diff),
  );
  services.logger.info(message, { runId, snapshot: snapshot.id, warnings: snapshot.warnings.length });
  await notifyOfPull(services.notifier, status, next, before ? changes : [], snapshot.id);
  return result;
}

function newlyJudged(before: Snapshot | undefined, after: Snapshot): string[] {
  const was = new Set(before?.quarantine.map((entry) => entry.tag));
  const is = new Set(after.quarantine.map((entry) => entry.tag));
  return [...[...was].filter((tag) => !is.has(tag)), ...[...is].filter((tag) => !was.has(tag))];
}

function changedRecord(pull: Pull, snapshot: Snapshot, result: PullResult, diff: SnapshotDiff): RunRecord {
  return {
    ...recordFrame(pull),
    outcome: 'applied',
    reasons: snapshot.quarantine.map((entry) => ({ code: 'quarantined', message: entry.reason })),
    snapshot: { id: snapshot.id, contentHash: snapshot.contentHash, date: snapshot.date },
    details: {
      previous: snapshot.previous ?? null,
      changeNumber: snapshot.changeNumber,
      ...sourceDetails(snapshot),
      warnings: snapshot.warnings.slice(0, 100),
      warningCount: snapshot.warnings.length,
      changedTags: diff.changes.length,
      changes: result.changes.map(({ tag, added, removed }) => ({ tag, added: added.length, removed: removed.length })),
      queued: result.queued,
    },
  };
}

export async function failPull(pull: Pull, fetched: readonly FetchedSource[]): Promise<never> {
  const { services, session, status, runId, startedAt } = pull;
  const sources = toSourceReports(fetched, status?.sources ?? [], undefined, startedAt);
  const error = sources.map((report) => report.error ?? report.source).join('; ') || 'no source is configured';
  const next: PullStatus = {
    ...status,
    cloud: services.cloud,
    lastPull: { at: startedAt.toISOString(), outcome: 'failed', error, runId },
    sources,
    disagreements: status?.disagreements ?? [],
  };
  const record: RunRecord = { ...recordFrame(pull), outcome: 'failed', reasons: [], details: { error, sources } };
  await commitRecord<PullStatus>(services.ledger, (changed) => session.putStatus(changed), next, record);
  await notifyOfPull(services.notifier, status, next, [], undefined);
  throw new SourceError(services.sources.map((source) => source.name).join(', '), `none is healthy: ${error}`);
}

function recordFrame({ services, runId, startedAt, trigger }: Pull): Omit<RunRecord, 'outcome' | 'reasons'> {
  const finishedAt = services.clock.now();
  return {
    id: runId,
    chain: 'pull',
    startedAt: startedAt.toISOString(),
    finishedAt: finishedAt.toISOString(),
    durationInMs: finishedAt.getTime() - startedAt.getTime(),
    trigger,
  };
}
