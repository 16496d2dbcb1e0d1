import { describe, expect, test } from '@jest/globals';
import { matchesEtag, strongEtag } from '../../src/core/etag.ts';

describe('strongEtag', () => {
  test('is quoted, strong and the same for the same bytes', () => {
    expect(strongEtag('a', 'identity')).toMatch(/^"[\w-]{32}"$/);
    expect(strongEtag('a', 'identity')).toBe(strongEtag(Buffer.from('a'), 'identity'));
    expect(strongEtag('a', 'identity')).not.toBe(strongEtag('b', 'identity'));
  });

  test('differs from coding to coding', () => {
    expect(new Set(['identity', 'gzip', 'br'].map((coding) => strongEtag('a', coding))).size).toBe(3);
  });
});

describe('matchesEtag', () => {
  test.each([
    ['"a"', true],
    ['W/"a"', true],
    ['"b", "a"', true],
    ['"b","a" , "c"', true],
    ['"b, c", W/"a"', true],
    ['*', true],
    [' * ', true],
    ['"b"', false],
    ['"A"', false],
    ['a', false],
    ['', false],
    ['"x"a"', false],
  ])('%s', (header, expected) => {
    expect(matchesEtag(header, '"a"')).toBe(expected);
  });
});
