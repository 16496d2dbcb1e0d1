import { describe, expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseServiceTagsText } from '../../src/core/serviceTags/parseServiceTags.ts';
import { contentHash } from '../../src/core/serviceTags/contentHash.ts';
import { subtractPrefixes } from '../../src/core/prefixes.ts';
import { specialPurposeRangeOf } from '../../src/core/specialPurpose.ts';
import { parseTargetsText } from '../../src/core/targets/targetsFile.ts';

const folder = resolve(import.meta.dirname, '../../dev/sample');
const names = readdirSync(join(folder, 'releases')).sort();
const texts = names.map((name) => readFileSync(join(folder, 'releases', name), 'utf8'));
const documents = texts.map((text) => parseServiceTagsText(text, 'Public').document);
const prefixesOf = (release: number, tag: string) =>
  documents[release]!.values.find(({ name }) => name === `AzureContainerRegistry${tag}`)?.addressPrefixes;
const change = (from: number, to: number, tag: string) => ({
  added: subtractPrefixes(prefixesOf(to, tag)!, prefixesOf(from, tag)!),
  removed: subtractPrefixes(prefixesOf(from, tag)!, prefixesOf(to, tag)!),
});

describe('shape', () => {
  test('names are those of weekly files, a week apart', () => {
    expect(names).toEqual(
      ['20260803', '20260810', '20260817', '20260824', '20260831', '20260907'].map(
        (date) => `ServiceTags_Public_${date}.json`,
      ),
    );
  });

  test.each(names)('%s has the keys, their order and the indentation of the real file', (name) => {
    const text = texts[names.indexOf(name)]!;
    const json = JSON.parse(text) as { values: { properties: object }[] };

    expect(text).toBe(JSON.stringify(json, undefined, 2));
    expect(Object.keys(json)).toEqual(['changeNumber', 'cloud', 'values']);
    for (const value of json.values) {
      expect(Object.keys(value)).toEqual(['name', 'id', 'properties']);
      expect(Object.keys(value.properties)).toEqual([
        'changeNumber',
        'region',
        'regionId',
        'platform',
        'systemService',
        'addressPrefixes',
        'networkFeatures',
      ]);
    }
  });

  test('nothing in them needs mending, and no prefix is a special-purpose one', () => {
    for (const text of texts) {
      const { document, warnings } = parseServiceTagsText(text, 'Public');

      expect(warnings).toEqual([]);
      const prefixes = document.values.flatMap(({ addressPrefixes }) => addressPrefixes);
      expect(prefixes.filter((prefix) => specialPurposeRangeOf(prefix))).toEqual([]);
    }
  });

  test('the global tag holds every regional one', () => {
    for (const { values } of documents) {
      const global = values.find(({ name }) => name === 'AzureContainerRegistry')!.addressPrefixes;
      for (const { name, addressPrefixes } of values) {
        if (name.startsWith('AzureContainerRegistry.')) expect(subtractPrefixes(addressPrefixes, global)).toEqual([]);
      }
    }
  });
});

describe('story', () => {
  test('second: additions only', () => {
    expect(change(0, 1, '.WestEurope')).toEqual({
      added: ['172.211.120.0/23', '2603:1020:206:802::400/121'],
      removed: [],
    });
    expect(change(0, 1, '.EastUS')).toEqual({ added: ['20.42.74.64/26'], removed: [] });
  });

  test('third: other prefixes, the same addresses', () => {
    for (const tag of ['.EastUS', '.NorwayEast']) {
      expect(prefixesOf(2, tag)).not.toEqual(prefixesOf(1, tag));
      expect(change(1, 2, tag)).toEqual({ added: [], removed: [] });
    }
  });

  test('fourth: the same content under another change number', () => {
    expect(documents[3]!.changeNumber).toBe(documents[2]!.changeNumber + 1);
    expect(contentHash(documents[3]!)).toBe(contentHash(documents[2]!));
  });

  test('fifth: a range takes the place of another one, and a regional tag whose ranges stay in the global one', () => {
    expect(change(3, 4, '.NorthEurope')).toEqual({ added: ['52.138.231.0/25'], removed: ['52.138.230.0/24'] });
    expect(prefixesOf(4, '.NorwayEast')).toBeUndefined();
    expect(subtractPrefixes(prefixesOf(3, '.NorwayEast')!, prefixesOf(4, '')!)).toEqual([]);
  });

  test('sixth: a mistaken /13 beside a plausible addition, and the tag is back', () => {
    expect(change(4, 5, '.WestEurope')).toEqual({ added: ['40.64.112.0/24', '104.40.0.0/13'], removed: [] });
    expect(prefixesOf(5, '.NorwayEast')).toEqual(prefixesOf(3, '.NorwayEast'));
  });
});

test('the targets file can be read and names two groups and a registry', () => {
  const { targets } = parseTargetsText(readFileSync(join(folder, 'targets.json'), 'utf8'), 'targets.json');

  expect(targets.map(({ name, kind, policy }) => [name, kind, policy])).toEqual([
    ['webhook-receiver', 'nsgRule', 'sync'],
    ['build-agents', 'nsgRule', 'sync'],
    ['prod-registry', 'registryNetworkRules', 'sync'],
  ]);
});
