import { expect, test } from '@jest/globals';
import { canonicalJson } from '../../src/core/canonicalJson.ts';

test.each([
  [{ b: 1, a: { d: [2, 1], c: null } }, '{"a":{"c":null,"d":[2,1]},"b":1}'],
  [[{ b: 1, a: 2 }], '[{"a":2,"b":1}]'],
  [{ b: undefined, a: [undefined] }, '{"a":[null]}'],
  [{ é: 1, z: 2, Z: 3 }, '{"Z":3,"z":2,"é":1}'],
  ['text', '"text"'],
])('%j', (value, json) => {
  expect(canonicalJson(value)).toBe(json);
});
