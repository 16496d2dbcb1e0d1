/** Ends a pull that worked: queues updates, stores status and record, and notifies people. */
import { nothingIsRemoved } from '../../core/history/quarantine.ts';
import { asWritten, diffTags, type SnapshotDiff } from '../../core/serviceTags/serviceTagDiff.ts';
import type { NewestRelease, PullStatus } from '../../core/ledger/pullStatus.ts';
import type { DocumentWarning } from '../../core/serviceTags/serviceTags.ts';
import type { Snapshot } from '../../core/serviceTags/snapshot.ts';
import { watchedTags } from '../../core/serviceTags/watchedTags.ts';
import { counted, dayInWords } from '../../core/words.ts';
import { commitPull, lastPullOf, reasonsOf, type Ending } from './commitPull.ts';
import { fanOut } from './fanOut.ts';
import { notifyOfPull } from './notifyOfPull.ts';
import { lateDay, type PulledList, type Pull, type PullResult } from './pull.ts';
import { findSnapshot } from './storedList.ts';

export async function finishUnchanged(
  pull: Pull,
  found: PulledList,
  snapshot: Snapshot,
  publication: NewestRelease,
  message: string,
): Promise<PullResult> {
  const { services, session, status, runId, notices } = pull;
  const { merged, sources } = found;
  const next = statusAfter(pull, found, publication, 'unchanged', snapshot);
  const isRecorded = notices.length > 0 || isNews(status, next);
  if (isRecorded) {
    await commitPull(
      pull,
      next,
      { outcome: 'unchanged', reasons: reasonsOf(notices) },
      { message, ...sourceDetails(next) },
    );
  } else {
    await session.putStatus(next);
  }
  services.logger.info(message, { runId, snapshot: snapshot.id });
  tell(pull, found, notices);
  await notifyOfPull(pull, { ...found, changes: [], quarantine: [], snapshot: snapshot.id, notices });
  return {
    ...(isRecorded ? { runId } : {}),
    outcome: 'unchanged',
    snapshot: snapshot.id,
    date: merged.date ?? snapshot.date,
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

function statusAfter(
  pull: Pull,
  { sources, disagreements, misdated }: PulledList,
  publication: NewestRelease,
  outcome: PullResult['outcome'],
  snapshot: Snapshot,
): PullStatus {
  const { services, status } = pull;
  return {
    ...status,
    cloud: services.cloud,
    lastPull: lastPullOf(pull, outcome, { snapshot: snapshot.id }),
    publication,
    sources,
    disagreements,
    misdated,
  };
}

/** For unchanged content: true if a source has begun or ceased to fail, to be outdated or to disagree. */
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

/** Continues after the snapshot is stored: messages, record, status. If a pull dies before, the next one continues here. */
export async function finishChanged(
  pull: Pull,
  found: PulledList,
  snapshot: Snapshot,
  publication: NewestRelease,
): Promise<PullResult> {
  const { services, status, runId } = pull;
  const { sources, targets = [] } = found;
  const before = status?.fannedOut === undefined ? undefined : await findSnapshot(services, status.fannedOut);
  const diff = diffTags(before?.document, snapshot.document);
  const queued = await fanOut(services.queue, targets, diff, quarantineChanged(before, snapshot));
  const watched = new Set([
    ...watchedTags(snapshot.document, targets),
    ...(before ? watchedTags(before.document, targets) : []),
  ]);
  const changes = diff.changes.filter((change) => watched.has(change.tag));
  const late = lateNote(found);
  const summary = `${snapshot.id}: ${counted(diff.changes.length, 'tag')} changed, ${counted(queued.length, 'target')} queued`;
  const message = late === undefined ? summary : `${summary}. ${late}`;
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
  const next = { ...statusAfter(pull, found, publication, 'changed', snapshot), fannedOut: snapshot.id };
  const { notices } = pull;
  await commitPull(pull, next, toEnding(snapshot, notices, late), changeDetails(found, snapshot, result, diff));
  services.logger.info(message, { runId, snapshot: snapshot.id, warnings: snapshot.warnings.length });
  tell(pull, found, notices);
  const { quarantine } = snapshot;
  await notifyOfPull(pull, {
    ...found,
    changes: before ? changes.map((change) => asWritten(change, before.document, snapshot.document)) : [],
    quarantine,
    snapshot: snapshot.id,
    late,
    notices,
  });
  return result;
}

/** For every message about additions: an outdated list may add addresses that are no longer listed. */
function lateNote(found: PulledList): string | undefined {
  const late = lateDay(found);
  if (late === undefined) return undefined;
  return `The newest document is of ${dayInWords(late)}, older than the current list${found.fileDate === undefined ? '' : ` of ${dayInWords(found.fileDate)}`}: the app only adds what it lists, and removes nothing until a newer document comes.`;
}

function quarantineChanged(before: Snapshot | undefined, after: Snapshot): string[] {
  const was = new Set(before?.quarantine.map((entry) => entry.tag));
  const is = new Set(after.quarantine.map((entry) => entry.tag));
  return [...[...was].filter((tag) => !is.has(tag)), ...[...is].filter((tag) => !was.has(tag))];
}

function toEnding(snapshot: Snapshot, notices: readonly string[], late: string | undefined): Ending {
  return {
    outcome: 'applied',
    reasons: [
      ...snapshot.quarantine.map((entry) => ({
        code: 'quarantined' as const,
        message: `${entry.reason} ${nothingIsRemoved}`,
      })),
      ...reasonsOf(notices),
      ...(late === undefined ? [] : [{ code: 'lateList' as const, message: late }]),
    ],
    snapshot: { id: snapshot.id, contentHash: snapshot.contentHash, date: snapshot.date },
  };
}

function changeDetails(
  { addsOnly }: PulledList,
  snapshot: Snapshot,
  { changes, queued }: PullResult,
  diff: SnapshotDiff,
) {
  return {
    previous: snapshot.previous ?? null,
    changeNumber: snapshot.changeNumber,
    addsOnly,
    ...sourceDetails(snapshot),
    warnings: snapshot.warnings.slice(0, 100),
    warningCount: snapshot.warnings.length,
    changedTags: diff.changes.length,
    changes: changes.map(({ tag, added, removed }) => ({ tag, added: added.length, removed: removed.length })),
    queued,
  };
}

/** The warnings that concern more than single prefixes. */
const leftOutWhole: ReadonlySet<DocumentWarning['kind']> = new Set(['futureDate', 'badName', 'tooLarge']);

function tell({ services, runId }: Pull, { merged }: PulledList, notices: readonly string[]): void {
  const odd = merged.warnings.filter(({ kind }) => leftOutWhole.has(kind)).map(({ message }) => message);
  for (const message of [...notices, ...odd]) services.logger.warn(message, { runId });
}
