/** The newest real weekly file of each cloud, read where it lies; skipped with a notice where there is none. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parseFeedName } from '../../../src/app/api/feedsRoute.ts';
import { listPrefixes } from '../../../src/app/queries/prefixList.ts';
import { buildLookupIndex } from '../../../src/core/serviceTags/lookupIndex.ts';
import { parseServiceTagsText } from '../../../src/core/serviceTags/parseServiceTags.ts';
import { clouds } from '../../../src/core/serviceTags/serviceTags.ts';

const folder = path.resolve(import.meta.dirname, '../../../../shared/service-tags');
const files = existsSync(folder) ? readdirSync(folder) : [];
if (files.length === 0) console.warn(`skipped: there are no weekly files in ${folder}`);

describe.each(clouds)('%s', (cloud) => {
  const newest = files
    .filter((file) => file.startsWith(`ServiceTags_${cloud}_`))
    .sort()
    .at(-1);
  const test_ = newest === undefined ? test.skip : test;
  const read = (): ReturnType<typeof parseServiceTagsText>['document'] =>
    parseServiceTagsText(readFileSync(path.join(folder, newest ?? ''), 'utf8'), cloud).document;

  test_('every prefix of every tag is found by its first address, under its tag', () => {
    const document = read();
    const index = buildLookupIndex(document);
    const missed = document.values.flatMap((tag) =>
      tag.addressPrefixes.filter((prefix) => {
        const matches = index.find(prefix.split('/')[0] ?? '') ?? [];
        return !matches.some((match) => match.tag === tag.name && match.prefix === prefix);
      }),
    );

    expect(missed).toEqual([]);
  });

  test_('every tag has a feed of its own name, for each family too', () => {
    const document = read();
    for (const { name, addressPrefixes } of document.values) {
      expect(parseFeedName(document, `${name}.txt`)).toEqual({ tags: [name], regions: [], family: 'all' });
      const ipv6 = listPrefixes(document, {
        ...parseFeedName(document, `${name.toLowerCase()}.ipv6.txt`),
        aggregate: false,
      });
      expect(ipv6.prefixes).toEqual(addressPrefixes.filter((prefix) => prefix.includes(':')));
    }
  });
});
