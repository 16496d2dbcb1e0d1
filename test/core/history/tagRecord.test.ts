import { describe, expect, test } from '@jest/globals';
import type { HistoryDocument, Release } from '../../../src/core/history/historyDocument.ts';
import { firstTrusted, listAt, readTagRecords } from '../../../src/core/history/tagRecord.ts';
import { acr, documentOf, type FixtureRelease, type Lists } from './historyFixtures.ts';

const [a, b, c, d] = ['20.1.0.0/24', '20.2.0.0/24', '20.3.0.0/24', '20.4.0.0/24'];
const west = `${acr}.WestEurope`;
const recordOf = (document: HistoryDocument, tag = acr) => readTagRecords(document).get(tag.toLowerCase());
const rejected = (lists: Lists, rest: Partial<FixtureRelease> = {}) => ({ ...rest, lists, rejected: true }) as const;
/** What only one of several sources lists is left out: most releases have none. */
const stepsOf = (document: HistoryDocument, tag = acr) =>
  recordOf(document, tag)?.steps.map(({ index, isListed, add, remove }) => ({ index, isListed, add, remove }));

describe('the record of a tag', () => {
  test('has a step for each release that changes it', () => {
    const onlyOneSource = [b];
    const document = documentOf([a], [a], { lists: [a, b], onlyOneSource }, {}, [c]);

    expect(recordOf(document)).toMatchObject({
      name: acr,
      rejected: [],
      steps: [
        { index: 0, isListed: true, add: [a], remove: [], onlyOneSource: [] },
        { index: 2, isListed: true, add: [b], remove: [], onlyOneSource },
        { index: 3, isListed: false, add: [], remove: [a, b], onlyOneSource: [] },
        { index: 4, isListed: true, add: [c], remove: [], onlyOneSource: [] },
      ],
    });
  });

  test('has the newest spelling of its name, and is found by any', () => {
    const first = documentOf([a]);
    const tags: Release['tags'] = { AZURECONTAINERREGISTRY: { add: [b], remove: [] } };
    const document = { ...first, releases: [...first.releases, { ...first.releases[0]!, tags }] };

    expect(recordOf(document)?.name).toBe('AZURECONTAINERREGISTRY');
    expect(recordOf(document)?.steps).toHaveLength(2);
  });

  test('adds nothing twice, and removes nothing that is not there', () => {
    const first = documentOf([a]);
    const release = (tags: Release['tags']) => ({ ...first.releases[0]!, tags });
    const odd = [{ [acr]: { add: [a, b], remove: [c] } }, { [west]: null }].map(release);
    const document = { ...first, releases: [...first.releases, ...odd] };

    expect(stepsOf(document)?.[1]).toEqual({ index: 1, isListed: true, add: [b], remove: [] });
    expect(stepsOf(document, west)).toEqual([{ index: 2, isListed: false, add: [], remove: [] }]);
  });
});

describe('a rejected release counts as never published', () => {
  test.each<[string, (Lists | FixtureRelease)[], object[]]>([
    [
      'the next one is compared with the one before',
      [[a, b], rejected([a, c]), [a, c, d]],
      [{ index: 1, add: [c, d], remove: [b] }],
    ],
    ['one that changes nothing is, too', [[a], rejected([a, b]), [a, b]], [{ index: 1, add: [b], remove: [] }]],
    ['what it added and the next one undoes is no step', [[a], rejected([a, b]), [a]], []],
    ['what it removed and the next one has again is no step', [[a, b], rejected([a]), [a, b]], []],
    [
      'several in a row are left out together',
      [[a], rejected([a, b]), rejected([a, b, c]), [a, c]],
      [{ index: 1, add: [c], remove: [] }],
    ],
    ['and each by itself', [[a], rejected([b]), [a], rejected([a, c]), [a, d]], [{ index: 2, add: [d], remove: [] }]],
  ])('%s', (_, releases, steps) => {
    expect(stepsOf(documentOf(...releases))?.slice(1)).toEqual(steps.map((step) => ({ isListed: true, ...step })));
  });

  test.each<[string, Record<string, string[]>, Record<string, string[]>, object[]]>([
    ['that is gone in it and stays so', { [west]: [a] }, {}, [{ index: 1, isListed: false, add: [], remove: [a] }]],
    [
      'that is empty in it and stays so',
      { [west]: [a] },
      { [west]: [] },
      [{ index: 1, isListed: true, add: [], remove: [a] }],
    ],
    ['that is new in it and empty', {}, { [west]: [] }, [{ index: 1, isListed: true, add: [], remove: [] }]],
    ['that is new in it and has prefixes', {}, { [west]: [b] }, [{ index: 1, isListed: true, add: [b], remove: [] }]],
    ['that was empty and is gone', { [west]: [] }, {}, [{ index: 1, isListed: false, add: [], remove: [] }]],
  ])('and so for a tag %s', (_, before, after, steps) => {
    const [first, then] = [before, after].map((lists) => ({ [acr]: [a], ...lists }));
    const document = documentOf(first!, rejected(then!), then!, then!);

    expect(stepsOf(document, west)?.filter(({ index }) => index > 0)).toEqual(steps);
  });

  test('but is remembered for what it added', () => {
    expect(recordOf(documentOf([a], rejected([a, b]), rejected({}), [a]))?.rejected).toEqual([b]);
  });

  test('and what only one source listed in it, or lists in the next one, still counts double', () => {
    const document = documentOf([a], rejected([a, b], { onlyOneSource: [b] }), {
      lists: [a, b, c],
      onlyOneSource: [c],
    });

    expect(recordOf(document)?.steps.at(-1)).toMatchObject({ add: [b, c], onlyOneSource: [b, c] });
  });
});

test('the first list of another tag is trusted, and no list of AzureContainerRegistry because it is the first', () => {
  const document = documentOf({ [acr]: [a] }, { [acr]: [a], [west]: [a], Storage: [b] }, rejected({ Sql: [c] }));
  const first = [acr, west, 'Storage', 'Sql'].map((tag) => {
    const record = recordOf(document, tag);
    return record && firstTrusted(record);
  });

  expect(first).toEqual([undefined, undefined, 1, undefined]);
});

test('the list after a release has what was added until then and not removed', () => {
  const record = recordOf(documentOf([a], [a, b], {}, [c], [b, c]))!;

  expect([-1, 0, 1, 2, 3, 4, 9].map((index) => listAt(record, index))).toEqual([
    undefined,
    [a],
    [a, b],
    undefined,
    [c],
    [c, b],
    [c, b],
  ]);
  expect(listAt(recordOf(documentOf([a, b], [b]))!, 1)).toEqual([b]);
});
