import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { mergeDownloads } from '../../../src/core/serviceTags/mergeDownloads.ts';
import { sameAddresses, sortPrefixes } from '../../../src/core/prefixes.ts';
import type {
  DocumentWarning,
  ServiceTagsDocument,
  ServiceTagsDownload,
} from '../../../src/core/serviceTags/serviceTags.ts';
import { readRealFile, testOnRealFiles } from '../realFiles.ts';
import { documentOf } from '../sampleDocuments.ts';

function download(
  source: string,
  date: string | undefined,
  document: ServiceTagsDocument,
  warnings: readonly DocumentWarning[] = [],
): ServiceTagsDownload {
  return { source, date, origin: `https://example.com/${source}`, document, warnings };
}

const acr = 'AzureContainerRegistry';

describe('the leader', () => {
  const document = documentOf({ [acr]: ['20.61.97.0/24'] });

  test.each<[string, readonly (readonly [string, string | undefined])[], string]>([
    ['one source', [['api', undefined]], 'api'],
    [
      'the newest date',
      [
        ['a', '2025-02-17'],
        ['b', '2025-03-03'],
        ['c', '2025-02-24'],
      ],
      'b',
    ],
    [
      'a date before none',
      [
        ['api', undefined],
        ['download', '2025-03-03'],
      ],
      'download',
    ],
    [
      'the first configured of equal dates',
      [
        ['x', '2025-03-03'],
        ['y', '2025-03-03'],
      ],
      'x',
    ],
    [
      'the first configured where none has a date',
      [
        ['x', undefined],
        ['y', undefined],
      ],
      'x',
    ],
  ])('%s', (_, sources, leader) => {
    const merged = mergeDownloads(sources.map(([source, date]) => download(source, date, document)));

    expect(merged.leader).toBe(leader);
    expect(merged.date).toBe(sources.find(([source]) => source === leader)?.[1]);
  });

  test('gives the cloud and the change number', () => {
    const newer = { ...documentOf({ [acr]: [] }), changeNumber: 346 };
    const older = { ...documentOf({ [acr]: ['20.61.97.0/24'] }), changeNumber: 999 };

    const merged = mergeDownloads([download('api', undefined, older), download('download', '2025-03-03', newer)]);

    expect(merged.document.changeNumber).toBe(346);
    expect(merged.document.values[0]?.addressPrefixes).toEqual(['20.61.97.0/24']);
  });

  test('none at all is a mistake of the caller', () => {
    expect(() => mergeDownloads([])).toThrow(RangeError);
  });
});

describe('where sources agree', () => {
  test('the document is the very one of the leader', () => {
    const leader = documentOf({ [acr]: ['20.61.97.0/24'], Storage: [] });
    const other = { ...documentOf({ [acr]: ['20.61.97.0/24'] }), changeNumber: 63 };

    const merged = mergeDownloads([download('download', '2025-03-03', leader), download('api', undefined, other)]);

    expect(merged.document).toBe(leader);
    expect(merged.disagreements).toEqual([]);
  });

  test('a split, a merge or a contained range is no disagreement, nor is the letter case of a name', () => {
    const leader = documentOf({ [acr]: ['20.42.66.0/23', '20.61.97.0/24'] });
    const other = documentOf({
      azurecontainerregistry: ['20.42.66.0/24', '20.42.67.0/24', '20.61.97.0/24', '20.61.97.8/29'],
    });

    const merged = mergeDownloads([download('download', '2025-03-03', leader), download('api', undefined, other)]);

    expect(merged.document).toBe(leader);
    expect(merged.disagreements).toEqual([]);
  });

  test('a source that has less is no reason to take anything away', () => {
    const leader = documentOf({ [acr]: ['20.42.66.0/23'], Storage: ['20.60.0.0/16'] });

    const merged = mergeDownloads([
      download('download', '2025-03-03', leader),
      download('api', undefined, documentOf({ [acr]: [] })),
    ]);

    expect(merged.document).toBe(leader);
  });
});

describe('where they do not', () => {
  test('what the leader lacks is added by address, and named', () => {
    const leader = documentOf({ [acr]: ['20.61.97.0/24', '104.45.0.0/27'] });
    const other = documentOf({ [acr]: ['20.61.96.0/23', '104.45.0.0/27', '2603:1020:206::/48'] });

    const merged = mergeDownloads([download('download', '2025-03-03', leader), download('api', undefined, other)]);

    expect(merged.document.values[0]?.addressPrefixes).toEqual([
      '20.61.96.0/24',
      '20.61.97.0/24',
      '104.45.0.0/27',
      '2603:1020:206::/48',
    ]);
    expect(merged.disagreements).toEqual([
      { tag: acr, source: 'api', prefixes: ['20.61.96.0/24', '2603:1020:206::/48'] },
    ]);
  });

  test('a tag that the leader lacks is taken as it is; tags stay sorted', () => {
    const leader = documentOf({ [acr]: ['20.61.97.0/24'], Storage: ['20.60.0.0/16'] });
    const tag = `${acr}.WestEurope`;
    const other = documentOf({ [tag]: ['20.61.0.0/16', '20.61.97.0/24'], Empty: [] });

    const merged = mergeDownloads([download('download', '2025-03-03', leader), download('api', undefined, other)]);

    expect(merged.document.values.map((value) => value.name)).toEqual([acr, tag, 'Storage']);
    expect(merged.document.values[1]).toBe(other.values[0]);
    expect(merged.disagreements).toEqual([{ tag, source: 'api', prefixes: ['20.61.0.0/16', '20.61.97.0/24'] }]);
  });

  test('each source is named, and an address that two of them add is added once', () => {
    const leader = documentOf({ [acr]: ['9.0.0.0/8'] });
    const narrow = documentOf({ [acr]: ['20.61.96.0/24'], Storage: ['20.60.0.0/17'] });
    const wide = documentOf({ [acr]: ['20.61.96.0/23'], Storage: ['20.60.0.0/16'] });

    const merged = mergeDownloads([
      download('a', '2025-03-03', leader),
      download('b', undefined, narrow),
      download('c', undefined, wide),
    ]);

    expect(merged.document.values.map((value) => value.addressPrefixes)).toEqual([
      ['9.0.0.0/8', '20.61.96.0/23'],
      ['20.60.0.0/17', '20.60.128.0/17'],
    ]);
    expect(merged.disagreements.map(({ tag, source }) => `${source} ${tag}`)).toEqual([
      `b ${acr}`,
      'b Storage',
      `c ${acr}`,
      'c Storage',
    ]);
  });

  test('the warnings of every source count, each once', () => {
    const document = documentOf({ [acr]: [] });
    const unreadable = { kind: 'unreadable', tag: acr, prefix: '300.1.2.0/24', message: 'left out' } as const;
    const duplicate = { kind: 'duplicate', tag: acr, prefix: '9.0.0.0/8', message: 'twice' } as const;

    const merged = mergeDownloads([
      download('download', '2025-03-03', document, [unreadable]),
      download('api', undefined, document, [unreadable, duplicate]),
    ]);

    expect(merged.warnings).toEqual([unreadable, duplicate]);
  });
});

describe('whatever the sources say', () => {
  const prefixes = fc.uniqueArray(
    fc.record({ offset: fc.nat(31), bits: fc.integer({ min: 0, max: 5 }) }).map(({ offset, bits }) => {
      const size = 1 << (5 - bits);
      return `20.61.97.${offset - (offset % size)}/${27 + bits}`;
    }),
    { maxLength: 5 },
  );
  const documents = fc
    .dictionary(fc.constantFrom('A', 'B', 'C'), prefixes, { maxKeys: 3 })
    .map((tags) =>
      documentOf(Object.fromEntries(Object.entries(tags).map(([name, list]) => [name, sortPrefixes(list)]))),
    );
  const downloads = fc.array(
    fc.tuple(documents, fc.option(fc.constantFrom('2025-02-17', '2025-03-03'), { nil: undefined })),
    {
      minLength: 1,
      maxLength: 4,
    },
  );

  test('the result holds every address that any source has, and no other', () => {
    fc.assert(
      fc.property(downloads, (given) => {
        const all = given.map(([document, date], index) => download(`source ${index}`, date, document));
        const merged = mergeDownloads(all);

        for (const name of ['A', 'B', 'C']) {
          const listed = (document: ServiceTagsDocument) =>
            document.values.find((tag) => tag.name === name)?.addressPrefixes ?? [];
          const union = all.flatMap((one) => listed(one.document));
          expect(sameAddresses(listed(merged.document), union)).toBe(true);
          expect(sortPrefixes(listed(merged.document))).toEqual(listed(merged.document));
        }
        const leader = all.find((one) => one.source === merged.leader);
        if (merged.disagreements.length === 0) expect(merged.document).toBe(leader?.document);
      }),
      { numRuns: 1000 },
    );
  });
});

testOnRealFiles(
  'real files: equal ones cost next to nothing, and the tags that vanished in January 2023 are kept',
  () => {
    const before = readRealFile('ServiceTags_Public_20230123.json');
    const after = readRealFile('ServiceTags_Public_20230130.json');

    const same = mergeDownloads([
      download('a', '2023-01-30', after),
      download('b', '2023-01-23', structuredClone(after)),
    ]);
    const merged = mergeDownloads([download('a', '2023-01-30', after), download('b', '2023-01-23', before)]);

    expect(same.document).toBe(after);
    expect(after.values.some((tag) => tag.name === `${acr}.PolandCentral`)).toBe(false);
    expect(merged.document.values.some((tag) => tag.name === `${acr}.PolandCentral`)).toBe(true);
    expect(merged.disagreements.filter(({ tag }) => tag.startsWith(`${acr}.`))).toHaveLength(10);
  },
);

test('what only the newest document lists is named too', () => {
  const [a, b, c] = ['20.61.97.0/24', '20.61.98.0/24', '20.61.99.0/24'];
  const merged = mergeDownloads([
    download('download', '2025-03-03', documentOf({ [acr]: [a, b], Storage: [c] })),
    download('api', undefined, documentOf({ [acr]: ['20.61.97.0/25', '20.61.97.128/25'] })),
  ]);

  expect(merged.disagreements).toEqual([]);
  expect(merged.onlyLeader).toEqual([
    { tag: acr, source: 'download', prefixes: [b], isNewest: true },
    { tag: 'Storage', source: 'download', prefixes: [c], isNewest: true },
  ]);
  expect(mergeDownloads([download('download', '2025-03-03', documentOf({ [acr]: [a] }))]).onlyLeader).toEqual([]);
});
