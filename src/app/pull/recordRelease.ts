/** Opens the history for a pull, finds quarantines in the new list, and adds the new release to the history. */
import { InvalidDocumentError } from '../../core/errors.ts';
import { appendSnapshot, appendUnchanged, type UnchangedRelease } from '../../core/history/appendRelease.ts';
import { History } from '../../core/history/history.ts';
import { serviceOf, type HistoryDocument, type Release } from '../../core/history/historyDocument.ts';
import { openQuarantine, toTagQuarantine } from '../../core/history/quarantine.ts';
import type { Snapshot, TagQuarantine } from '../../core/serviceTags/snapshot.ts';
import { isFollowed } from '../../core/serviceTags/watchedTags.ts';
import type { Target } from '../../core/targets/target.ts';
import { withDecisions } from '../history/historyReader.ts';
import { rebuildHistory } from '../history/rebuildHistory.ts';
import type { HistoryDecisions } from '../ports.ts';
import type { PullServices } from './pull.ts';

export interface OpenHistory {
  readonly document: HistoryDocument;
  /** ETag of the blob that this pull may replace. */
  readonly etag: string | undefined;
  /** False if the document was rebuilt: it has to be written. */
  readonly isStored: boolean;
  readonly decisions: HistoryDecisions | undefined;
}

/**
 * Returns the stored history. Rebuilds it if it is lost or damaged, if its last release that is not rejected is of another
 * snapshot than the current one (a pull died), or if a target follows a service that it does not record. Recorded services
 * stay recorded.
 */
export async function openHistory(
  services: PullServices,
  decisions: HistoryDecisions | undefined,
  targets: readonly Target[] | undefined,
  newest: string | undefined,
): Promise<OpenHistory> {
  const stored = await readStored(services);
  const wanted = [
    ...new Set([
      ...(stored.document?.services ?? []),
      ...(targets ?? []).map(({ serviceTag }) => serviceOf(serviceTag)),
    ]),
  ];
  const { document, etag } = stored;
  const last = document && lastCounted({ document, decisions });
  const isWhole = (last?.builtIn ? undefined : last?.snapshot) === newest;
  const known = new Set(document?.services.map((service) => service.toLowerCase()));
  if (document && isWhole && wanted.every((service) => known.has(service.toLowerCase()))) {
    return { document, etag, isStored: true, decisions };
  }
  return { document: await rebuildHistory(services, decisions, wanted, newest), etag, isStored: false, decisions };
}

/** The last release that is not rejected. */
function lastCounted({ document, decisions }: Pick<OpenHistory, 'document' | 'decisions'>): Release | undefined {
  return withDecisions(document, decisions).releases.findLast(({ rejected }) => !rejected);
}

async function readStored({
  histories,
  cloud,
}: PullServices): Promise<{ readonly document?: HistoryDocument; readonly etag: string | undefined }> {
  try {
    const answer = await histories.read(cloud);
    return answer === undefined || answer === 'notModified' ? { etag: undefined } : answer;
  } catch (error) {
    // A document of a newer version is not damaged and must not be overwritten.
    if (!(error instanceof InvalidDocumentError)) throw error;
    return { etag: await histories.readEtag(cloud) };
  }
}

/**
 * The tags that a new snapshot puts into quarantine, as people are notified of it and as feeds go by it. Targets go by their
 * own limits.
 */
export function quarantineWith(
  { document, decisions }: OpenHistory,
  snapshot: Omit<Snapshot, 'quarantine'>,
  targets: readonly Target[] | undefined,
): TagQuarantine[] {
  const history = new History(withDecisions(appendSnapshot(document, snapshot), decisions));
  return (
    history.tags
      // While the targets cannot be read, every recorded tag may be followed.
      .filter(({ name }) => targets === undefined || isFollowed(name, targets))
      .flatMap(({ name }) => openQuarantine(history, name) ?? [])
      .map(toTagQuarantine)
      .sort((a, b) => (a.tag < b.tag ? -1 : 1))
  );
}

export async function recordSnapshot(services: PullServices, open: OpenHistory, snapshot: Snapshot): Promise<void> {
  await replace(services, appendSnapshot(open.document, snapshot), open.etag);
}

/** Records a release with a new date and the same content: it confirms what is no longer listed. */
export async function recordUnchanged(
  services: PullServices,
  open: OpenHistory,
  release: UnchangedRelease | undefined,
): Promise<void> {
  const isNew = release !== undefined && lastCounted(open)?.date !== release.date;
  if (isNew) await services.histories.putUnchanged(services.cloud, release);
  if (!isNew && open.isStored) return;
  await replace(services, isNew ? appendUnchanged(open.document, release) : open.document, open.etag);
}

async function replace(services: PullServices, document: HistoryDocument, etag: string | undefined): Promise<void> {
  if ((await services.histories.replace(document, etag)) === 'replaced') return;
  throw new Error(`history/${services.cloud}.json.gz was replaced by somebody else; the next pull looks again`);
}
