import { createHash } from 'node:crypto';
import type { Target } from './target.ts';

/** sha256 (hex) of a target's configuration without `paused`: an approval holds only while it is the same. */
export function targetConfigHash(target: Target): string {
  return createHash('sha256')
    .update(JSON.stringify(toCanonical({ ...target, paused: undefined })))
    .digest('hex');
}

/** Keys sorted at every level, so that the order in the file does not count. */
function toCanonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toCanonical);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => [key, toCanonical(member)]),
  );
}
