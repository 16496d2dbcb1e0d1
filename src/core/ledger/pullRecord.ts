import { isSnapshotId, parseSnapshotId } from '../serviceTags/contentHash.ts';
import { isPullRecord, type RunRecord } from './runRecord.ts';
import type { Cloud } from '../serviceTags/serviceTags.ts';

/**
 * True for a record of a pull of this cloud. The chain `pull` has the records of all clouds, and each links to one of its
 * own cloud. Records of earlier versions name the cloud only in the snapshot's id; without one they count for any cloud.
 */
export function isPullOf(cloud: Cloud, record: RunRecord): boolean {
  if (!isPullRecord(record)) return false;
  const { details, snapshot } = record;
  const named = snapshot && isSnapshotId(snapshot.id) ? parseSnapshotId(snapshot.id).cloud : undefined;
  return (details?.cloud ?? named ?? cloud) === cloud;
}
