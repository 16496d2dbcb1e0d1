import type { Page, PageRequest } from './ports.ts';

/** Yields the items of a list, and reads each page only when it is needed. Reads no further page after `maxItems` items. */
export async function* itemsOf<T>(
  readPage: (request: PageRequest) => Promise<Page<T>>,
  pageSize: number,
  maxItems = Infinity,
): AsyncGenerator<T> {
  let continuation: string | undefined;
  let count = 0;
  do {
    const page = await readPage({ limit: pageSize, ...(continuation !== undefined && { continuation }) });
    yield* page.items;
    count += page.items.length;
    continuation = page.continuation;
  } while (continuation !== undefined && count < maxItems);
}
