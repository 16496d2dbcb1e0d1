/** For so long one update uses Azure: the host ends the whole process after ten minutes (`functionTimeout`). */
export const updateTimeInMs = 4 * 60_000;

/** Awaits `work`, and throws if that takes longer than the limit; the work itself is not stopped. */
export async function withTimeLimit<T>(work: Promise<T>, limitInMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${limitInMs} ms`)), limitInMs);
    timer.unref();
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
