import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { contentHash } from '../../../src/core/serviceTags/contentHash.ts';
import { InvalidDocumentError } from '../../../src/core/errors.ts';
import { parseServiceTags, parseServiceTagsText } from '../../../src/core/serviceTags/parseServiceTags.ts';
import type { Cloud } from '../../../src/core/serviceTags/serviceTags.ts';
import { realFileNames, testOnRealFiles } from '../realFiles.ts';

function tag(name: string, addressPrefixes: unknown, properties: Record<string, unknown> = {}) {
  return {
    name,
    id: name,
    properties: {
      changeNumber: 5,
      region: '',
      regionId: 0,
      platform: 'Azure',
      systemService: 'AzureContainerRegistry',
      addressPrefixes,
      networkFeatures: ['API', 'NSG'],
      ...properties,
    },
  };
}

function file(values: unknown, more: Record<string, unknown> = {}) {
  return { changeNumber: 346, cloud: 'Public', values, ...more };
}

function errorOf(json: unknown, cloud: Cloud = 'Public'): InvalidDocumentError {
  try {
    parseServiceTags(json, cloud);
  } catch (error) {
    if (error instanceof InvalidDocumentError) return error;
    throw error;
  }
  throw new Error('the document was accepted');
}

describe('what is accepted', () => {
  test.each<[unknown, string]>([
    [null, 'null'],
    [20, '20'],
    [['20.61.98.0/24'], 'an array'],
    [{ cidr: '20.61.98.0/24' }, 'an object'],
  ])('an entry %j among the prefixes is left out as one that cannot be read', (entry, shown) => {
    const json = file([tag('AzureContainerRegistry', ['20.61.97.0/24']), tag('Other', [entry, '20.61.99.0/24'])]);

    const { document, warnings } = parseServiceTags(json, 'Public');

    expect(document.values.map((value) => value.addressPrefixes)).toEqual([['20.61.97.0/24'], ['20.61.99.0/24']]);
    expect(warnings).toEqual([
      {
        kind: 'unreadable',
        tag: 'Other',
        prefix: shown,
        message: `Other: "${shown}" is neither an address nor a CIDR and is left out`,
      },
    ]);
  });

  test('the weekly file: tags by name, prefixes by address', () => {
    const json = file([
      tag('AzureContainerRegistry.WestEurope', ['2603:1020:206:1::480/122', '20.61.97.128/25'], {
        region: 'westeurope',
        regionId: 18,
      }),
      tag('AzureContainerRegistry', ['104.45.0.0/27', '20.61.97.0/24', '2603:1020:206::/48', '9.1.0.0/16']),
    ]);

    const { document, warnings } = parseServiceTags(json, 'Public');

    expect(warnings).toEqual([]);
    expect(document).toEqual({
      cloud: 'Public',
      changeNumber: 346,
      values: [
        {
          name: 'AzureContainerRegistry',
          region: '',
          systemService: 'AzureContainerRegistry',
          changeNumber: 5,
          addressPrefixes: ['9.1.0.0/16', '20.61.97.0/24', '104.45.0.0/27', '2603:1020:206::/48'],
          platform: 'Azure',
          regionId: 0,
          networkFeatures: ['API', 'NSG'],
        },
        {
          name: 'AzureContainerRegistry.WestEurope',
          region: 'westeurope',
          systemService: 'AzureContainerRegistry',
          changeNumber: 5,
          addressPrefixes: ['20.61.97.128/25', '2603:1020:206:1::480/122'],
          platform: 'Azure',
          regionId: 18,
          networkFeatures: ['API', 'NSG'],
        },
      ],
    });
  });

  test('the answer of the Discovery API: numbers as text, state, type and id', () => {
    const json = {
      name: 'Public',
      id: '/subscriptions/0/providers/Microsoft.Network/serviceTags/Public',
      type: 'Microsoft.Network/serviceTags',
      changeNumber: '63',
      cloud: 'Public',
      values: [
        {
          name: 'AzureContainerRegistry',
          id: 'AzureContainerRegistry',
          serviceTagChangeNumber: '63',
          properties: {
            changeNumber: '12',
            region: 'westeurope',
            state: 'GA',
            systemService: 'AzureContainerRegistry',
            addressPrefixes: ['20.61.97.0/24'],
          },
        },
      ],
      nextLink: '',
    };

    const { document } = parseServiceTags(json, 'Public');

    expect(document).toEqual({
      cloud: 'Public',
      changeNumber: 63,
      values: [
        {
          name: 'AzureContainerRegistry',
          region: 'westeurope',
          systemService: 'AzureContainerRegistry',
          changeNumber: 12,
          addressPrefixes: ['20.61.97.0/24'],
        },
      ],
    });
  });

  test('hints may be absent, null or of another type, and there may be fields that nobody knows', () => {
    const bare = { name: 'A', properties: { addressPrefixes: [] } };
    const odd = {
      name: 'B',
      new: [1],
      properties: {
        changeNumber: 'five',
        region: null,
        regionId: 'x',
        platform: 7,
        systemService: {},
        networkFeatures: null,
        addressPrefixes: [],
        more: { deep: true },
      },
    };

    const { document, warnings } = parseServiceTags(file([bare, odd], { more: 1 }), 'Public');

    expect(warnings).toEqual([]);
    expect(document.values).toEqual([
      { name: 'A', region: '', systemService: '', changeNumber: 0, addressPrefixes: [] },
      { name: 'B', region: '', systemService: '', changeNumber: 0, addressPrefixes: [], networkFeatures: null },
    ]);
  });

  test('names that are names of JavaScript are names', () => {
    const { document } = parseServiceTagsText(
      '{"changeNumber":1,"cloud":"Public","values":[{"name":"__proto__","properties":{"addressPrefixes":["20.0.0.0/8"]}},{"name":"constructor","properties":{"addressPrefixes":[]}}]}',
      'Public',
    );

    expect(document.values.map((value) => value.name)).toEqual(['__proto__', 'constructor']);
    expect(document.values[0]?.addressPrefixes).toEqual(['20.0.0.0/8']);
  });

  test.each<[Cloud, string]>([
    ['Public', 'public'],
    ['Public', 'AzureCloud'],
    ['AzureGovernment', 'AzureUSGovernment'],
    ['AzureGovernment', 'azuregovernment'],
    ['China', 'AzureChinaCloud'],
    ['China', 'China'],
  ])('%s may be written %s', (cloud, spelling) => {
    expect(parseServiceTags(file([tag('A', [])], { cloud: spelling }), cloud).document.cloud).toBe(cloud);
  });

  test('a byte order mark, CRLF and white space around the JSON', () => {
    const text = `\uFEFF\r\n${JSON.stringify(file([tag('A', ['20.61.97.0/24'])]), null, 2).replaceAll('\n', '\r\n')}\r\n`;

    expect(parseServiceTagsText(text, 'Public').document.values[0]?.addressPrefixes).toEqual(['20.61.97.0/24']);
  });
});

describe('what is mended, with a warning', () => {
  test('a prefix that cannot be read is left out; the rest of the week stands', () => {
    const json = file([tag('A', ['300.1.2.0/24', '20.61.97.0/24', '']), tag('B', ['20.61.98.0/24'])]);

    const { document, warnings } = parseServiceTags(json, 'Public');

    expect(document.values.map((value) => value.addressPrefixes)).toEqual([['20.61.97.0/24'], ['20.61.98.0/24']]);
    expect(warnings).toEqual([
      {
        kind: 'unreadable',
        tag: 'A',
        prefix: '300.1.2.0/24',
        message: 'A: "300.1.2.0/24" is neither an address nor a CIDR and is left out',
      },
      { kind: 'unreadable', tag: 'A', prefix: '', message: 'A: "" is neither an address nor a CIDR and is left out' },
    ]);
  });

  test('host bits are cleared, another spelling of a prefix is the same prefix', () => {
    const json = file([tag('A', ['20.61.97.9/24', '2603:1020:206:0001::/64', '2603:1020:206:1:0::/64', ' 9.0.0.0/8'])]);

    const { document, warnings } = parseServiceTags(json, 'Public');

    expect(document.values[0]?.addressPrefixes).toEqual(['9.0.0.0/8', '20.61.97.0/24', '2603:1020:206:1::/64']);
    expect(warnings).toEqual([
      {
        kind: 'hostBits',
        tag: 'A',
        prefix: '20.61.97.9/24',
        message: 'A: 20.61.97.9/24 has host bits set, read as 20.61.97.0/24',
      },
      {
        kind: 'duplicate',
        tag: 'A',
        prefix: '2603:1020:206:1::/64',
        message: 'A: 2603:1020:206:1::/64 is listed more than once',
      },
    ]);
  });

  test('a contained prefix stays: the document is what Microsoft says', () => {
    const { document, warnings } = parseServiceTags(file([tag('A', ['20.0.0.0/8', '20.61.97.0/24'])]), 'Public');

    expect(document.values[0]?.addressPrefixes).toEqual(['20.0.0.0/8', '20.61.97.0/24']);
    expect(warnings).toEqual([]);
  });

  test('two tags of one name become one, whichever comes first', () => {
    const upper = tag('Acr', ['20.61.97.0/24', '20.61.98.0/24'], { changeNumber: 9 });
    const lower = tag('acr', ['20.61.98.0/24', '9.0.0.0/8']);

    const forwards = parseServiceTags(file([upper, lower]), 'Public');
    const backwards = parseServiceTags(file([lower, upper]), 'Public');

    expect(forwards.document.values).toHaveLength(1);
    expect(forwards.document.values[0]).toMatchObject({
      name: 'Acr',
      changeNumber: 9,
      addressPrefixes: ['9.0.0.0/8', '20.61.97.0/24', '20.61.98.0/24'],
    });
    expect(backwards).toEqual(forwards);
    expect(forwards.warnings).toEqual([
      {
        kind: 'duplicateTag',
        tag: 'Acr',
        prefix: '',
        message: 'Acr: the tag is listed more than once, also as acr; merged',
      },
    ]);
  });

  test('the order of tags and prefixes in the file does not matter', () => {
    const forwards = file([tag('A', ['20.61.97.0/24', '9.0.0.0/8']), tag('B', ['2603:1020::/48', '20.0.0.0/8'])]);
    const backwards = file([tag('B', ['20.0.0.0/8', '2603:1020::/48']), tag('A', ['9.0.0.0/8', '20.61.97.0/24'])]);

    expect(parseServiceTags(backwards, 'Public')).toEqual(parseServiceTags(forwards, 'Public'));
  });
});

describe('what is refused, with the path of the first bad field', () => {
  const good = tag('A', ['20.61.97.0/24']);

  test.each<[unknown, string, string]>([
    [null, '', 'document: expected an object with changeNumber, cloud and values, found null'],
    [[], '', 'document: expected an object with changeNumber, cloud and values, found an empty array'],
    ['text', '', 'document: expected an object with changeNumber, cloud and values, found "text"'],
    [{}, 'changeNumber', 'changeNumber: expected a number, found nothing'],
    [file([good], { changeNumber: 'x' }), 'changeNumber', 'changeNumber: expected a number, found "x"'],
    [file([good], { changeNumber: -1 }), 'changeNumber', 'changeNumber: expected a number, found -1'],
    [file([good], { changeNumber: '' }), 'changeNumber', 'changeNumber: expected a number, found ""'],
    [file([good], { cloud: undefined }), 'cloud', 'cloud: expected the name of a cloud, found nothing'],
    [file([good], { cloud: 'China' }), 'cloud', 'cloud: "China", expected "Public"'],
    [file([good], { cloud: 'Narnia' }), 'cloud', 'cloud: "Narnia", expected "Public"'],
    [file(undefined), 'values', 'values: expected an array of service tags, found nothing'],
    [file({ A: good }), 'values', 'values: expected an array of service tags, found an object'],
    [file([]), 'values', 'values: expected at least one service tag, found an empty array'],
    [file([good, null]), 'values[1]', 'values[1]: expected a service tag, found null'],
    [file([good, {}]), 'values[1].name', 'values[1].name: expected the name of a tag, found nothing'],
    [file([{ ...good, name: ' ' }]), 'values[0].name', 'values[0].name: expected the name of a tag, found " "'],
    [
      file([good, { name: 'B' }]),
      'values[1].properties',
      'values[1].properties: expected an object with addressPrefixes, found nothing',
    ],
    [
      file([good, good, tag('B', undefined), tag('C', 7)]),
      'values[2].properties.addressPrefixes',
      'values[2].properties.addressPrefixes: expected an array of CIDRs, found nothing',
    ],
    [
      file([tag('B', '20.61.97.0/24')]),
      'values[0].properties.addressPrefixes',
      'values[0].properties.addressPrefixes: expected an array of CIDRs, found "20.61.97.0/24"',
    ],
    [
      file([tag('A', []), tag('B', [{ cidr: '20.61.97.0/24' }, 20])]),
      'values[1].properties.addressPrefixes[0]',
      'values[1].properties.addressPrefixes[0]: expected a CIDR such as "20.42.66.0/23", found an object; 2 of 2 entries cannot be read',
    ],
    [
      file([tag('A', ['20.61.97.0/24']), tag('B', ['x20.61.98.0/24', 'x20.61.99.0/24'])]),
      'values[1].properties.addressPrefixes[0]',
      'values[1].properties.addressPrefixes[0]: expected a CIDR such as "20.42.66.0/23", found "x20.61.98.0/24"; 2 of 3 entries cannot be read',
    ],
  ])('%j', (json, path, message) => {
    const error = errorOf(json);

    expect(error.path).toBe(path);
    expect(error.message).toBe(message);
  });

  test('a document of another cloud, for each cloud', () => {
    expect(errorOf(file([good]), 'China').message).toBe('cloud: "Public", expected "China"');
    expect(errorOf(file([good], { cloud: 'AzureUSGovernment' })).path).toBe('cloud');
  });

  test('something huge is not repeated in the message', () => {
    expect(errorOf(file('x'.repeat(1_000_000))).message.length).toBeLessThan(200);
    expect(errorOf(file([good], { cloud: 'x'.repeat(1_000_000) })).message.length).toBeLessThan(200);
  });
});

describe('text that is no document', () => {
  const whole = JSON.stringify(file([tag('A', ['20.61.97.0/24'])]));

  test.each<[string, string, RegExp]>([
    ['nothing', '', /^the document is empty, expected service tags as JSON$/],
    ['white space', '\uFEFF \r\n', /^the document is empty/],
    [
      'an HTML page',
      '<!DOCTYPE html><html><body>Sorry</body></html>',
      /^the document is an HTML page, not JSON: "<!DOCTYPE/,
    ],
    ['HTML in capitals', '\n<HTML>', /an HTML page, not JSON/],
    ['XML', '<?xml version="1.0"?><Error><Code>BlobNotFound</Code></Error>', /^the document is markup, not JSON/],
    ['prose', 'Service Unavailable', /^the document is not JSON: Unexpected token 'S'/],
    ['JSON that goes on', `${whole}x`, /^the document is not JSON: /],
    ['JSON of another kind', '"hello"', /^document: expected an object/],
  ])('%s', (_, text, message) => {
    expect(() => parseServiceTagsText(text, 'Public')).toThrow(InvalidDocumentError);
    expect(() => parseServiceTagsText(text, 'Public')).toThrow(message);
  });

  test('wherever a document is cut off, the message says that it ends in the middle', () => {
    for (let length = 1; length < whole.length; length += 1) {
      expect(() => parseServiceTagsText(whole.slice(0, length), 'Public')).toThrow(
        `JSON that ends in the middle, after ${length} characters`,
      );
    }
  });
});

describe('real weekly files', () => {
  const folder = resolve(import.meta.dirname, '../../../../shared/service-tags');
  const read = (name: string) => readFileSync(resolve(folder, name), 'utf8');
  const cloudOf = (name: string) => name.split('_')[1] as Cloud;

  testOnRealFiles('every one parses, without a warning, and keeps every prefix', () => {
    for (const name of realFileNames) {
      const text = read(name);
      const raw = JSON.parse(text) as { values: { properties: { addressPrefixes: string[] } }[] };

      const { document, warnings } = parseServiceTagsText(text, cloudOf(name));

      expect({ name, warnings }).toEqual({ name, warnings: [] });
      expect(document.values.length).toBe(raw.values.length);
      const found = document.values.flatMap((value) => value.addressPrefixes).sort();
      const listed = raw.values.flatMap((value) => value.properties.addressPrefixes).sort();
      // Compared as one text, which takes a fraction of the time.
      expect({ name, isWhole: found.join() === listed.join() }).toEqual({ name, isWhole: true });
    }
  });

  testOnRealFiles('content, not change numbers, tells releases apart', () => {
    const hashOf = (date: string) =>
      contentHash(parseServiceTagsText(read(`ServiceTags_Public_${date}.json`), 'Public').document);

    expect(hashOf('20201116')).toBe(hashOf('20201123'));
    expect(hashOf('20201109')).not.toBe(hashOf('20201116'));
    expect(hashOf('20250217')).not.toBe(hashOf('20250303'));
  });

  testOnRealFiles('a file of another cloud is refused', () => {
    expect(() => parseServiceTagsText(read('ServiceTags_China_20230102.json'), 'Public')).toThrow(
      'cloud: "China", expected "Public"',
    );
  });

  testOnRealFiles('the largest takes at most sixty times as long as JSON.parse of it', () => {
    const module = resolve(import.meta.dirname, '../../../src/core/serviceTags/parseServiceTags.ts');
    const script = `
      import { readFileSync } from 'node:fs';
      import { parseServiceTagsText } from ${JSON.stringify(module)};
      const text = readFileSync(${JSON.stringify(resolve(folder, 'ServiceTags_Public_20250303.json'))}, 'utf8');
      const fastest = (work) =>
        Math.min(
          ...Array.from({ length: 7 }, () => {
            const start = performance.now();
            work();
            return performance.now() - start;
          }),
        );
      const bare = fastest(() => JSON.parse(text));
      console.log(fastest(() => parseServiceTagsText(text, 'Public')) / bare);
    `;

    // A process of its own: the test runner's sandbox makes such code several times slower.
    const ratio = Number(execFileSync(process.execPath, ['--input-type=module', '--eval', script]));

    expect(ratio).toBeGreaterThan(0);
    expect(ratio).toBeLessThan(60);
  });
});
