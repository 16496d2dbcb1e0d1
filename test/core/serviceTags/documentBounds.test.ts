/** Names are data, and a document has an end: what is beyond is left out or refused, and said. */
import { describe, expect, test } from '@jest/globals';
import { parseServiceTags, parseServiceTagsText } from '../../../src/core/serviceTags/parseServiceTags.ts';

function tag(name: string, addressPrefixes: readonly unknown[] = ['20.61.97.0/24'], properties: object = {}) {
  return { name, properties: { changeNumber: 1, region: '', systemService: 'S', addressPrefixes, ...properties } };
}

const good = tag('AzureContainerRegistry');

function parse(...values: readonly unknown[]) {
  return parseServiceTags({ changeNumber: 1, cloud: 'Public', values }, 'Public');
}

function names(...values: readonly unknown[]): string[] {
  return parse(...values).document.values.map(({ name }) => name);
}

/** Each on a network of its own, /32. */
function addresses(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `20.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`);
}

describe('names of tags, regions and services', () => {
  const hostile = [
    'x\nallow 0.0.0.0/0;',
    'x\r\nadd acr 0.0.0.0/0',
    'x"\n}\ndata "http" "evil" {',
    'x;allow all',
    'x y',
    '${file("/etc/passwd")}',
    '<script>',
    '../../state/x',
    'x\u2028y',
    'x\u0000',
    'Ａzure',
    'a'.repeat(101),
  ];

  test.each(hostile)('a tag named %j is left out, with a warning of one line', (name) => {
    const { document, warnings } = parse(good, tag(name));

    expect(document.values.map((value) => value.name)).toEqual(['AzureContainerRegistry']);
    expect(warnings).toEqual([expect.objectContaining({ kind: 'badName' })]);
    expect(warnings[0]?.message).toMatch(/^[^\p{C}]+: the tag is left out$/u);
    expect(warnings[0]?.message).toContain('expected up to 100 characters of "A-Z", "a-z", "0-9", ".", "_" and "-"');
  });

  test.each(hostile)('so is a tag with %j as its region or service', (text) => {
    for (const field of ['region', 'systemService']) {
      const { document, warnings } = parse(good, tag('AzureContainerRegistry.WestEurope', [], { [field]: text }));

      expect(document.values.map((value) => value.name)).toEqual(['AzureContainerRegistry']);
      expect(warnings[0]?.tag).toBe('AzureContainerRegistry.WestEurope');
      expect(warnings[0]?.message).toContain(`AzureContainerRegistry.WestEurope: ${field}: "`);
    }
  });

  test.each(hostile)('%j as a platform or feature is not kept', (text) => {
    const { document, warnings } = parse(tag('A', [], { platform: text, networkFeatures: ['API', text] }));

    expect(document.values[0]).not.toHaveProperty('platform');
    expect(document.values[0]).not.toHaveProperty('networkFeatures');
    expect(warnings).toEqual([]);
  });

  test('a prefix with a line break is shown on one line', () => {
    const { warnings } = parse(tag('A', ['20.61.97.0/24', '20.61.98.0/24\nallow 0.0.0.0/0;']));

    expect(warnings[0]?.message).toBe(
      'A: "20.61.98.0/24\uFFFDallow 0.0.0.0/0;" is neither an address nor a CIDR and is left out',
    );
    expect(warnings[0]?.prefix).not.toContain('\n');
  });

  test('of two tags of one name the bad one takes the other with it: nobody knows which is meant', () => {
    expect(names(good, tag('Other'), tag('OTHER', [], { region: 'x\n' }))).toEqual(['AzureContainerRegistry']);
  });

  test('a document with no good name is refused', () => {
    expect(() => parse(tag('x y'))).toThrow(
      'values: no tag is accepted; x y: name: "x y", expected up to 100 characters of',
    );
  });
});

describe('sizes', () => {
  test('a tag of 50,000 prefixes is taken, one of 50,001 is left out', () => {
    expect(parse(tag('A', addresses(50_000))).document.values[0]?.addressPrefixes).toHaveLength(50_000);

    const { document, warnings } = parse(good, tag('Huge', addresses(50_001)));

    expect(document.values.map((value) => value.name)).toEqual(['AzureContainerRegistry']);
    expect(warnings).toEqual([
      {
        kind: 'tooLarge',
        tag: 'Huge',
        prefix: '',
        message: 'Huge: 50,001 prefixes, at most 50,000 prefixes are accepted: the tag is left out',
      },
    ]);
  });

  test('the parts of a tag that is listed in pieces count together', () => {
    const all = addresses(60_000);

    expect(names(good, tag('Huge', all.slice(0, 30_000)), tag('HUGE', all.slice(30_000)))).toEqual([
      'AzureContainerRegistry',
    ]);
  });

  test('a file with 903,865 prefixes is refused', () => {
    const values = Array.from({ length: 19 }, (_, index) => tag(`T${index}`, Array(47_572).fill('20.61.97.0/24')));

    expect(() => parse(...values)).toThrow('the document lists 903,868 prefixes, at most 500,000 are accepted');
  });

  test('a file with more tags than 50,000 is refused', () => {
    expect(() => parse(...Array.from({ length: 50_001 }, (_, index) => tag(`T${index}`, [])))).toThrow(
      'values: 50,001 tags, at most 50,000 are accepted',
    );
  });

  test('warnings have an end, and what cannot be read is refused before it is many', () => {
    const twice = addresses(3000).flatMap((address) => [address, address]);
    const odd = Array.from({ length: 1001 }, (_, index) => `odd ${index}`);

    const { warnings } = parse(tag('A', twice));

    expect(warnings).toHaveLength(1001);
    expect(warnings.at(-1)?.message).toBe('2,000 more of this kind');
    expect(() => parse(tag('A', [...addresses(3000), ...odd]))).toThrow(
      'values: 1,001 entries cannot be read, at most 1,000 are left out',
    );
  });

  test.each(['9999999999999999', '"9999999999999999"', '1e15'])('a change number of %s is refused', (number) => {
    const text = `{"changeNumber":${number},"cloud":"Public","values":[${JSON.stringify(good)}]}`;

    expect(() => parseServiceTagsText(text, 'Public')).toThrow('changeNumber: expected a number of at most 15 digits');
  });

  test('the longest change number is taken', () => {
    const json = { changeNumber: 999_999_999_999_999, cloud: 'Public', values: [good] };

    expect(parseServiceTags(json, 'Public').document.changeNumber).toBe(999_999_999_999_999);
  });
});
