import { isSnapshotId, parseSnapshotId } from '../../core/serviceTags/contentHash.ts';
import { InvalidDocumentError } from '../../core/errors.ts';
import type { Cloud } from '../../core/serviceTags/serviceTags.ts';

/** True for an id of a snapshot of this cloud. Only such ids are used in a path. */
export function isSnapshotIdOf(cloud: Cloud, id: string): boolean {
  return isSnapshotId(id) && parseSnapshotId(id).cloud === cloud;
}

/** Throws InvalidDocumentError unless it is the id of a snapshot of this cloud. */
export function checkSnapshotId(cloud: Cloud, id: string): void {
  if (parseSnapshotId(id).cloud !== cloud) throw new InvalidDocumentError(`${id} is no snapshot of the cloud ${cloud}`);
}
