import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { dropContained, sameAddresses, subtractPrefixes } from '../../../src/core/prefixes.ts';
import { diffPrefixes, diffTags } from '../../../src/core/serviceTags/serviceTagDiff.ts';
import { documentOf } from '../sampleDocuments.ts';
import { readRealFile, realFileNames, testOnRealFiles } from '../realFiles.ts';
import { startCpuTime } from '../../support/cpuTime.ts';

describe('diffPrefixes', () => {
  test.each([
    ['same', ['192.0.2.0/24'], ['192.0.2.0/24'], [], []],
    ['added', [], ['192.0.2.0/24'], ['192.0.2.0/24'], []],
    ['removed', ['192.0.2.0/24', '2001:db8::/64'], ['192.0.2.0/24'], [], ['2001:db8::/64']],
    ['split', ['192.0.2.0/24'], ['192.0.2.0/25', '192.0.2.128/25'], [], []],
    ['merged', ['192.0.2.0/25', '192.0.2.128/25'], ['192.0.2.0/24'], [], []],
    ['widened', ['192.0.2.0/25'], ['192.0.2.0/24'], ['192.0.2.128/25'], []],
    ['narrowed', ['192.0.2.0/24'], ['192.0.2.0/25'], [], ['192.0.2.128/25']],
    ['listed twice, once contained', ['192.0.2.0/24'], ['192.0.2.0/24', '192.0.2.0/28'], [], []],
    ['moved', ['192.0.2.0/28'], ['192.0.2.16/28'], ['192.0.2.16/28'], ['192.0.2.0/28']],
  ])('%s', (_, before, after, added, removed) => {
    expect(diffPrefixes(before, after)).toEqual({ added, removed });
  });

  test('applied to before it gives after, by address', () => {
    const prefix = fc
      .tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 24, max: 32 }), fc.boolean())
      .map(([host, length, six]) =>
        six
          ? `2001:db8::${(host & ~(2 ** (32 - length) - 1)).toString(16)}/${length + 96}`
          : `192.0.2.${host & ~(2 ** (32 - length) - 1)}/${length}`,
      );
    const list = fc.array(prefix, { maxLength: 12 }).map((prefixes) => dropContained(prefixes));
    fc.assert(
      fc.property(list, list, (before, after) => {
        const { added, removed } = diffPrefixes(before, after);

        expect(sameAddresses([...subtractPrefixes(before, removed), ...added], after)).toBe(true);
        expect(subtractPrefixes(added, before)).toEqual(added);
        expect(subtractPrefixes(removed, after)).toEqual(removed);
        expect(diffPrefixes(after, before)).toEqual({ added: removed, removed: added });
      }),
      { numRuns: 2000 },
    );
  });
});

describe('diffTags', () => {
  const before = documentOf({ A: ['192.0.2.0/24'], B: ['198.51.100.0/24'], C: ['203.0.113.0/24'] });

  test('the letter case of a name is no change', () => {
    const after = documentOf({ a: ['192.0.2.0/24'], B: ['198.51.100.0/24'], c: ['203.0.113.0/25'] });

    expect(diffTags(before, after)).toEqual({
      addedTags: [],
      removedTags: [],
      changes: [{ tag: 'c', added: [], removed: ['203.0.113.128/25'] }],
    });
  });

  test('tag by tag, with the tags that came and went', () => {
    const after = documentOf({ A: ['192.0.2.0/25'], C: ['203.0.113.0/24'], D: ['2001:db8::/64'], E: [] });

    expect(diffTags(before, after)).toEqual({
      addedTags: ['D', 'E'],
      removedTags: ['B'],
      changes: [
        { tag: 'A', added: [], removed: ['192.0.2.128/25'] },
        { tag: 'B', added: [], removed: ['198.51.100.0/24'] },
        { tag: 'D', added: ['2001:db8::/64'], removed: [] },
      ],
    });
  });

  test('nothing changed', () => {
    expect(diffTags(before, before)).toEqual({ addedTags: [], removedTags: [], changes: [] });
  });

  test('without a document before it, all is new', () => {
    expect(diffTags(undefined, documentOf({ A: ['192.0.2.0/24'] }))).toEqual({
      addedTags: ['A'],
      removedTags: [],
      changes: [{ tag: 'A', added: ['192.0.2.0/24'], removed: [] }],
    });
  });
});

describe('real files', () => {
  testOnRealFiles('the 37 tags of a new region, under an unchanged change number', () => {
    const before = readRealFile('ServiceTags_Public_20250217.json');
    const after = readRealFile('ServiceTags_Public_20250303.json');

    const diff = diffTags(before, after);

    expect(before.changeNumber).toBe(after.changeNumber);
    expect(diff.addedTags).toHaveLength(37);
    expect(diff.addedTags).toContain('AzureContainerRegistry.IndonesiaCentral');
    expect(diff.changes.find(({ tag }) => tag === 'AzureContainerRegistry')).toBeUndefined();
  });

  testOnRealFiles('two whole files in less than a second', () => {
    const publicFiles = realFileNames.filter((name) => name.includes('_Public_'));
    const first = readRealFile(publicFiles[0]!);
    const last = readRealFile(publicFiles.at(-1)!);

    const durations = [1, 2, 3].map(() => {
      const cpuTime = startCpuTime();
      diffTags(first, last);
      return cpuTime();
    });
    const diff = diffTags(first, last);

    expect(diff.addedTags.length).toBeGreaterThan(1000);
    expect(Math.min(...durations)).toBeLessThan(1000);
  });
});
