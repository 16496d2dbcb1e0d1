/** Long calculations of the core, with a pause between their steps: requests are answered meanwhile. */
import { setImmediate } from 'node:timers/promises';

export async function inSteps<T>(steps: Generator<undefined, T>): Promise<T> {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
    await setImmediate();
  }
}
