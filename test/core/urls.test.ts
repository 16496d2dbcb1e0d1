import { describe, expect, test } from '@jest/globals';
import { isLoopback, withoutSecrets, withSecretsHidden } from '../../src/core/urls.ts';

describe('what is told of a URL', () => {
  test.each([
    ['https://example.com/a.json', 'https://example.com/a.json', 'https://example.com/a.json'],
    ['https://example.com/a.json?sig=s3cret', 'https://example.com/a.json', 'https://example.com/a.json?…'],
    ['https://example.com/a.json#s3cret', 'https://example.com/a.json', 'https://example.com/a.json'],
    ['https://user:s3cret@example.com/', 'https://example.com/', 'https://…@example.com/'],
    ['//user:s3cret@no.url/?sig=s3cret', '//no.url/', '//…@no.url/?…'],
  ])('%s', (text, name, hidden) => {
    expect([withoutSecrets(text), withSecretsHidden(text)]).toEqual([name, hidden]);
  });
});

describe('a loopback address', () => {
  test.each([
    ['http://127.0.0.1:7071', true],
    ['http://127.8.9.10', true],
    ['http://LOCALHOST', true],
    ['http://[::1]:1', true],
    ['http://127.0.0.1.example.com', false],
    ['http://localhost.example.com', false],
    ['http://[::2]', false],
  ])('%s', (text, expected) => {
    expect(isLoopback(new URL(text))).toBe(expected);
  });
});
