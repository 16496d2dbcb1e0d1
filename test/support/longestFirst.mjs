/**
 * The order of the test files. Jest starts what took longest the last time, and in a fresh clone the longest text: a short
 * file that takes long would come last and run alone, while the other worker has nothing to do.
 */
import Sequencer from '@jest/test-sequencer';

const shortButSlow = /\b(matrix.soak|dev.cost|dev.azurite|blob.lease)\.test\.ts$/;

export default class LongestFirst extends Sequencer {
  sort(tests) {
    const sorted = super.sort([...tests]);
    const isSlow = ({ path }) => shortButSlow.test(path);
    return [...sorted.filter(isSlow), ...sorted.filter((test) => !isSlow(test))];
  }
}
