/** Reads the current list as far as possible: lost or damaged parts do not stop a pull. */
import { InvalidDocumentError } from '../../core/errors.ts';
import type { History } from '../../core/history/history.ts';
import type { ListOrigin } from '../../core/serviceTags/fileDate.ts';
import type { Snapshot, SnapshotPointer, SnapshotSummary } from '../../core/serviceTags/snapshot.ts';
import { missingIfDamaged } from '../missingIfDamaged.ts';
import type { PullServices } from './pull.ts';

export interface StoredList {
  /** Undefined before the first pull. */
  readonly pointer: SnapshotPointer | undefined;
  /** ETag of the pointer that this pull may replace. */
  readonly etag: string | undefined;
  /** False if the pointer in storage is another one or none: it has to be written. */
  readonly isPointed: boolean;
  /** Undefined if the snapshot is lost or damaged. */
  readonly snapshot: Snapshot | undefined;
  /** What people should know about it. */
  readonly notices: readonly string[];
}

type Services = Pick<PullServices, 'cloud' | 'snapshots'>;

export async function readStoredList(services: Services): Promise<StoredList> {
  const { pointer, etag } = await readPointer(services);
  if (!pointer) return newestSnapshot(services, etag);
  const snapshot = await findSnapshot(services, pointer.snapshot);
  return { pointer, etag, isPointed: true, snapshot, notices: [] };
}

/** Undefined if it is lost or damaged. Throws if storage does not answer. */
export function findSnapshot({ cloud, snapshots }: Services, id: string): Promise<Snapshot | undefined> {
  return snapshots.get(cloud, id).catch(missingIfDamaged);
}

/** The newest snapshot that is stored of the history's releases. Undefined if there is none. */
export async function newestStored(
  { cloud, snapshots }: Services,
  { releases }: History,
): Promise<Snapshot | undefined> {
  for (const { snapshot: id, builtIn } of releases.toReversed()) {
    const snapshot = builtIn ? undefined : await snapshots.get(cloud, id);
    if (snapshot) return snapshot;
  }
  return undefined;
}

export function toPointer(summary: SnapshotSummary, since: string, origin: Partial<ListOrigin> = {}): SnapshotPointer {
  const { cloud, id, contentHash, date, changeNumber } = summary;
  const { fileDate, isExtended } = origin;
  return {
    cloud,
    snapshot: id,
    contentHash,
    date,
    changeNumber,
    ...(fileDate === undefined ? {} : { fileDate }),
    ...(isExtended ? { isExtended } : {}),
    since,
  };
}

/** The pointer to a snapshot that becomes current again. */
export function pointerBackTo(snapshot: Snapshot, since: Date): SnapshotPointer {
  return toPointer(snapshot, since.toISOString(), { fileDate: snapshot.release?.date ?? snapshot.date });
}

async function readPointer({ cloud, snapshots }: Services): Promise<Pick<StoredList, 'pointer' | 'etag'>> {
  try {
    const answer = await snapshots.readPointer(cloud);
    return answer === undefined || answer === 'notModified' ? { pointer: undefined, etag: undefined } : answer;
  } catch (error) {
    if (!(error instanceof InvalidDocumentError)) throw error;
    return { pointer: undefined, etag: await snapshots.readPointerEtag(cloud) };
  }
}

async function newestSnapshot(services: Services, etag: string | undefined): Promise<StoredList> {
  const { cloud, snapshots } = services;
  const [newest] = await snapshots.list(cloud);
  if (!newest) return { pointer: undefined, etag, isPointed: false, snapshot: undefined, notices: [] };
  return {
    pointer: toPointer(newest, newest.pulledAt),
    etag,
    isPointed: false,
    snapshot: await findSnapshot(services, newest.id),
    notices: [
      `current/${cloud}.json was lost or is damaged: the app uses ${newest.id}, the newest snapshot. Nothing to do.`,
    ],
  };
}
