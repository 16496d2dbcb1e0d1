/** Runs the works of one key one after the other, in the order of their calls. A failed work does not stop the next. */
export type Serialise = <T>(key: string, work: () => Promise<T>) => Promise<T>;

export function buildSerialise(): Serialise {
  const tails = new Map<string, Promise<unknown>>();
  return async (key, work) => {
    const before = tails.get(key) ?? Promise.resolve();
    const result = before.then(work, work);
    tails.set(key, result);
    try {
      return await result;
    } finally {
      if (tails.get(key) === result) tails.delete(key);
    }
  };
}
