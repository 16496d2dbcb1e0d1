import type { Page, PageRequest } from './ports.ts';

/** The items of a list, page by page as they are asked for. No further page is read once there were `maxItems`. */
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
