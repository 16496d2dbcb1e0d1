/**
 * Binary search in `entries`, where those with `isBefore` come first: the index of the first other one within `from` and
 * `to`; `to` if there is none.
 */
export function firstIndex<T>(
  entries: readonly T[],
  isBefore: (entry: T) => boolean,
  from = 0,
  to = entries.length,
): number {
  let [low, high] = [from, to];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isBefore(entries[middle] as T)) low = middle + 1;
    else high = middle;
  }
  return low;
}
