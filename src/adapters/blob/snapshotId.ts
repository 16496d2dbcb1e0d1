import { isSnapshotId, parseSnapshotId } from '../../core/serviceTags/contentHash.ts';
import { InvalidDocumentError } from '../../core/errors.ts';
import type { Cloud } from '../../core/serviceTags/serviceTags.ts';

/** Only such ids become a path. */
export function isSnapshotIdOf(cloud: Cloud, id: string): boolean {
  return isSnapshotId(id) && parseSnapshotId(id).cloud === cloud;
}

/** Throws InvalidDocumentError. */
export function checkSnapshotId(cloud: Cloud, id: string): void {
  if (parseSnapshotId(id).cloud !== cloud) throw new InvalidDocumentError(`${id} is no snapshot of the cloud ${cloud}`);
}
