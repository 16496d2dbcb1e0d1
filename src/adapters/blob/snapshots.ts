/** Container `service-tags`: snapshots, the pointer to the current one, and the status of the pulls. */
import type { CurrentRelease, PullSession, SnapshotStore } from '../../app/ports.ts';
import { contentHash, parseSnapshotId } from '../../core/serviceTags/contentHash.ts';
import { InvalidDocumentError } from '../../core/errors.ts';
import type { Cloud } from '../../core/serviceTags/serviceTags.ts';
import type { PullStatus } from '../../core/ledger/pullStatus.ts';
import type { Snapshot, SnapshotPointer, SnapshotSummary } from '../../core/serviceTags/snapshot.ts';
import { compareText } from '../../core/words.ts';
import { BlobContainer, type BlobServices } from './container.ts';
import { gzipType, toGzipJson, unpack } from './gzipJson.ts';
import type { LeaseOptions } from './lease.ts';
import { readDocument, readDocumentUnless, withDocument, type LeasedDocument } from './leasedDocument.ts';
import { parseDocument, toDocument } from './shape.ts';
import { checkSnapshotId, isSnapshotIdOf } from './snapshotId.ts';
import { pointerCheck, pullStatusCheck, snapshotCheck } from './snapshotShapes.ts';
import { fromMetadata, toMetadata } from './snapshotMetadata.ts';

export const serviceTagsContainer = 'service-tags';

export class BlobSnapshotStore implements SnapshotStore {
  readonly #container: BlobContainer;
  readonly #leaseOptions: Partial<LeaseOptions>;

  constructor(services: BlobServices, leaseOptions: Partial<LeaseOptions> = {}) {
    this.#container = new BlobContainer(services, serviceTagsContainer);
    this.#leaseOptions = leaseOptions;
  }

  async put(snapshot: Snapshot): Promise<'created' | 'exists'> {
    checkSnapshotId(snapshot.cloud, snapshot.id);
    const bytes = await toGzipJson(toDocument(snapshot));
    const metadata = toMetadata(toSummary(snapshot));
    return this.#container.putIfAbsent(snapshotName(snapshot.cloud, snapshot.id), bytes, {
      contentType: gzipType,
      metadata,
    });
  }

  async get(cloud: Cloud, id: string): Promise<Snapshot | undefined> {
    if (!isSnapshotIdOf(cloud, id)) return undefined;
    const name = snapshotName(cloud, id);
    const stored = await this.#container.read(name);
    if (!stored) return undefined;
    const path = `${serviceTagsContainer}/${name}`;
    const snapshot = parseDocument(path, await unpack(path, stored.bytes), snapshotCheck(cloud, id)) as Snapshot;
    checkContent(path, snapshot);
    return snapshot;
  }

  /** Sorts by the time of the pull, because Microsoft has withdrawn releases and changed their dates. */
  async list(cloud: Cloud): Promise<readonly SnapshotSummary[]> {
    const prefix = `snapshots/${cloud}/`;
    const summaries: SnapshotSummary[] = [];
    for await (const { name, metadata } of this.#container.list(prefix)) {
      const id = name.slice(prefix.length).replace(/\.json\.gz$/, '');
      if (!isSnapshotIdOf(cloud, id) || snapshotName(cloud, id) !== name) continue;
      const known = fromMetadata(`${serviceTagsContainer}/${name}`, metadata, cloud, id);
      const summary = known ?? (await this.#readSummary(cloud, id));
      if (summary) summaries.push(summary);
    }
    return summaries.sort((a, b) => compareText(b.pulledAt, a.pulledAt) || compareText(b.id, a.id));
  }

  async readPointer(
    cloud: Cloud,
    unlessEtag?: string,
  ): Promise<{ readonly pointer: SnapshotPointer; readonly etag: string } | 'notModified' | undefined> {
    const name = pointerName(cloud);
    const stored = await this.#container.readUnless(name, unlessEtag);
    if (stored === undefined || stored === 'notModified') return stored;
    const path = `${serviceTagsContainer}/${name}`;
    const pointer = parseDocument(path, stored.bytes, pointerCheck(cloud)) as SnapshotPointer;
    return { pointer, etag: stored.etag };
  }

  async readPointerEtag(cloud: Cloud): Promise<string | undefined> {
    return (await this.#container.read(pointerName(cloud)))?.etag;
  }

  async replacePointer(pointer: SnapshotPointer, etag: string | undefined): Promise<'replaced' | 'conflict'> {
    const bytes = Buffer.from(JSON.stringify(toDocument(pointer)));
    return this.#container.replace(pointerName(pointer.cloud), bytes, etag, { contentType: 'application/json' });
  }

  async readPullStatus(cloud: Cloud): Promise<PullStatus | undefined> {
    return readDocument(this.#container, statusDocument(cloud));
  }

  async readCurrent(cloud: Cloud, known?: CurrentRelease): Promise<CurrentRelease> {
    const [pointer, status] = await Promise.all([
      this.readPointer(cloud, known?.etags.pointer),
      readDocumentUnless(this.#container, statusDocument(cloud), known?.etags.status),
    ]);
    return {
      pointer: pointer === 'notModified' ? known?.pointer : pointer?.pointer,
      status: status === 'notModified' ? known?.status : status?.value,
      etags: {
        pointer: pointer === 'notModified' ? known?.etags.pointer : pointer?.etag,
        status: status === 'notModified' ? known?.etags.status : status?.etag,
      },
    };
  }

  async withPullLease<T>(cloud: Cloud, work: (session: PullSession) => Promise<T>): Promise<T | 'busy'> {
    return withDocument(this.#container, statusDocument(cloud), this.#leaseOptions, (session) =>
      work({
        status: session.value === 'unreadable' ? undefined : session.value,
        putStatus: (status) => session.put(status),
      }),
    );
  }

  /** Returns undefined if the blob does not exist or is damaged, so that the others are still listed. */
  async #readSummary(cloud: Cloud, id: string): Promise<SnapshotSummary | undefined> {
    try {
      const snapshot = await this.get(cloud, id);
      return snapshot && toSummary(snapshot);
    } catch (error) {
      if (error instanceof InvalidDocumentError) return undefined;
      throw error;
    }
  }
}

function snapshotName(cloud: Cloud, id: string): string {
  return `snapshots/${cloud}/${id}.json.gz`;
}

function pointerName(cloud: Cloud): string {
  return `current/${cloud}.json`;
}

/**
 * Requires that the content matches its hash and its name: somebody who may write blobs must not be able to open a
 * firewall. Throws InvalidDocumentError.
 */
function checkContent(path: string, { id, contentHash: hash, document }: Snapshot): void {
  const found = contentHash(document);
  if (found === hash && parseSnapshotId(id).hash === hash.slice(0, 12)) return;
  throw new InvalidDocumentError(`${path}: the content has the hash ${found}, not the one that it was stored with`);
}

function statusDocument(cloud: Cloud): LeasedDocument<PullStatus> {
  return {
    path: `status/${cloud}`,
    parse: (name, bytes) => toPullStatus(parseDocument(name, bytes, pullStatusCheck(cloud)) as StoredPullStatus),
    toJson: toDocument,
  };
}

/** Version 0.1 stored a single record in `outbox`. */
interface StoredPullStatus extends Omit<PullStatus, 'outbox'> {
  readonly outbox?: PullStatus['outbox'] | NonNullable<PullStatus['outbox']>[number];
}

function toPullStatus({ outbox = [], ...status }: StoredPullStatus): PullStatus {
  return { ...status, outbox: 'id' in outbox ? [outbox] : outbox };
}

function toSummary({
  sources: _s,
  disagreements: _d,
  warnings: _w,
  document: _doc,
  ...summary
}: Snapshot): SnapshotSummary {
  return summary;
}
