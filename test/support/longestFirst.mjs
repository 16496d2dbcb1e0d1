/**
 * The order of the test files. Jest starts what took longest the last time, and in a fresh clone the longest text: a short
 * file that takes long would come last and run alone, while the other workers have nothing to do.
 */
import Sequencer from '@jest/test-sequencer';

/** The longest one, and those that mostly wait: meanwhile the others have the processor. */
const first = [
  'public/pages',
  'matrix/soak',
  'dev/hostQueues',
  'infra/secrets',
  'blob/lease',
  'dev/hostTimers',
  'app/concurrency',
  'dev/azurite',
  'dev/cost',
];

export default class LongestFirst extends Sequencer {
  sort(tests) {
    const sorted = super.sort([...tests]);
    const found = first.flatMap((name) => sorted.filter(({ path }) => path.endsWith(`/${name}.test.ts`)));
    return [...found, ...sorted.filter((test) => !found.includes(test))];
  }
}
