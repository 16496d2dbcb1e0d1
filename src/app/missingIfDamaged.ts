import { InvalidDocumentError } from '../core/errors.ts';

/** For `catch`, if a damaged document is to count as missing. Throws every other error. */
export function missingIfDamaged(error: unknown): undefined {
  if (error instanceof InvalidDocumentError) return undefined;
  throw error;
}
