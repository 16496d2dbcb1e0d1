import { createHash } from 'node:crypto';
import { canonicalJson } from '../canonicalJson.ts';
import type { Target } from './target.ts';

/** sha256 (hex) of a target's configuration without `paused` and where it is written: an approval holds only while it is the same. */
export function targetConfigHash(target: Target): string {
  return createHash('sha256')
    .update(canonicalJson({ ...target, paused: undefined, given: undefined }))
    .digest('hex');
}
