/** The history that a pull goes on with, what it makes of the new list, and how the new release gets into it. */
import { appendSnapshot, appendUnchanged, type UnchangedRelease } from '../../core/history/appendRelease.ts';
import { History } from '../../core/history/history.ts';
import { serviceOf, type HistoryDocument } from '../../core/history/historyDocument.ts';
import { isRegistryTag } from '../../core/history/limits.ts';
import { quarantines } from '../../core/history/quarantine.ts';
import type { Snapshot, TagQuarantine } from '../../core/serviceTags/snapshot.ts';
import { concerns } from '../../core/serviceTags/watchedTags.ts';
import type { Target } from '../../core/targets/target.ts';
import { isDamaged, withDecisions } from '../history/historyReader.ts';
import { rebuildHistory } from '../history/rebuildHistory.ts';
import type { HistoryDecisions } from '../ports.ts';
import type { PullServices } from './pull.ts';

export interface OpenHistory {
  readonly document: HistoryDocument;
  /** Of the blob that is to be replaced. */
  readonly etag: string | undefined;
  readonly decisions: HistoryDecisions | undefined;
}

/**
 * As it is stored. It is made anew if it is lost or damaged, if it does not end with the snapshot that holds now (a pull
 * died), and if a service is new to it. What is recorded stays recorded, also while the targets cannot be read.
 */
export async function openHistory(
  services: PullServices,
  targets: readonly Target[] | undefined,
  newest: string | undefined,
): Promise<OpenHistory> {
  const { histories, cloud } = services;
  const stored = await readStored(services);
  const decisions = (await histories.readDecisions(cloud))?.decisions;
  const wanted = [
    ...new Set([...(stored.document?.services ?? []), ...(targets ?? []).map(({ serviceTag }) => serviceOf(serviceTag))]),
  ];
  const { document } = stored;
  const isWhole = document?.releases.findLast(({ builtIn }) => !builtIn)?.snapshot === newest;
  const known = new Set(document?.services.map((service) => service.toLowerCase()));
  if (document && isWhole && wanted.every((service) => known.has(service.toLowerCase()))) {
    return { document, etag: stored.etag, decisions };
  }
  return { document: await rebuildHistory(services, wanted, { newest }), etag: stored.etag, decisions };
}

async function readStored({
  histories,
  cloud,
}: PullServices): Promise<{ readonly document?: HistoryDocument; readonly etag: string | undefined }> {
  try {
    const answer = await histories.read(cloud);
    return answer === undefined || answer === 'notModified' ? { etag: undefined } : answer;
  } catch (error) {
    if (!isDamaged(error)) throw error;
    return { etag: await histories.readEtag(cloud) };
  }
}

/** The tags that are in quarantine with a snapshot: those that targets follow, and AzureContainerRegistry's. */
export function quarantineWith(
  { document, decisions }: OpenHistory,
  snapshot: Omit<Snapshot, 'quarantine'>,
  targets: readonly Target[] | undefined,
): TagQuarantine[] {
  const history = new History(withDecisions(appendSnapshot(document, snapshot), decisions));
  // While the targets cannot be read, whatever is recorded may be one that they follow.
  const isFollowed = (tag: string) =>
    isRegistryTag(tag) || targets === undefined || targets.some((target) => concerns(target, tag));
  return quarantines(history)
    .filter(({ status, tag }) => status === 'quarantined' && isFollowed(tag))
    .map(({ tag, kind, reason, comparedWith, since, confirmations }) => ({
      tag,
      kind,
      reason,
      baseline: comparedWith.snapshot,
      since: since.date,
      confirmations,
    }));
}

export async function recordSnapshot(services: PullServices, open: OpenHistory, snapshot: Snapshot): Promise<void> {
  await replace(services, appendSnapshot(open.document, snapshot), open.etag);
}

/**
 * A new date with the same content confirms what is gone. `isNew`: the sources published something since the last pull.
 */
export async function recordUnchanged(
  services: PullServices,
  open: OpenHistory,
  release: UnchangedRelease | undefined,
): Promise<void> {
  const isNew = release !== undefined && open.document.releases.at(-1)?.date !== release.date;
  if (isNew) await services.histories.putUnchanged(services.cloud, release);
  const next = isNew ? appendUnchanged(open.document, release) : open.document;
  const stored = await services.histories.read(services.cloud, open.etag);
  if (stored === 'notModified' && !isNew) return;
  await replace(services, next, open.etag);
}

async function replace(services: PullServices, document: HistoryDocument, etag: string | undefined): Promise<void> {
  if ((await services.histories.replace(document, etag)) === 'replaced') return;
  throw new Error(`history/${services.cloud}.json.gz was replaced by somebody else; the next pull looks again`);
}
