/** Stores the summary of a snapshot as metadata of its blob, so that a list needs no downloads. */
import type { Cloud } from '../../core/serviceTags/serviceTags.ts';
import type { SnapshotSummary } from '../../core/serviceTags/snapshot.ts';
import { InvalidDocumentError } from '../../core/errors.ts';
import { parseBlob } from './shape.ts';
import { summaryCheck } from './snapshotShapes.ts';

/** Azure allows 8 KB for all metadata of a blob. */
const maxValueLength = 6 * 1024;

/** Empty if the quarantine is too long. The summary must then be read from the blob. */
export function toMetadata(summary: SnapshotSummary): Readonly<Record<string, string>> {
  const encoded = Buffer.from(JSON.stringify(summary)).toString('base64');
  return encoded.length <= maxValueLength ? { summary: encoded } : {};
}

/** Returns undefined if the metadata has no whole summary, or not what `toMetadata` wrote. */
export function fromMetadata(
  name: string,
  metadata: Readonly<Record<string, string>>,
  cloud: Cloud,
  id: string,
): SnapshotSummary | undefined {
  // Version 0.1 stored a summary without the quarantine if that was too long.
  if (metadata.summary === undefined || metadata.truncated === 'true') return undefined;
  try {
    return parseBlob(name, Buffer.from(metadata.summary, 'base64'), summaryCheck(cloud, id)) as SnapshotSummary;
  } catch (error) {
    if (error instanceof InvalidDocumentError) return undefined;
    throw error;
  }
}
