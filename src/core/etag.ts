import { hash } from 'node:crypto';

/**
 * A strong ETag over the bytes of a representation before any content coding. Codings of one representation differ
 * in their bytes, so each gets a tag of its own (RFC 9110, section 8.8.3.3).
 */
export function strongEtag(bytes: string | Uint8Array, coding: string): string {
  const digest = hash('sha256', bytes, 'base64url').slice(0, 32);
  return coding === 'identity' ? `"${digest}"` : `"${digest}-${coding}"`;
}

/** True if an `If-None-Match` header names `etag`: a list or `*`, compared weakly (RFC 9110, section 13.1.2). */
export function matchesEtag(header: string, etag: string): boolean {
  if (header.trim() === '*') return true;
  // A tag may contain a comma, so the list cannot be split at commas.
  for (const [, opaque] of header.matchAll(/(?:W\/)?("[\x21\x23-\x7e\x80-\xff]*")/g)) {
    if (opaque === etag) return true;
  }
  return false;
}
