/** Calls `make` with the first call and returns its result from then on. After a failure the next call tries again. */
export function once<T>(make: () => Promise<T>): () => Promise<T> {
  const remember = oncePerKey<T>();
  return () => remember('', make);
}

export type OncePerKey<T> = (key: string, make: () => Promise<T>) => Promise<T>;

/** Like `once`, per key. */
export function oncePerKey<T>(): OncePerKey<T> {
  const made = new Map<string, Promise<T>>();
  return (key, make) => {
    const known = made.get(key);
    if (known) return known;
    const making = make();
    made.set(key, making);
    making.catch(() => made.delete(key));
    return making;
  };
}
