import { describe, expect, test } from '@jest/globals';
import { once, oncePerKey } from '../../src/core/once.ts';

/** Fails with its first call, then counts. */
function failsFirst() {
  let calls = 0;
  return async () => {
    calls += 1;
    await Promise.resolve();
    if (calls === 1) throw new Error('not now');
    return calls;
  };
}

describe('once', () => {
  test('makes it again only after a failure, which all who waited hear of', async () => {
    const get = once(failsFirst());

    const waiting = [get(), get()];
    for (const one of waiting) await expect(one).rejects.toThrow('not now');

    expect(await Promise.all([get(), get()])).toEqual([2, 2]);
    expect(await get()).toBe(2);
  });
});

describe('oncePerKey', () => {
  test('a key has what its first call made', async () => {
    const remember = oncePerKey<string>();

    expect(await remember('a', () => Promise.resolve('first'))).toBe('first');
    expect(await remember('a', () => Promise.resolve('second'))).toBe('first');
    expect(await remember('b', () => Promise.resolve('other'))).toBe('other');
  });

  test('a failure of one key is forgotten, and the others stay', async () => {
    const remember = oncePerKey<number>();
    const make = failsFirst();
    await remember('b', () => Promise.resolve(7));

    await expect(remember('a', make)).rejects.toThrow('not now');

    expect(await remember('a', make)).toBe(2);
    expect(await remember('b', make)).toBe(7);
  });
});
