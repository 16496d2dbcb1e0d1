/** Every format contains exactly the list, whatever the tags are called and however long the list is. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { renderCsv } from '../../../src/app/formats/csv.ts';
import { nameList, toLabel } from '../../../src/app/formats/label.ts';
import { listFormatNames, listFormats } from '../../../src/app/formats/listFormats.ts';
import type { PrefixRow, RenderOptions } from '../../../src/app/formats/prefixRow.ts';
import { familyOf, sameAddresses, sortPrefixes } from '../../../src/core/prefixes.ts';
import { readCsv, readers } from './readBack.ts';
import { isFullRun } from '../../support/fullRun.ts';

const hostileNames = [
  'x\nallow 0.0.0.0/0;',
  'x\r\nRequire all granted',
  'x; allow all; #',
  '"]\n}\ndata "external" "x" {}',
  '${file("/etc/passwd")}',
  '%{ for x in y }',
  '*/ 0.0.0.0/0',
  'x\\',
  '\u2028add x 0.0.0.0/0',
  "' OR 1=1",
  '=HYPERLINK("http://192.0.2.1")',
  '\u0000\u001b[2J',
  'a: &b *b !!js/function',
  '---\nkind: Secret',
  '-j DROP',
  '../../etc',
  '',
  'x'.repeat(5000),
];

const prefixes = ['20.42.66.0/23', '51.13.0.128/32', '2603:1030:20e:3::480/122', '2603:1030:40c:3::/64'];

/** Longer than what fits into one object, one transaction or one line of any format. */
const ofEach = isFullRun ? 50_000 : 5_000;
const longList = sortPrefixes([
  ...Array.from({ length: ofEach }, (_, n) => `20.${n >> 10}.${(n >> 2) & 255}.${(n & 3) * 64}/26`),
  ...Array.from({ length: ofEach }, (_, n) => `2603:1030:${n.toString(16)}::/48`),
]);

function rowsOf(list: readonly string[], tags: readonly string[] = ['AzureContainerRegistry']): readonly PrefixRow[] {
  return list.map((prefix) => ({ prefix, family: familyOf(prefix), tags, regions: [], firstSeen: undefined }));
}

function optionsOf(tags: readonly string[], comment = true): RenderOptions {
  return { label: toLabel(tags, []), part: undefined, heading: `${tags.join(', ')} (Public)`, comment };
}

describe.each(listFormatNames)('%s', (format) => {
  const { render } = listFormats[format];
  const read = readers[format];

  test.each([true, false])('contains the list and nothing else (comment: %s)', (comment) => {
    expect(read(render(rowsOf(prefixes), optionsOf(['AzureContainerRegistry'], comment)))).toEqual(prefixes);
  });

  test('names the tags of each prefix if it is asked to, and if its reader has comments', () => {
    const rows = rowsOf(prefixes, ['Second.Tag']);
    const text = (comment: boolean) => render(rows, optionsOf(['AzureContainerRegistry'], comment));

    expect(text(true).includes('Second.Tag')).toBe(listFormats[format].comments);
    expect(text(false)).not.toContain('Second.Tag');
  });

  test.each(hostileNames)('a tag called %j opens nothing', (name) => {
    const text = render(rowsOf(prefixes, [name, 'Second']), optionsOf([name, 'Second']));

    expect(read(text)).toEqual(prefixes);
  });

  test('no name of a tag, whatever it contains, changes the list', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' }), { maxLength: 3 }), fc.boolean(), (tags, comment) => {
        expect(read(render(rowsOf(prefixes, tags), optionsOf(tags, comment)))).toEqual(prefixes);
      }),
      { numRuns: 50 },
    );
  });

  test('all there is', () => {
    const all = ['0.0.0.0/0', '::/0'];

    expect(sameAddresses(read(render(rowsOf(all), optionsOf(['x']))), all)).toBe(true);
  });

  test.each(['ipv4', 'ipv6'] as const)('%s alone', (family) => {
    const own = prefixes.filter((prefix) => familyOf(prefix) === family);

    expect(read(render(rowsOf(own), optionsOf(['x'])))).toEqual(own);
  });

  test(`${longList.length} prefixes`, () => {
    // Compared as one text: a difference of two long arrays takes minutes to print.
    expect(read(render(rowsOf(longList), optionsOf(['x'], false))).join() === longList.join()).toBe(true);
  });
});

describe('csv', () => {
  test.each(hostileNames)('a tag called %j stays in its cell, and is no formula', (name) => {
    const rows = readCsv(renderCsv(rowsOf(prefixes, [name])));

    expect(rows.map(({ prefix }) => prefix)).toEqual(prefixes);
    for (const { tags } of rows) {
      expect(tags).not.toMatch(/^[=+\-@\t\r]/);
      expect(tags?.replace(/^'/, '')).toBe(name.replace(/^'/, ''));
    }
  });
});

describe('names of lists', () => {
  test.each([
    [['AzureContainerRegistry'], ['westeurope', 'eastus'], 'azurecontainerregistry-eastus-westeurope'],
    [['AzureContainerRegistry.WestEurope'], [], 'azurecontainerregistry-westeurope'],
    [['B', 'a'], [], 'a-b'],
    [['x', 'X'], [], 'x'],
    [['---'], [], 'list'],
  ])('%j and %j: %s, in whatever order and letter case', (tags, regions, label) => {
    expect(toLabel(tags, regions)).toBe(label);
    expect(toLabel(tags.toReversed(), regions.toReversed())).toBe(label);
  });

  test('parts have names of their own', () => {
    expect(nameList({ label: 'acr', part: { index: 1, count: 3 } }, 24)).toBe('acr-1of3');
  });
});

test('a long list for Kubernetes becomes several objects with one label', () => {
  const list = sortPrefixes(Array.from({ length: 12_001 }, (_, n) => `20.${n >> 8}.${n & 255}.0/24`));
  const text = listFormats.calico.render(rowsOf(list), optionsOf(['AzureContainerRegistry']));

  expect([...text.matchAll(/^ {2}name: "(.*)"$/gm)].map((match) => match[1])).toEqual([
    'azurecontainerregistry',
    'azurecontainerregistry-2',
    'azurecontainerregistry-3',
  ]);
  expect(new Set([...text.matchAll(/^ {4}acr-addresses: "(.*)"$/gm)].map((match) => match[1]))).toEqual(
    new Set(['azurecontainerregistry']),
  );
});

test('an annotation that Kubernetes would refuse says so in its first lines', () => {
  const list = Array.from({ length: 20_000 }, (_, n) => `20.${n >> 8}.${n & 255}.0/24`);
  const render = (count: number) => listFormats['ingress-nginx'].render(rowsOf(list.slice(0, count)), optionsOf(['x']));

  expect(render(20_000)).toMatch(/^#.*\n# \d+ bytes: Kubernetes refuses more than 262144\./);
  expect(render(1000)).not.toContain('refuses');
});

test('AWS: entries grow in steps, so that a new prefix does not need a new size', () => {
  const render = (count: number) =>
    JSON.parse(
      listFormats.aws.render(
        rowsOf(Array.from({ length: count }, (_, n) => `20.${n >> 8}.${n & 255}.0/24`)),
        optionsOf(['x']),
      ),
    ) as { MaxEntries: number; Entries: unknown[] }[];

  expect(render(14).map(({ MaxEntries }) => MaxEntries)).toEqual([25]);
  expect(render(1001).map(({ MaxEntries, Entries }) => [MaxEntries, Entries.length])).toEqual([
    [1000, 1000],
    [25, 1],
  ]);
});
