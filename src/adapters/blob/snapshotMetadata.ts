/** Stores the summary of a snapshot as metadata of its blob, so that a list needs no downloads. */
import type { Cloud } from '../../core/serviceTags/serviceTags.ts';
import type { SnapshotSummary } from '../../core/serviceTags/snapshot.ts';
import { InvalidDocumentError } from '../../core/errors.ts';
import { parseBlob } from './shape.ts';
import { summaryCheck } from './snapshotShapes.ts';

export interface ListedSummary {
  readonly summary: SnapshotSummary;
  /** False if the quarantine was too long for the metadata: it is only in the blob. */
  readonly isComplete: boolean;
}

/** Azure allows 8 KB for all metadata of a blob. */
const maxValueLength = 6 * 1024;

export function toMetadata(summary: SnapshotSummary): Readonly<Record<string, string>> {
  const whole = encode(summary);
  return whole.length <= maxValueLength
    ? { summary: whole }
    : { summary: encode({ ...summary, quarantine: [] }), truncated: 'true' };
}

/** Returns undefined if the metadata is not what `toMetadata` wrote. The summary must then be read from the blob. */
export function fromMetadata(
  name: string,
  metadata: Readonly<Record<string, string>>,
  cloud: Cloud,
  id: string,
): ListedSummary | undefined {
  if (metadata.summary === undefined) return undefined;
  try {
    const bytes = Buffer.from(metadata.summary, 'base64');
    const summary = parseBlob(name, bytes, summaryCheck(cloud, id)) as SnapshotSummary;
    return { summary, isComplete: metadata.truncated !== 'true' };
  } catch (error) {
    if (error instanceof InvalidDocumentError) return undefined;
    throw error;
  }
}

function encode(summary: SnapshotSummary): string {
  return Buffer.from(JSON.stringify(summary)).toString('base64');
}
