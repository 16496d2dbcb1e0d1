import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { InvalidPrefixError } from '../../src/core/errors.ts';
import {
  canonicalPrefix,
  countAddresses,
  includesAll,
  dropContained,
  familyOf,
  intersectPrefixes,
  isPrefix,
  mergePrefixes,
  ofFamily,
  parsePrefix,
  sameAddresses,
  sortPrefixes,
  subtractPrefixes,
  type AddressFamily,
} from '../../src/core/prefixes.ts';
import { isFullRun } from '../support/fullRun.ts';

describe('parsePrefix', () => {
  test.each([
    ['20.42.66.0/23', '20.42.66.0/23', false],
    ['20.42.67.9/23', '20.42.66.0/23', true],
    ['104.209.106.12', '104.209.106.12/32', false],
    ['0.0.0.0/0', '0.0.0.0/0', false],
    ['255.255.255.255/1', '128.0.0.0/1', true],
    ['2603:1030:020E:0003:0:0:0:480/122', '2603:1030:20e:3::480/122', false],
    ['2603:1030::1/48', '2603:1030::/48', true],
    ['2001:db8::1', '2001:db8::1/128', false],
    ['::/0', '::/0', false],
    ['2001:db8:0:1:1:1:1:1/128', '2001:db8:0:1:1:1:1:1/128', false],
    ['2001:db8::192.0.2.1/128', '2001:db8::c000:201/128', false],
  ])('%s is %s', (text, canonical, hadHostBits) => {
    const prefix = parsePrefix(text);

    expect(prefix.text).toBe(canonical);
    expect(prefix.hadHostBits).toBe(hadHostBits);
    expect(canonicalPrefix(canonical)).toBe(canonical);
  });

  test('gives the first and the last address', () => {
    expect(parsePrefix('203.0.113.64/26')).toMatchObject({
      family: 'ipv4',
      length: 26,
      start: 0xcb007140n,
      end: 0xcb00717fn,
    });
    expect(parsePrefix('::/0')).toMatchObject({ family: 'ipv6', start: 0n, end: (1n << 128n) - 1n });
  });

  test.each([
    '',
    ' ',
    '300.1.2.0/24',
    '20.42.66.0/33',
    '20.42.66.0/-1',
    '20.42.66.0/',
    '20.42.66.0/8/8',
    '20.42.66.0/08',
    '20.42.66.0/2 3',
    '020.42.66.0/24',
    '20.42.66/24',
    '20.42.66.0-20.42.66.9',
    '0x14.42.66.0/24',
    '2001:db8::/129',
    '2001:db8:::/32',
    'fe80::1%eth0/64',
    '1:2:3:4:5:6:7:8:9/64',
    'AzureCloud',
    '*',
    '\u0662\u0660.42.66.0/24',
  ])('refuses %j', (text) => {
    expect(() => parsePrefix(text)).toThrow(InvalidPrefixError);
    expect(isPrefix(text)).toBe(false);
  });

  test('an error shows no more than the start of an endless text', () => {
    expect(() => parsePrefix('9'.repeat(100_000))).toThrow(/^"9{120}…" is not an IP address/);
  });
});

describe('lists, literally', () => {
  test('sortPrefixes: IPv4 first, by address and not by text, the wider one first', () => {
    const sorted = sortPrefixes([
      '2001:db8::/32',
      '9.0.0.0/8',
      '10.0.0.0/24',
      '10.0.0.0/8',
      '9.0.0.1/8',
      '2001:db8::/31',
    ]);

    expect(sorted).toEqual(['9.0.0.0/8', '10.0.0.0/8', '10.0.0.0/24', '2001:db8::/31', '2001:db8::/32']);
  });

  test('an IPv4 and an IPv6 prefix of equal numbers do not meet', () => {
    expect(dropContained(['0.0.0.0/0', '::/96', '::1/128'])).toEqual(['0.0.0.0/0', '::/96']);
    expect(subtractPrefixes(['::1.2.3.4/128'], ['0.0.0.0/0'])).toEqual(['::102:304/128']);
    expect(intersectPrefixes(['::/0'], ['0.0.0.0/0'])).toEqual([]);
  });

  test('the ends of the address space', () => {
    expect(subtractPrefixes(['255.255.255.254/31'], ['255.255.255.255'])).toEqual(['255.255.255.254/32']);
    expect(subtractPrefixes(['0.0.0.0/0'], ['128.0.0.0/1'])).toEqual(['0.0.0.0/1']);
    expect(mergePrefixes(['0.0.0.0/1', '128.0.0.0/1', '::/1', '8000::/1'])).toEqual(['0.0.0.0/0', '::/0']);
    expect(countAddresses(['::/0', '0.0.0.0/0', '10.0.0.0/8'], 'ipv6')).toBe(1n << 128n);
    expect(countAddresses(['::/0', '0.0.0.0/0', '10.0.0.0/8'], 'ipv4')).toBe(1n << 32n);
  });

  test('two halves cover the whole, and the whole covers its parts', () => {
    const whole = ['20.42.66.0/23'];
    const halves = ['20.42.67.0/24', '20.42.66.0/24'];

    expect(sameAddresses(whole, halves)).toBe(true);
    expect(includesAll(halves, whole)).toBe(true);
    expect(includesAll(['20.42.66.0/24'], whole)).toBe(false);
  });

  test('empty lists', () => {
    expect(mergePrefixes([])).toEqual([]);
    expect(subtractPrefixes([], ['0.0.0.0/0'])).toEqual([]);
    expect(intersectPrefixes(['0.0.0.0/0'], [])).toEqual([]);
    expect(includesAll([], [])).toBe(true);
    expect(countAddresses([], 'ipv4')).toBe(0n);
  });

  test('families', () => {
    expect(familyOf('2001:db8::/32')).toBe('ipv6');
    expect(ofFamily(['2001:db8::/32', '203.0.113.0/24'], 'ipv4')).toEqual(['203.0.113.0/24']);
  });
});

/**
 * A model that is obvious: 64 addresses of each family, a list of prefixes is a set of addresses, and texts are taken
 * apart by hand.
 */
const spaces = {
  ipv4: { base: 26, text: (offset: number) => `203.0.113.${offset + 192}` },
  ipv6: { base: 122, text: (offset: number) => (offset === 0 ? '2001:db8::' : `2001:db8::${offset.toString(16)}`) },
} as const satisfies Record<AddressFamily, unknown>;

const prefixInSpace = fc
  .record({
    family: fc.constantFrom<AddressFamily>('ipv4', 'ipv6'),
    bits: fc.integer({ min: 0, max: 6 }),
    offset: fc.nat(63),
  })
  .map(({ family, bits, offset }) => {
    const size = 1 << (6 - bits);
    return `${spaces[family].text(offset - (offset % size))}/${spaces[family].base + bits}`;
  });
const list = fc.array(prefixInSpace, { maxLength: 12 });

function addressesOf(prefix: string): string[] {
  const [address = '', length] = prefix.split('/');
  const family = address.includes(':') ? 'ipv6' : 'ipv4';
  const first =
    family === 'ipv4' ? Number(address.split('.')[3]) - 192 : parseInt(`0${address.split('::')[1] ?? ''}`, 16);
  const size = 1 << (spaces[family].base + 6 - Number(length));
  return Array.from({ length: size }, (_, index) => `${family} ${first + index}`);
}

function setOf(prefixes: readonly string[]): Set<string> {
  return new Set(prefixes.flatMap(addressesOf));
}

function minus(a: ReadonlySet<string>, b: ReadonlySet<string>): Set<string> {
  return new Set([...a].filter((address) => !b.has(address)));
}

/** Sorted, canonical, and no address twice. */
function expectDisjoint(prefixes: readonly string[]): void {
  expect(sortPrefixes(prefixes)).toEqual(prefixes);
  expect(prefixes.flatMap(addressesOf).length).toBe(setOf(prefixes).size);
}

const runs = { numRuns: isFullRun ? 2000 : 500 };

describe('lists, against a model', () => {
  test('subtractPrefixes: the addresses of the one without those of the other', () => {
    fc.assert(
      fc.property(list, list, (a, b) => {
        const rest = subtractPrefixes(a, b);

        expectDisjoint(rest);
        expect(setOf(rest)).toEqual(minus(setOf(a), setOf(b)));
      }),
      runs,
    );
  });

  test('subtractPrefixes: what is not touched keeps its text', () => {
    fc.assert(
      fc.property(list, list, (a, b) => {
        const rest = subtractPrefixes(a, b);

        for (const prefix of dropContained(a)) {
          if (minus(setOf([prefix]), setOf(b)).size === addressesOf(prefix).length) expect(rest).toContain(prefix);
        }
      }),
      runs,
    );
  });

  test('intersectPrefixes: the addresses of both', () => {
    fc.assert(
      fc.property(list, list, (a, b) => {
        const common = intersectPrefixes(a, b);

        expectDisjoint(common);
        expect(setOf(common)).toEqual(minus(setOf(a), minus(setOf(a), setOf(b))));
        expect(intersectPrefixes(b, a)).toEqual(common);
      }),
      runs,
    );
  });

  test('mergePrefixes: the same addresses in the fewest prefixes', () => {
    fc.assert(
      fc.property(list, (a) => {
        const merged = mergePrefixes(a);

        expectDisjoint(merged);
        expect(setOf(merged)).toEqual(setOf(a));
        for (const prefix of merged) expect(parentsWithin(prefix, setOf(a))).toBe(false);
      }),
      runs,
    );
  });

  test('dropContained: the same addresses in prefixes of the list', () => {
    fc.assert(
      fc.property(list, (a) => {
        const outermost = dropContained(a);

        expectDisjoint(outermost);
        expect(setOf(outermost)).toEqual(setOf(a));
        expect(a).toEqual(expect.arrayContaining(outermost));
      }),
      runs,
    );
  });

  test('includesAll, sameAddresses and countAddresses', () => {
    fc.assert(
      fc.property(list, list, (a, b) => {
        expect(includesAll(a, b)).toBe(minus(setOf(b), setOf(a)).size === 0);
        const isSame = minus(setOf(a), setOf(b)).size + minus(setOf(b), setOf(a)).size === 0;
        expect(sameAddresses(a, b)).toBe(isSame);
        const count = countAddresses(a, 'ipv4') + countAddresses(a, 'ipv6');
        expect(count).toBe(BigInt(setOf(a).size));
      }),
      runs,
    );
  });

  test('neither the order of a list nor a repeated member matters', () => {
    const reordered = list.chain((a) =>
      fc.tuple(fc.constant(a), fc.shuffledSubarray([...a, ...a], { minLength: a.length * 2 })),
    );
    fc.assert(
      fc.property(reordered, list, ([a, shuffled], b) => {
        expect(sortPrefixes(shuffled)).toEqual(sortPrefixes(a));
        expect(dropContained(shuffled)).toEqual(dropContained(a));
        expect(mergePrefixes(shuffled)).toEqual(mergePrefixes(a));
        expect(subtractPrefixes(shuffled, b)).toEqual(subtractPrefixes(a, b));
        expect(subtractPrefixes(b, shuffled)).toEqual(subtractPrefixes(b, a));
        expect(intersectPrefixes(shuffled, b)).toEqual(intersectPrefixes(a, b));
      }),
      runs,
    );
  });
});

/** True where the prefix twice as wide would hold only addresses of the list: then it was not merged to the end. */
function parentsWithin(prefix: string, addresses: ReadonlySet<string>): boolean {
  const { family, length } = parsePrefix(prefix);
  if (length === spaces[family].base) return false;
  const parent = canonicalPrefix(`${prefix.split('/')[0]}/${length - 1}`);
  return minus(setOf([parent]), addresses).size === 0;
}
