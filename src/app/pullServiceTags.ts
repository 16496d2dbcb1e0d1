/** The story of a pull: every source is asked, the document is judged, stored, and told to the targets it concerns. */
import { contentHash } from '../core/contentHash.ts';
import { toErrorMessage } from '../core/errors.ts';
import { newRunId } from '../core/ledgerChain.ts';
import { mergeDownloads } from '../core/mergeDownloads.ts';
import type { RunRecord } from '../core/runRecord.ts';
import type { ServiceTagsDownload } from '../core/serviceTags.ts';
import type { Publication, SnapshotPointer } from '../core/snapshot.ts';
import type { Target } from '../core/target.ts';
import { watchedTags } from '../core/watchedTags.ts';
import { failPull, finishChanged, finishUnchanged } from './finishPull.ts';
import type { Found, PointedSnapshot, Pull, PullResult, PullServices } from './pull.ts';
import { flushOutbox } from './runRecords.ts';
import { countedDownloads, fetchAll, toSourceReports, type FetchedSource } from './sourceReports.ts';
import { getSnapshot, storeSnapshot } from './storeSnapshot.ts';

export type { PullResult, PullServices };

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

  if (pointed && merged.date !== undefined && (await isOfLaterFile(services, pointed.pointer, merged.date))) {
    const message = `the newest document is of ${merged.date}, older than the current snapshot of ${pointed.pointer.date}: kept ${pointed.pointer.snapshot}`;
    return finishUnchanged(pull, found, pointed.pointer, status?.publication, message);
  }
  const publication = toPublication(found, startedAt, status?.publication);
  if (pointed?.pointer.contentHash !== found.hash) {
    const snapshot = await storeSnapshot(pull, found, pointed, publication.date);
    return finishChanged(pull, found, snapshot, publication);
  }
  if (status?.fannedOut !== pointed.pointer.snapshot) {
    return finishChanged(pull, found, await getSnapshot(services, pointed.pointer.snapshot), publication);
  }
  const message = `same content as ${pointed.pointer.snapshot}: nothing stored`;
  return finishUnchanged(pull, found, pointed.pointer, publication, message);
}

async function readCurrent({ snapshots, cloud }: PullServices): Promise<PointedSnapshot | undefined> {
  const answer = await snapshots.readPointer(cloud);
  return answer === 'notModified' ? undefined : answer;
}

/** True where the current snapshot is of a file with a later date; the day of a pull without a file is no such date. */
async function isOfLaterFile(services: PullServices, pointer: SnapshotPointer, date: string): Promise<boolean> {
  if (date >= pointer.date) return false;
  const { sources } = await getSnapshot(services, pointer.snapshot);
  return sources.some((report) => report.date !== undefined && report.date > date);
}

/**
 * The Discovery API may be weeks behind the file. While it is the only one that answers, it must not start removals of
 * what the file showed: the current snapshot is then counted as one of the sources, and stays the one with the date.
 */
async function withLateSources(
  services: PullServices,
  fetched: readonly FetchedSource[],
  downloads: readonly ServiceTagsDownload[],
  pointer: SnapshotPointer | undefined,
): Promise<readonly ServiceTagsDownload[]> {
  const onlyApi = downloads.every((download) => download.source === 'api');
  if (!pointer || !onlyApi || downloads.length === fetched.length) return downloads;
  const { snapshot: source, date } = pointer;
  const { document, warnings } = await getSnapshot(services, source);
  return [...downloads, { source, date, origin: source, document, warnings }];
}

function newest(dates: readonly (string | undefined)[]): string | undefined {
  return dates
    .filter((date) => date !== undefined)
    .sort()
    .at(-1);
}

function toPublication({ merged, hash }: Found, now: Date, last: Publication | undefined): Publication {
  const unreadable = merged.warnings.filter((warning) => warning.kind === 'unreadable');
  const marks = unreadable.map(({ tag, prefix }) => `${tag} ${prefix}`);
  const key = [merged.date ?? '', merged.document.changeNumber, hash, ...marks].join('|');
  if (last?.key === key) return last;
  return { key, date: merged.date ?? now.toISOString().slice(0, 10), seenAt: now.toISOString(), unreadable };
}

async function readTargets(services: PullServices): Promise<readonly Target[]> {
  try {
    return await services.targets.read();
  } catch (error) {
    services.logger.error('targets cannot be read, the pull goes on without them', { error: toErrorMessage(error) });
    return [];
  }
}
