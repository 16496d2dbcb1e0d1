import { expect, test } from '@jest/globals';
import type { AddressRange } from '../../../src/core/prefixes.ts';
import { rangeToPrefixes } from '../../../src/core/prefixes.ts';
import { acr, historyOf } from './historyFixtures.ts';

const many = Array.from({ length: 100 }, (_, index) => `40.${index}.0.0/24`);
const wide = '60.0.0.0/18';

test('a tag has one event for each release that changes what counts as listed', () => {
  const toTexts = (ranges: readonly AddressRange[]) => ranges.flatMap((range) => rangeToPrefixes(range));
  const [first = '', ...others] = many;
  const history = historyOf(many, [...many, wide], [...others, wide], others, {}, {}, {}, many);

  expect(
    history.trust(acr)?.events.map(({ index, on, off, known }) => [index, toTexts(on), toTexts(off), toTexts(known)]),
  ).toEqual([
    [0, many, [], []],
    [1, [wide], [], []],
    [2, [], [first], []],
    [3, [], [wide], []],
    // Missing for two further releases, the tag is retired; the trusted list keeps it.
    [6, [], others, []],
    [7, many, [], others],
  ]);
});

test('a prefix that is trusted is doubtful no more', () => {
  const list = [...many, wide];
  const doubtful = (...lists: string[][]) =>
    historyOf(...lists)
      .trust(acr)
      ?.doubtful.map(({ prefix }) => prefix);

  expect(doubtful(many, list, list)).toEqual([wide]);
  expect(doubtful(many, list, list, list)).toEqual([]);
});
