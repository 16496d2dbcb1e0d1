/** The hash of a document's content, and the snapshot ids made from it. Change numbers are not part of the content. */
import { createHash } from 'node:crypto';
import { InvalidDocumentError, shorten } from '../errors.ts';
import { clouds, type Cloud, type ServiceTagsDocument } from './serviceTags.ts';

/** sha256 (hex) over the cloud and each tag's name and prefixes; the document is canonical, so this is too. */
export function contentHash(document: ServiceTagsDocument): string {
  const content = [document.cloud, document.values.map((tag) => [tag.name, tag.addressPrefixes])];
  return createHash('sha256').update(JSON.stringify(content)).digest('hex');
}

/** `Public-20250303-346-0123456789ab`; `date` is `YYYY-MM-DD`. */
export function toSnapshotId(cloud: Cloud, date: string, changeNumber: number, contentHash: string): string {
  return `${cloud}-${date.replaceAll('-', '')}-${changeNumber}-${contentHash.slice(0, 12)}`;
}

/** `builtin` instead of a hash: a release of the history that is built into the app. No snapshot of it is stored. */
export const snapshotIdPattern = new RegExp(`^(${clouds.join('|')})-\\d{8}-\\d{1,15}-([0-9a-f]{12}|builtin)$`);

/** True if the text may name a snapshot's blob. No other text becomes part of a path. */
export function isSnapshotId(text: string): boolean {
  return snapshotIdPattern.test(text);
}

/** The cloud, and the first 12 hex digits of the content hash. Throws InvalidDocumentError. */
export function parseSnapshotId(text: string): { readonly cloud: Cloud; readonly hash: string } {
  if (!isSnapshotId(text)) {
    throw new InvalidDocumentError(
      `"${shorten(text)}" is not a snapshot id, expected <cloud>-<YYYYMMDD>-<changeNumber>-<12 hex digits>`,
    );
  }
  const [cloud, , , hash = ''] = text.split('-');
  return { cloud: cloud as Cloud, hash };
}
