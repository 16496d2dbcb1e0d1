/** Splits a list over several feeds so that a change of the list, or of the number of feeds, moves few lines. */

/** The prefixes that belong to shard `index` (from 1) of `count`. */
export function shardOf(prefixes: readonly string[], index: number, count: number): string[] {
  return prefixes.filter((prefix) => shardIndexOf(prefix, count) === index);
}

/**
 * Rendezvous hashing: the shard with the highest score gets the prefix. The shard depends only on the prefix and the
 * count; one more shard takes prefixes from all others and moves none between them.
 */
export function shardIndexOf(prefix: string, count: number): number {
  const hash = hashText(prefix);
  let best = 1;
  let bestScore = -1;
  for (let shard = 1; shard <= count; shard += 1) {
    const score = mix(hash ^ Math.imul(shard, 0x9e3779b1));
    if (score > bestScore) {
      best = shard;
      bestScore = score;
    }
  }
  return best;
}

/** FNV-1a, 32 bits. */
function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash;
}

/** The finaliser of MurmurHash3: every bit of the input moves every bit of the output. */
function mix(value: number): number {
  let hash = value ^ (value >>> 16);
  hash = Math.imul(hash, 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
