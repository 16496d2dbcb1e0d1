/** A document becomes a snapshot: judged, stored once, and pointed at. */
import { toSnapshotId } from '../../core/serviceTags/contentHash.ts';
import { judge, type BelievedTag } from '../../core/serviceTags/judge.ts';
import { findTag } from '../../core/serviceTags/regions.ts';
import type { ServiceTagsDocument } from '../../core/serviceTags/serviceTags.ts';
import { diffTags } from '../../core/serviceTags/serviceTagDiff.ts';
import type { Snapshot, SnapshotPointer } from '../../core/serviceTags/snapshot.ts';
import type { Target } from '../../core/targets/target.ts';
import { dayInMs, toDay } from '../../core/time.ts';
import { judgedTags } from '../../core/serviceTags/watchedTags.ts';
import type { Found, Pull, PullServices } from './pull.ts';
import { findSnapshot, toPointer, type CurrentList } from './readCurrent.ts';

export async function storeSnapshot(pull: Pull, found: Found, current: CurrentList): Promise<Snapshot> {
  const { services, startedAt } = pull;
  const { document, warnings, date = toDay(startedAt) } = found.merged;
  const { cloud } = services;
  const previous = current.snapshot;
  const believed = await believedTags(services, current, document, found.targets);
  const snapshot = await putOnce(services, toDay(startedAt), {
    id: toSnapshotId(cloud, date, document.changeNumber, found.hash),
    cloud,
    date,
    changeNumber: document.changeNumber,
    contentHash: found.hash,
    pulledAt: startedAt.toISOString(),
    tagCount: document.values.length,
    prefixCount: document.values.reduce((sum, tag) => sum + tag.addressPrefixes.length, 0),
    ...(previous ? { previous: previous.id } : {}),
    quarantine: judge(document, believed, found.targets, date),
    sources: found.sources,
    disagreements: found.disagreements,
    warnings,
    document,
  });
  if (previous) await services.changes.put(cloud, snapshot.id, diffTags(previous.document, document));
  const origin = { fileDate: found.fileDate, isExtended: found.addsOnly };
  await replacePointer(services, toPointer(snapshot, startedAt.toISOString(), origin), current.etag);
  return snapshot;
}

/**
 * An id that is taken is that of this very snapshot, where a pull died behind this write, or of a list that was current
 * before and comes back: that one has another predecessor and another quarantine, so it gets a day of its own.
 */
async function putOnce(services: PullServices, today: string, snapshot: Snapshot): Promise<Snapshot> {
  for (let next = snapshot; ; next = redated(next, next.date < today ? today : dayAfter(next.date))) {
    if ((await services.snapshots.put(next)) === 'created') return next;
    const stored = await findSnapshot(services, next.id);
    if (stored && isSameStep(stored, next)) return stored;
  }
}

function isSameStep(a: Snapshot, b: Snapshot): boolean {
  return a.previous === b.previous && JSON.stringify(a.quarantine) === JSON.stringify(b.quarantine);
}

function redated(snapshot: Snapshot, date: string): Snapshot {
  const { cloud, changeNumber, contentHash } = snapshot;
  return { ...snapshot, id: toSnapshotId(cloud, date, changeNumber, contentHash), date };
}

function dayAfter(day: string): string {
  return toDay(Date.parse(day) + dayInMs);
}

/** Of every judged tag the content that was believed last: of the snapshot before, or of the one before a quarantine. */
async function believedTags(
  services: PullServices,
  { pointer, snapshot: previous }: CurrentList,
  document: ServiceTagsDocument,
  targets: readonly Target[],
): Promise<BelievedTag[]> {
  if (!pointer) return [];
  if (!previous) return judgedTags(document, targets).map((tag) => ({ tag, baseline: pointer.snapshot }));
  const quarantined = new Map(previous.quarantine.map((entry) => [entry.tag.toLowerCase(), entry]));
  const believed: BelievedTag[] = [];
  for (const baseline of new Set([previous.id, ...previous.quarantine.map((entry) => entry.baseline)])) {
    const before = baseline === previous.id ? previous : await findSnapshot(services, baseline);
    const tags = before ? judgedTags(before.document, targets) : previous.quarantine.map((entry) => entry.tag);
    for (const tag of tags) {
      const entry = quarantined.get(tag.toLowerCase());
      if ((entry?.baseline ?? previous.id) !== baseline) continue;
      believed.push({
        tag,
        baseline,
        ...(before && { addressPrefixes: prefixesOf(before.document, tag) }),
        ...(entry && { quarantined: { entry, addressPrefixes: prefixesOf(previous.document, tag) } }),
      });
    }
  }
  return believed;
}

function prefixesOf(document: ServiceTagsDocument, tag: string): readonly string[] {
  return findTag(document, tag)?.addressPrefixes ?? [];
}

export async function replacePointer(
  { cloud, snapshots }: PullServices,
  pointer: SnapshotPointer,
  etag: string | undefined,
): Promise<void> {
  if ((await snapshots.replacePointer(pointer, etag)) === 'replaced') return;
  throw new Error(`current/${cloud}.json was replaced by somebody else; the next pull looks again`);
}
