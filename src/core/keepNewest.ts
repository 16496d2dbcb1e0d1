/** Puts an entry at the end of a map and deletes those at its start, the longest unused ones, beyond `maxKept` entries. */
export function keepNewest<K, V>(entries: Map<K, V>, key: K, value: V, maxKept: number): void {
  entries.delete(key);
  entries.set(key, value);
  for (const oldest of [...entries.keys()].slice(0, -maxKept)) entries.delete(oldest);
}
