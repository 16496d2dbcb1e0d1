import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { InvalidDocumentError, toErrorMessage } from '../../core/errors.ts';

/** Blobs have no content encoding: with one, HTTP clients unpack by themselves, and some of them twice. */
export const gzipType = 'application/gzip';

/** Fifty times the largest known document. Stops a blob that unpacks without end. */
const maxUnpackedBytes = 256 * 1024 * 1024;

export async function toGzipJson(value: unknown): Promise<Buffer> {
  return promisify(gzip)(JSON.stringify(value));
}

/** `name` is container and blob, for messages. Throws InvalidDocumentError. */
export async function unpack(name: string, bytes: Buffer): Promise<Buffer> {
  try {
    return await promisify(gunzip)(bytes, { maxOutputLength: maxUnpackedBytes });
  } catch (error) {
    throw new InvalidDocumentError(`${name} cannot be unpacked: ${toErrorMessage(error)}`, '', { cause: error });
  }
}
