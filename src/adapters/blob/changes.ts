/** Container `service-tags`: the differences between each snapshot and the one before it. */
import type { ChangeStore } from '../../app/ports.ts';
import { checkSnapshotId, isSnapshotIdOf } from './snapshotId.ts';
import type { SnapshotDiff } from '../../core/serviceTags/serviceTagDiff.ts';
import type { Cloud } from '../../core/serviceTags/serviceTags.ts';
import { BlobContainer, type BlobServices } from './container.ts';
import { gzipType, toGzipJson, unpack } from './gzipJson.ts';
import { parseDocument, toDocument } from './shape.ts';
import { changesCheck } from './snapshotShapes.ts';
import { serviceTagsContainer } from './snapshots.ts';

export class BlobChangeStore implements ChangeStore {
  readonly #container: BlobContainer;

  constructor(services: BlobServices) {
    this.#container = new BlobContainer(services, serviceTagsContainer);
  }

  async put(cloud: Cloud, snapshotId: string, changes: SnapshotDiff): Promise<'created' | 'exists'> {
    checkSnapshotId(cloud, snapshotId);
    const bytes = await toGzipJson(toDocument(changes));
    return this.#container.putIfAbsent(changesName(cloud, snapshotId), bytes, { contentType: gzipType });
  }

  async get(cloud: Cloud, snapshotId: string): Promise<SnapshotDiff | undefined> {
    if (!isSnapshotIdOf(cloud, snapshotId)) return undefined;
    const name = changesName(cloud, snapshotId);
    const stored = await this.#container.read(name);
    if (!stored) return undefined;
    const path = `${serviceTagsContainer}/${name}`;
    return parseDocument(path, await unpack(path, stored.bytes), changesCheck) as SnapshotDiff;
  }
}

function changesName(cloud: Cloud, snapshotId: string): string {
  return `changes/${cloud}/${snapshotId}.json.gz`;
}
