import { isSnapshotId, parseSnapshotId } from '../serviceTags/contentHash.ts';
import { isPullRecord, type RunRecord } from './runRecord.ts';
import type { Cloud } from '../serviceTags/serviceTags.ts';

/**
 * The records of all clouds lie under the one chain name `pull`, and each cloud's are linked to its own alone. Records
 * of earlier versions name their cloud in the snapshot's id only; without one they count as any cloud's.
 */
export function isPullOf(cloud: Cloud, record: RunRecord): boolean {
  if (!isPullRecord(record)) return false;
  const { details, snapshot } = record;
  const named = snapshot && isSnapshotId(snapshot.id) ? parseSnapshotId(snapshot.id).cloud : undefined;
  return (details?.cloud ?? named ?? cloud) === cloud;
}
