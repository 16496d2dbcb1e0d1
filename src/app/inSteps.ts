/** Runs a long calculation step by step, so that the process can answer requests between the steps. */
import { setImmediate } from 'node:timers/promises';

export async function inSteps<T>(steps: Generator<undefined, T>): Promise<T> {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
    await setImmediate();
  }
}
