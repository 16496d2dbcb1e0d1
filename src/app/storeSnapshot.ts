/** A document becomes a snapshot: judged, stored once, and pointed at. */
import { toSnapshotId } from '../core/contentHash.ts';
import { judge, type BelievedTag } from '../core/judge.ts';
import { findTag } from '../core/regions.ts';
import type { ServiceTagsDocument } from '../core/serviceTags.ts';
import { diffTags } from '../core/serviceTagDiff.ts';
import type { Snapshot, SnapshotPointer } from '../core/snapshot.ts';
import type { Target } from '../core/target.ts';
import { watchedTags } from '../core/watchedTags.ts';
import type { Found, PointedSnapshot, Pull, PullServices } from './pull.ts';

export async function storeSnapshot(
  pull: Pull,
  found: Found,
  pointed: PointedSnapshot | undefined,
  date: string,
): Promise<Snapshot> {
  const { services, startedAt } = pull;
  const { merged, hash, targets } = found;
  const { cloud, snapshots } = services;
  const { document } = merged;
  const previous = pointed && (await getSnapshot(services, pointed.pointer.snapshot));
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
    quarantine: judge(document, await believedTags(services, previous, targets), targets, date),
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
  const quarantined = new Map(previous.quarantine.map((entry) => [entry.tag, entry]));
  const believed: BelievedTag[] = [];
  for (const baseline of new Set([previous.id, ...previous.quarantine.map((entry) => entry.baseline)])) {
    const { document } = baseline === previous.id ? previous : await getSnapshot(services, baseline);
    for (const tag of watchedTags(document, targets)) {
      const entry = quarantined.get(tag);
      if ((entry?.baseline ?? previous.id) !== baseline) continue;
      const addressPrefixes = prefixesOf(document, tag);
      const listed = prefixesOf(previous.document, tag);
      believed.push({
        tag,
        baseline,
        addressPrefixes,
        ...(entry && { quarantined: { entry, addressPrefixes: listed } }),
      });
    }
  }
  return believed;
}

function prefixesOf(document: ServiceTagsDocument, tag: string): readonly string[] {
  return findTag(document, tag)?.addressPrefixes ?? [];
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

export async function getSnapshot({ snapshots, cloud }: PullServices, id: string): Promise<Snapshot> {
  const snapshot = await snapshots.get(cloud, id);
  if (!snapshot) throw new Error(`snapshot ${id} is pointed at and is not there`);
  return snapshot;
}
