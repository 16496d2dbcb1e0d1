import { expect, test } from '@jest/globals';
import { itemsOf } from '../../src/app/itemsOf.ts';
import type { Page, PageRequest } from '../../src/app/ports.ts';

const pages: Readonly<Record<string, Page<number>>> = {
  first: { items: [1, 2], continuation: 'second' },
  second: { items: [], continuation: 'third' },
  third: { items: [3] },
};

/** The pages above, and which requests there were. */
function pagedList() {
  const requests: PageRequest[] = [];
  const readPage = (request: PageRequest) => {
    requests.push(request);
    return Promise.resolve(pages[request.continuation ?? 'first']!);
  };
  return { requests, readPage };
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

test('the items of all pages, an empty one between them too', async () => {
  const { requests, readPage } = pagedList();

  expect(await collect(itemsOf(readPage, 2))).toEqual([1, 2, 3]);
  expect(requests).toEqual([{ limit: 2 }, { limit: 2, continuation: 'second' }, { limit: 2, continuation: 'third' }]);
});

test('who stops asking costs no further page', async () => {
  const { requests, readPage } = pagedList();

  for await (const item of itemsOf(readPage, 2)) if (item === 2) break;

  expect(requests).toHaveLength(1);
});

test('no page is read beyond the limit of items', async () => {
  const { requests, readPage } = pagedList();

  expect(await collect(itemsOf(readPage, 2, 2))).toEqual([1, 2]);
  expect(requests).toHaveLength(1);
});
