/** Every blob that version 0.1 of the app left behind in one storage account: five targets in as many states. */
import { readFileSync } from 'node:fs';
import type { BlobServiceClient } from '@azure/storage-blob';

export interface StoredBlob {
  readonly container: string;
  readonly name: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly base64?: string;
}

export const storage01 = JSON.parse(
  readFileSync(new URL('../fixtures/storage-0.1.json', import.meta.url), 'utf8'),
) as readonly StoredBlob[];

export function bytesOf({ json, base64 }: StoredBlob): Buffer {
  return base64 === undefined ? Buffer.from(JSON.stringify(json)) : Buffer.from(base64, 'base64');
}

export async function uploadBlobs(blobs: BlobServiceClient, stored: readonly StoredBlob[]): Promise<void> {
  for (const container of new Set(stored.map((blob) => blob.container))) {
    await blobs.getContainerClient(container).createIfNotExists();
  }
  for (const blob of stored) {
    const bytes = bytesOf(blob);
    const client = blobs.getContainerClient(blob.container).getBlockBlobClient(blob.name);
    await client.upload(bytes, bytes.length, { metadata: { ...blob.metadata } });
  }
}
