import { describe, expect, test } from '@jest/globals';
import { AddressSpace } from '../../../src/core/history/addressSpace.ts';
import { sizeAt, toBudget } from '../../../src/core/history/limits.ts';
import { TrustedPrefixes } from '../../../src/core/history/trustedPrefixes.ts';
import { parsePrefix } from '../../../src/core/prefixes.ts';

const [half, otherHalf, whole, ipv6] = ['20.1.0.0/25', '20.1.0.128/25', '20.1.0.0/24', '2603:1030::/112'];
const space = new AddressSpace([half, otherHalf, whole, ipv6].map(parsePrefix));

describe('the size of the trusted list', () => {
  const sizesAfter = (...steps: ((trusted: TrustedPrefixes) => void)[]) => {
    const trusted = new TrustedPrefixes(space);
    steps.forEach((step, at) => {
      step(trusted);
      trusted.noteSize(at);
    });
    return trusted.sizes.map(({ at, addresses, prefixes: { ipv4, ipv6: ofIpv6 } }) => [at, addresses, ipv4, ofIpv6]);
  };
  const add = (prefix: string) => (trusted: TrustedPrefixes) => {
    trusted.add(prefix, space.intervalsOf(parsePrefix(prefix)));
  };
  const remove = (interval: number) => (trusted: TrustedPrefixes) => {
    trusted.remove(interval);
  };

  test('grows with what is new, once', () => {
    expect(sizesAfter(add(half), add(half), add(whole), add(ipv6))).toEqual([
      [0, 128, 1, 0],
      [2, 256, 2, 0],
      [3, 256, 2, 1],
    ]);
  });

  test('does not grow when a prefix is split', () => {
    expect(sizesAfter(add(whole), add(half), add(otherHalf))).toEqual([[0, 256, 1, 0]]);
  });

  test('shrinks with what is removed', () => {
    const nothing = () => undefined;

    expect(sizesAfter(add(whole), add(ipv6), remove(1), nothing, remove(2), remove(0), add(otherHalf))).toEqual([
      [0, 256, 1, 0],
      [1, 256, 1, 1],
      // The prefix counts with its first half.
      [2, 128, 1, 1],
      [4, 128, 1, 0],
      [5, 0, 0, 0],
      [6, 128, 1, 0],
    ]);
  });

  test('counts a prefix again that was removed and is added again', () => {
    expect(sizesAfter(add(half), remove(0), add(half), remove(0)).map(([, , count]) => count)).toEqual([1, 0, 1, 0]);
  });
});

test('the size of a time is the last one until then, or the first of all', () => {
  const sizes = [10, 20].map((at) => ({ at, addresses: at, prefixes: { ipv4: 1, ipv6: 1 } }));

  expect([5, 10, 19, 20, 30].map((at) => sizeAt(sizes, at)?.at)).toEqual([10, 10, 10, 20, 20]);
  expect(sizeAt([], 5)).toBeUndefined();
});

test('a budget counts the prefixes of its families, and addresses of IPv4 alone', () => {
  const size = { at: 0, addresses: 256, prefixes: { ipv4: 2, ipv6: 3 } };

  expect(toBudget(size, ['ipv4', 'ipv6'])).toEqual({ addresses: 256, prefixes: 5 });
  expect(toBudget(size, ['ipv4'])).toEqual({ addresses: 256, prefixes: 2 });
  expect(toBudget(size, ['ipv6'])).toEqual({ addresses: 0, prefixes: 3 });
  expect(toBudget(undefined, ['ipv4', 'ipv6'])).toEqual({ addresses: 0, prefixes: 0 });
});
