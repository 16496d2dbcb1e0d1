/** The story of a pull: every source is asked, the document is judged, stored, and told to the targets it concerns. */
import { contentHash, toSnapshotId } from '../core/contentHash.ts';
import { SourceError, toErrorMessage } from '../core/errors.ts';
import { judge, type BelievedTag } from '../core/judge.ts';
import { newRunId } from '../core/ledgerChain.ts';
import { mergeDownloads, type MergedDownloads } from '../core/mergeDownloads.ts';
import { findTag } from '../core/regions.ts';
import type { RunRecord } from '../core/runRecord.ts';
import { diffTags, type SnapshotDiff, type TagChange } from '../core/serviceTagDiff.ts';
import type { Cloud, ServiceTagsDownload } from '../core/serviceTags.ts';
import type { Publication, PullStatus, Snapshot, SnapshotPointer } from '../core/snapshot.ts';
import type { SourceDisagreement, SourceReport } from '../core/snapshot.ts';
import type { Target } from '../core/target.ts';
import { watchedTags } from '../core/watchedTags.ts';
import { fanOut } from './fanOut.ts';
import { notifyOfPull } from './notifyOfPull.ts';
import type { ChangeStore, Clock, Ledger, Logger, Notifier, PullSession, ServiceTagsSource } from './ports.ts';
import type { SnapshotStore, TargetsSource, UpdateQueue } from './ports.ts';
import { commitRecord, flushOutbox } from './runRecords.ts';
import { countedDownloads, fetchAll, toSourceReports, type FetchedSource } from './sourceReports.ts';

export interface PullServices {
  readonly clock: Clock;
  readonly cloud: Cloud;
  readonly sources: readonly ServiceTagsSource[];
  readonly snapshots: SnapshotStore;
  readonly changes: ChangeStore;
  readonly ledger: Ledger;
  readonly targets: TargetsSource;
  readonly queue: UpdateQueue;
  readonly notifier: Notifier;
  readonly logger: Logger;
  readonly randomHex: () => string;
}

export interface PullResult {
  readonly runId: string;
  readonly outcome: 'changed' | 'unchanged';
  readonly snapshot: string;
  readonly previous?: string;
  readonly date: string;
  readonly changeNumber: number;
  readonly tagCount: number;
  readonly sources: readonly SourceReport[];
  readonly warnings: Snapshot['warnings'];
  readonly quarantine: Snapshot['quarantine'];
  /** Watched tags that changed. */
  readonly changes: readonly TagChange[];
  /** Targets that were queued for an update. */
  readonly queued: readonly string[];
  readonly message: string;
}

/** Throws SourceError where no source is healthy; the pointer then stays where it is. */
export async function pullServiceTags(
  services: PullServices,
  trigger: RunRecord['trigger'],
): Promise<PullResult | 'busy'> {
  return services.snapshots.withPullLease(services.cloud, async (session) => {
    const startedAt = services.clock.now();
    const runId = newRunId(startedAt, 'pull', services.randomHex());
    const status = session.status && (await flushOutbox(services.ledger, session.status));
    const pull: Pull = { services, session, trigger, runId, startedAt, status };
    const fetched = await fetchAll(services.sources);
    const isAnyHealthy = fetched.some(({ download }) => download !== undefined);
    return isAnyHealthy ? storePull(pull, fetched) : failPull(pull, fetched);
  });
}

interface Pull {
  readonly services: PullServices;
  readonly session: PullSession;
  readonly trigger: RunRecord['trigger'];
  readonly runId: string;
  readonly startedAt: Date;
  readonly status: PullStatus | undefined;
}

async function storePull(pull: Pull, fetched: readonly FetchedSource[]): Promise<PullResult> {
  const { services, status, startedAt } = pull;
  const pointed = await readCurrent(services);
  const dates = [pointed?.pointer.date, ...fetched.map(({ download }) => download?.date)];
  const sources = toSourceReports(fetched, status?.sources ?? [], newest(dates), startedAt);
  const counted = countedDownloads(fetched, sources);
  const merged = mergeDownloads(await withLateSources(services, fetched, counted, pointed?.pointer));
  const targets = await readTargets(services);
  const watched = new Set(watchedTags(merged.document, targets));
  const disagreements = merged.disagreements.filter((entry) => watched.has(entry.tag));
  const found: Found = { merged, sources, disagreements, targets, hash: contentHash(merged.document) };

  if (pointed && merged.date !== undefined && merged.date < pointed.pointer.date) {
    const message = `the newest document is of ${merged.date}, older than the current snapshot of ${pointed.pointer.date}: kept ${pointed.pointer.snapshot}`;
    return finishUnchanged(pull, found, pointed.pointer, status?.publication, message);
  }
  const publication = toPublication(found, startedAt, status?.publication);
  if (pointed?.pointer.contentHash !== found.hash) {
    const snapshot = await storeSnapshot(pull, found, pointed);
    return finishChanged(pull, found, snapshot, publication);
  }
  if (status?.fannedOut !== pointed.pointer.snapshot) {
    return finishChanged(pull, found, await getSnapshot(services, pointed.pointer.snapshot), publication);
  }
  const message = `same content as ${pointed.pointer.snapshot}: nothing stored`;
  return finishUnchanged(pull, found, pointed.pointer, publication, message);
}

/** What the sources said together. */
interface Found {
  readonly merged: MergedDownloads;
  readonly sources: readonly SourceReport[];
  /** Of watched tags. */
  readonly disagreements: readonly SourceDisagreement[];
  readonly targets: readonly Target[];
  readonly hash: string;
}

interface PointedSnapshot {
  readonly pointer: SnapshotPointer;
  readonly etag: string;
}

async function readCurrent({ snapshots, cloud }: PullServices): Promise<PointedSnapshot | undefined> {
  const answer = await snapshots.readPointer(cloud);
  return answer === 'notModified' ? undefined : answer;
}

/**
 * The Discovery API may be weeks behind the file. While it is the only one that answers, it must not start removals of
 * what the file showed: the current snapshot is then counted as one of the sources.
 */
async function withLateSources(
  services: PullServices,
  fetched: readonly FetchedSource[],
  downloads: readonly ServiceTagsDownload[],
  pointer: SnapshotPointer | undefined,
): Promise<readonly ServiceTagsDownload[]> {
  const onlyApi = downloads.every((download) => download.source === 'api');
  if (!pointer || !onlyApi || downloads.length === fetched.length) return downloads;
  const { document } = await getSnapshot(services, pointer.snapshot);
  const carried = { source: pointer.snapshot, date: undefined, origin: pointer.snapshot, document, warnings: [] };
  return [...downloads, carried];
}

async function getSnapshot({ snapshots, cloud }: PullServices, id: string): Promise<Snapshot> {
  const snapshot = await snapshots.get(cloud, id);
  if (!snapshot) throw new Error(`snapshot ${id} is pointed at and is not there`);
  return snapshot;
}

function newest(dates: readonly (string | undefined)[]): string | undefined {
  return dates
    .filter((date) => date !== undefined)
    .sort()
    .at(-1);
}

function toPublication({ merged, hash }: Found, now: Date, last: Publication | undefined): Publication {
  const key = [merged.date ?? '', merged.document.changeNumber, hash].join('|');
  return last?.key === key ? last : { key, date: merged.date ?? isoDay(now), seenAt: now.toISOString() };
}

async function storeSnapshot(pull: Pull, found: Found, pointed: PointedSnapshot | undefined): Promise<Snapshot> {
  const { services, startedAt } = pull;
  const { merged, hash, targets } = found;
  const { cloud, snapshots } = services;
  const { document } = merged;
  const previous = pointed && (await getSnapshot(services, pointed.pointer.snapshot));
  const date = merged.date ?? isoDay(startedAt);
  const snapshot: Snapshot = {
    id: toSnapshotId(cloud, date, document.changeNumber, hash),
    cloud,
    date,
    changeNumber: document.changeNumber,
    contentHash: hash,
    pulledAt: startedAt.toISOString(),
    tagCount: document.values.length,
    prefixCount: document.values.reduce((sum, tag) => sum + tag.addressPrefixes.length, 0),
    ...(previous ? { previous: previous.id } : {}),
    quarantine: judge(document, await believedTags(services, previous, targets), targets),
    sources: found.sources,
    disagreements: found.disagreements,
    warnings: merged.warnings,
    document,
  };
  await snapshots.put(snapshot);
  await services.changes.put(cloud, snapshot.id, diffTags(previous?.document, document));
  await replacePointer(services, toPointer(snapshot, startedAt), pointed?.etag);
  return snapshot;
}

/** Of every watched tag the content that was believed last: of the snapshot before, or of the one before a quarantine. */
async function believedTags(
  services: PullServices,
  previous: Snapshot | undefined,
  targets: readonly Target[],
): Promise<BelievedTag[]> {
  if (!previous) return [];
  const quarantined = new Map(previous.quarantine.map((entry) => [entry.tag, entry.baseline]));
  const believed: BelievedTag[] = [];
  for (const baseline of new Set([previous.id, ...quarantined.values()])) {
    const { document } = baseline === previous.id ? previous : await getSnapshot(services, baseline);
    for (const tag of watchedTags(document, targets)) {
      if ((quarantined.get(tag) ?? previous.id) !== baseline) continue;
      believed.push({ tag, baseline, addressPrefixes: findTag(document, tag)?.addressPrefixes ?? [] });
    }
  }
  return believed;
}

async function replacePointer(
  services: PullServices,
  pointer: SnapshotPointer,
  etag: string | undefined,
): Promise<void> {
  if ((await services.snapshots.replacePointer(pointer, etag)) === 'replaced') return;
  throw new Error(`current/${services.cloud}.json was replaced by somebody else; the next pull looks again`);
}

function toPointer(snapshot: Snapshot, now: Date): SnapshotPointer {
  const { cloud, id, contentHash: hash, date, changeNumber } = snapshot;
  return { cloud, snapshot: id, contentHash: hash, date, changeNumber, since: now.toISOString() };
}

async function readTargets(services: PullServices): Promise<readonly Target[]> {
  try {
    return await services.targets.read();
  } catch (error) {
    services.logger.error('targets cannot be read, the pull goes on without them', { error: toErrorMessage(error) });
    return [];
  }
}

async function finishUnchanged(
  pull: Pull,
  found: Found,
  pointer: SnapshotPointer,
  publication: Publication | undefined,
  message: string,
): Promise<PullResult> {
  const { services, session, status, runId, startedAt } = pull;
  const { merged, sources, disagreements } = found;
  await session.putStatus({
    ...status,
    cloud: services.cloud,
    lastPull: { at: startedAt.toISOString(), outcome: 'unchanged', snapshot: pointer.snapshot, runId },
    ...(publication ? { publication } : {}),
    sources,
    disagreements,
  });
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

/** From a stored snapshot on: messages, record, status. A pull that died before this is finished by the next one. */
async function finishChanged(
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
    (status) => session.putStatus(status),
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
      sources: result.sources,
      warnings: snapshot.warnings.slice(0, 100),
      warningCount: snapshot.warnings.length,
      changedTags: diff.changes.length,
      changes: result.changes.map(({ tag, added, removed }) => ({ tag, added: added.length, removed: removed.length })),
      queued: result.queued,
    },
  };
}

async function failPull(pull: Pull, fetched: readonly FetchedSource[]): Promise<never> {
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
  await commitRecord<PullStatus>(services.ledger, (status) => session.putStatus(status), next, record);
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

function isoDay(date: Date): string {
  return date.toISOString().slice(0, 10);
}
