/**
 * A pull of Microsoft's service tags:
 * 1. Read every source and merge what they list.
 * 2. Decide whether the merged list may replace the current one or only add to it.
 * 3. Store a snapshot if the content is new, and record the release in the history.
 * 4. Queue an update of each target that the changes affect.
 */
import type { UnchangedRelease } from '../core/history/appendRelease.ts';
import { contentHash, parseSnapshotId } from '../core/serviceTags/contentHash.ts';
import { SourceError, toErrorMessage } from '../core/errors.ts';
import {
  dayOfLists,
  isFutureDay,
  mayReplace,
  misdatedDays,
  newestDay,
  type MisdatedFiles,
} from '../core/serviceTags/fileDate.ts';
import { newRunId } from '../core/ledger/ledgerChain.ts';
import { mergeDownloads } from '../core/serviceTags/mergeDownloads.ts';
import type { RunRecord } from '../core/ledger/runRecord.ts';
import type { ServiceTagsDownload } from '../core/serviceTags/serviceTags.ts';
import type { NewestRelease } from '../core/ledger/pullStatus.ts';
import type { Snapshot, SourceReport } from '../core/serviceTags/snapshot.ts';
import type { Target } from '../core/targets/target.ts';
import { toDay } from '../core/time.ts';
import { watchedTags } from '../core/serviceTags/watchedTags.ts';
import { failPull, failUnread } from './pull/failPull.ts';
import { finishChanged, finishUnchanged } from './pull/finishPull.ts';
import { HistoryReader } from './history/historyReader.ts';
import type { HistoryDecisions, PullSession } from './ports.ts';
import { lateDay, type PulledList, type Pull, type PullResult, type PullServices } from './pull/pull.ts';
import { recoverPullStatus } from './pull/pullStatusRecovery.ts';
import { newestStored, pointerBackTo, readStoredList, type StoredList } from './pull/storedList.ts';
import { flushOutbox } from './runRecords.ts';
import { countedDownloads, fetchAll, toSourceReports, type FetchedSource } from './pull/sourceReports.ts';
import { openHistory, recordUnchanged } from './pull/recordRelease.ts';
import { replacePointer, storeSnapshot } from './pull/storeSnapshot.ts';
import { dayInWords } from '../core/words.ts';

export type { PullResult, PullServices };

/** Throws SourceError if no source can be read; the current snapshot then stays current. */
export async function pullServiceTags(
  services: PullServices,
  trigger: RunRecord['trigger'],
): Promise<PullResult | 'busy'> {
  return services.snapshots.withPullLease(services.cloud, async (session) => {
    const pull = await beginPull(services, session, trigger);
    const fail = (error: unknown) => failPull(pull, error);
    const misdated = await readMisdated(pull).catch(fail);
    const fetched = await fetchAll(services.sources, pull.startedAt, new Map(Object.entries(misdated)));
    if (fetched.every(({ download }) => download === undefined)) return failUnread(pull, fetched);
    return storePull(pull, fetched, misdated).catch(fail);
  });
}

async function beginPull(services: PullServices, session: PullSession, trigger: RunRecord['trigger']): Promise<Pull> {
  const { cloud, ledger } = services;
  const startedAt = services.clock.now();
  const runId = newRunId(startedAt, 'pull', services.randomHex());
  const frame = { services, session, trigger, runId, startedAt };
  const { status: stored } = session;
  if (stored) {
    const chain = await flushOutbox(ledger, { outbox: [], ...stored });
    return { ...frame, status: { ...stored, ...chain }, notices: [] };
  }
  const status = await recoverPullStatus(ledger, cloud);
  const notices = status
    ? [
        `status/${cloud}.json was lost or is damaged: the app made it anew from the ledger, up to the run ${status.lastPull.runId}. Nothing to do.`,
      ]
    : [];
  return { ...frame, status, notices };
}

/** If the pull status was lost, the warnings of the current snapshot still name the newest ones. */
async function readMisdated({ services, status }: Pull): Promise<MisdatedFiles> {
  if (status?.misdated) return status.misdated;
  const { snapshot } = await readStoredList(services);
  return snapshot ? misdatedDays({}, snapshot.warnings, snapshot.pulledAt.slice(0, 10)) : {};
}

/** Reads what is stored only now: while the sources answered, the lease may have been lost, and others may have written. */
async function storePull(begun: Pull, fetched: readonly FetchedSource[], misdated: MisdatedFiles): Promise<PullResult> {
  const { services, status, startedAt } = begun;
  const decisions = (await services.histories.readDecisions(services.cloud))?.decisions;
  const rejected = rejectedHashes(decisions);
  const current = await readKept(begun, rejected);
  const pull = { ...begun, notices: [...begun.notices, ...current.notices] };
  const found = await findList(pull, fetched, current, misdated);
  const publication = toNewestRelease(found, startedAt, status?.publication);
  const { snapshot } = current;
  if (snapshot && rejected.has(found.hash.slice(0, 12))) {
    await correctPointer(services, current);
    const message = `the sources list what a person has rejected: ${snapshot.id} stays current`;
    return finishUnchanged(pull, found, snapshot, publication, message);
  }
  const history = await openHistory(services, decisions, found.targets, current.pointer?.snapshot);
  if (snapshot?.contentHash !== found.hash) {
    return finishChanged(pull, found, await storeSnapshot(pull, found, current, history), publication);
  }
  await correctPointer(services, current);
  await recordUnchanged(services, history, toRelease(pull, found, snapshot));
  return status?.fannedOut === snapshot.id
    ? finishUnchanged(pull, found, snapshot, publication, toMessage(found, snapshot))
    : finishChanged(pull, found, snapshot, publication);
}

/** The current list. If a rejection was cut off before its last step, that is the release before the rejected one. */
async function readKept({ services, startedAt }: Pull, rejected: ReadonlySet<string>): Promise<StoredList> {
  const current = await readStoredList(services);
  if (!current.snapshot || !rejected.has(parseSnapshotId(current.snapshot.id).hash)) return current;
  const snapshot = await newestStored(services, await new HistoryReader(services).read());
  if (!snapshot) return current;
  return { ...current, pointer: pointerBackTo(snapshot, startedAt), isPointed: false, snapshot };
}

async function correctPointer(services: PullServices, { pointer, etag, isPointed }: StoredList): Promise<void> {
  if (pointer && !isPointed) await replacePointer(services, pointer, etag);
}

async function findList(
  pull: Pull,
  fetched: readonly FetchedSource[],
  current: StoredList,
  misdated: MisdatedFiles,
): Promise<PulledList> {
  const { services, status, startedAt } = pull;
  const { pointer, snapshot } = current;
  const before = status?.sources.length ? status.sources : (snapshot?.sources ?? []);
  const pointed = pointer?.fileDate ?? pointer?.date;
  const fileDate = pointed === undefined || isFutureDay(pointed, startedAt) ? undefined : pointed;
  const known = pointer && { fileDate, contentHash: pointer.contentHash };
  const sources = toSourceReports(fetched, before, known, startedAt);
  const counted = countedDownloads(fetched, sources, pointer !== undefined);
  if (counted.length === 0 && !snapshot) throw noList(sources);
  const addsOnly =
    snapshot !== undefined && !mayReplace(sources, { fileDate, isExtended: pointer?.isExtended ?? false });
  const merged = mergeDownloads(addsOnly ? [asDownload(snapshot), ...counted] : counted);
  const { disagreements, onlyLeader } = addsOnly && counted.length > 0 ? mergeDownloads(counted) : merged;
  const targets = await readTargets(services);
  const watched = new Set(watchedTags(merged.document, targets ?? []));
  return {
    merged,
    addsOnly,
    fileDate: newestDay([fileDate, dayOfLists(sources)]),
    misdated: misdatedDays(misdated, merged.warnings, toDay(startedAt)),
    sources,
    disagreements: [...disagreements, ...onlyLeader].filter((entry) => watched.has(entry.tag)),
    targets,
    hash: contentHash(merged.document),
  };
}

/** Hashes of rejected releases. A rejected release counts as never published, even if it comes again under another date. */
function rejectedHashes(decisions: HistoryDecisions | undefined): ReadonlySet<string> {
  return new Set(decisions?.rejected.map(({ snapshot }) => parseSnapshotId(snapshot).hash));
}

function noList(sources: readonly SourceReport[]): SourceError {
  const names = sources.map(({ source }) => source).join(', ');
  return new SourceError(names, 'none is healthy, and the current snapshot was lost or is damaged');
}

function asDownload({ id, date, release, document, warnings }: Snapshot): ServiceTagsDownload {
  return { source: id, date: release?.date ?? date, origin: id, document, warnings };
}

/** A list that only adds is no new release, so it confirms no removal. Its unreadable prefixes are remembered all the same. */
function toNewestRelease(
  { merged, addsOnly, hash }: PulledList,
  now: Date,
  last: NewestRelease | undefined,
): NewestRelease {
  const unreadable = merged.warnings.filter((warning) => warning.kind === 'unreadable');
  const marks = unreadable.map(({ tag, prefix }) => `${tag} ${prefix}`);
  const key = [merged.date ?? '', merged.document.changeNumber, hash, ...marks].join('|');
  if (last?.key === key) return last;
  if (last && addsOnly) return { ...last, unreadable };
  return { key, date: merged.date ?? toDay(now), seenAt: now.toISOString(), unreadable };
}

/** Undefined if the sources have no release of their own: their list has no date, or only adds to the current one. */
function toRelease(
  { startedAt, status }: Pull,
  { merged, addsOnly }: PulledList,
  { id }: Snapshot,
): UnchangedRelease | undefined {
  if (addsOnly || merged.date === undefined) return undefined;
  const { changeNumber } = merged.document;
  const seenAt = startedAt.toISOString();
  return { date: merged.date, seenAt, lookedAt: status?.lastPull.at ?? seenAt, changeNumber, snapshot: id };
}

function toMessage(found: PulledList, { id, date }: Snapshot): string {
  const late = lateDay(found);
  if (late)
    return `the newest document is of ${dayInWords(late)}, older than the current snapshot of ${dayInWords(date)}: ${id} stays current`;
  const isAnyHealthy = found.sources.some(({ status }) => status === 'healthy');
  return isAnyHealthy
    ? `same content as ${id}: nothing stored`
    : `no source has a list that counts: ${id} stays current`;
}

/** Undefined if the targets cannot be read: the pull goes on, and all tags that were watched stay watched. */
async function readTargets(services: PullServices): Promise<readonly Target[] | undefined> {
  try {
    return await services.targets.read();
  } catch (error) {
    services.logger.error('targets cannot be read, the pull goes on without them', { error: toErrorMessage(error) });
    return undefined;
  }
}
