import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from '@jest/globals';
import { urlSource } from '../../../src/adapters/sources/url.ts';
import type { FetchOptions } from '../../../src/adapters/sources/fetchText.ts';
import { SourceError } from '../../../src/core/errors.ts';
import { answer, redirect, startLoopback, weeklyFile, type Handler, type Loopback } from './loopback.ts';

const quick: FetchOptions = { allowLoopbackHttp: true, retryDelayInMs: 1, timeoutInMs: 10_000 };
let server: Loopback;

afterEach(() => server.close());

async function fetchFrom(routes: Record<string, Handler>, path = '/tags.json', options: FetchOptions = {}) {
  server = await startLoopback(routes);
  return urlSource('the list', `${server.origin}${path}`, 'Public', { ...quick, ...options }).fetch();
}

async function failureOf(routes: Record<string, Handler>, path = '/tags.json', options: FetchOptions = {}) {
  const error: unknown = await fetchFrom(routes, path, options).then(
    () => new Error('it was accepted'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(SourceError);
  return (error as SourceError).message;
}

/** Answers `failing` that often, then the document. */
function after(times: number, failing: Handler): Handler {
  return (request, response, count) => {
    (count < times ? failing : answer(weeklyFile()))(request, response, count);
  };
}

function status(code: number, headers: Record<string, string> = {}): Handler {
  return (_, response) => {
    response.writeHead(code, headers).end('sorry');
  };
}

/** Promises more than it sends, then drops the connection. */
const brokenOff: Handler = (_, response) => {
  response.writeHead(200, { 'content-length': '1000' });
  response.write('{"changeNumber": 346,', () => response.destroy());
};

describe('a document behind a URL', () => {
  test('is read, with its date from the name of the file', async () => {
    const download = await fetchFrom(
      { '/a/servicetags_public_20250303.JSON': answer(weeklyFile()) },
      '/a/servicetags_public_20250303.JSON',
    );

    expect(download).toEqual({
      source: 'the list',
      date: '2025-03-03',
      origin: `${server.origin}/a/servicetags_public_20250303.JSON`,
      document: expect.objectContaining({ cloud: 'Public', changeNumber: 346 }),
      warnings: [],
    });
    expect(server.requests[0]?.headers['user-agent']).toMatch(/^acr-address-keeper\/\d+\.\d+\.\d+$/);
    expect(server.requests[0]?.headers.accept).toBe('application/json');
  });

  test.each(['/tags.json', '/ServiceTags_Public_20251332.json', '/ServiceTags_China_20250303.json'])(
    '%s has no date',
    async (path) => {
      expect((await fetchFrom({ [path]: answer(weeklyFile()) }, path)).date).toBeUndefined();
    },
  );

  test('may be compressed and start with a byte order mark', async () => {
    const body = gzipSync(`\uFEFF${JSON.stringify(weeklyFile())}`);
    const { document } = await fetchFrom({
      '/tags.json': (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(body),
    });

    expect(document.values[0]?.addressPrefixes).toEqual(['20.61.97.0/24']);
  });

  test('a signature in the query is used, and shown nowhere', async () => {
    server = await startLoopback({ '/tags.json': after(1, status(404)) });
    const source = urlSource('the list', `${server.origin}/tags.json?sig=s3cret`, 'Public', quick);

    const error = await source.fetch().catch((reason: unknown) => reason);
    const download = await source.fetch();

    expect(server.requests[1]?.url).toBe('/tags.json?sig=s3cret');
    expect(String(error)).toContain('HTTP 404');
    expect(JSON.stringify([source.name, String(error), download])).not.toContain('s3cret');
  });
});

describe('redirects', () => {
  test('are followed, relative ones too; the date is that of the last name', async () => {
    const download = await fetchFrom({
      '/tags.json': redirect('/b/next'),
      '/b/next': redirect('ServiceTags_Public_20250303.json', 307),
      '/b/ServiceTags_Public_20250303.json': answer(weeklyFile()),
    });

    expect(download.date).toBe('2025-03-03');
    expect(download.origin).toBe(`${server.origin}/b/ServiceTags_Public_20250303.json`);
  });

  test('keep the date of the first name where the last has none', async () => {
    const path = '/ServiceTags_Public_20250303.json';
    const download = await fetchFrom({ [path]: redirect('/blob', 301), '/blob': answer(weeklyFile()) }, path);

    expect(download.date).toBe('2025-03-03');
  });

  const chain = (length: number) =>
    Object.fromEntries([
      ...Array.from({ length }, (_, index) => [`/${index}`, redirect(`/${index + 1}`)]),
      [`/${length}`, answer(weeklyFile())],
    ]) as Record<string, Handler>;

  test('five are followed', async () => {
    expect((await fetchFrom(chain(5), '/0')).document.changeNumber).toBe(346);
  });

  test('six are too many, and are not tried again', async () => {
    expect(await failureOf(chain(6), '/0')).toContain('more than 5 redirects');
    expect(server.requests).toHaveLength(6);
  });

  test.each([
    ['http://example.com/tags.json?sig=s3cret', 'redirects to http://example.com/tags.json, expected an https URL'],
    ['ftp://example.com/tags.json', 'redirects to ftp://example.com/tags.json, expected an https URL'],
    ['https://user:s3cret@example.com/', 'redirects to a URL with a user name or password, which is not accepted'],
    ['https://[', 'redirects to no URL'],
  ])('to %s are refused', async (location, message) => {
    const failure = await failureOf({ '/tags.json': redirect(location) });

    expect(failure).toContain(message);
    expect(failure).not.toContain('s3cret');
    expect(server.requests).toHaveLength(1);
  });
});

describe('what is tried again', () => {
  test.each<[string, Handler]>([
    ['500', status(500)],
    ['503', status(503)],
    ['408', status(408)],
    ['429', status(429)],
    ['429 with Retry-After', status(429, { 'retry-after': '0' })],
    ['a body that breaks off', brokenOff],
    ['a connection that breaks', (_, response) => response.destroy()],
  ])('%s, twice', async (_, failing) => {
    const { document } = await fetchFrom({ '/tags.json': after(2, failing) });

    expect(document.changeNumber).toBe(346);
    expect(server.requests).toHaveLength(3);
  });

  test('Retry-After is honoured', async () => {
    const start = performance.now();

    await fetchFrom({ '/tags.json': after(1, status(429, { 'retry-after': '1' })) });

    expect(performance.now() - start).toBeGreaterThanOrEqual(990);
  });

  test('not for a third time', async () => {
    const message = await failureOf({ '/tags.json': status(503) });

    expect(message).toBe(`source the list: ${server.origin}/tags.json: HTTP 503, expected 200`);
    expect(server.requests).toHaveLength(3);
  });

  test.each<[string, Handler, string]>([
    ['404', status(404), 'HTTP 404, expected 200'],
    ['403', status(403), 'HTTP 403, expected 200'],
    ['204', status(204), 'HTTP 204, expected 200'],
    ['a 302 that leads nowhere', status(302), 'HTTP 302, expected 200'],
    ['429 that asks for an hour', status(429, { 'retry-after': '3600' }), 'HTTP 429, Retry-After 3600 s, expected 200'],
    ['an HTML page', answer('<!DOCTYPE html><p>Sorry</p>'), 'the document is an HTML page, not JSON'],
    ['JSON that ends early', answer('{"changeNumber": 346,'), 'JSON that ends in the middle, after 21 characters'],
    ['no body', answer(''), 'the document is empty'],
    ['an empty list', answer({ ...weeklyFile(), values: [] }), 'values: expected at least one service tag'],
    ['another cloud', answer(weeklyFile([], 'China')), 'cloud: "China", expected "Public"'],
  ])('not %s', async (_, handler, message) => {
    const failure = await failureOf({ '/tags.json': handler });

    expect(failure).toContain(`${server.origin}/tags.json: `);
    expect(failure).toContain(message);
    expect(server.requests).toHaveLength(1);
  });
});

describe('limits', () => {
  const chunk = Buffer.alloc(64 * 1024, 0x20);

  test('an endless body is left at the limit', async () => {
    let sent = 0;
    const endless: Handler = (_, response) => {
      response.writeHead(200);
      const send = (): void => {
        while (!response.destroyed && response.write(chunk)) sent += chunk.length;
        if (!response.destroyed) response.once('drain', send);
      };
      send();
    };

    const failure = await failureOf({ '/tags.json': endless }, '/tags.json', { maxBytes: 1_000_000 });

    expect(failure).toContain('larger than 1000000 bytes');
    expect(server.requests).toHaveLength(1);
    expect(sent).toBeLessThan(100_000_000);
  });

  test('what counts is the size after decompression', async () => {
    const bomb = gzipSync(Buffer.alloc(20_000_000, 0x20));
    const handler: Handler = (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb);

    expect(bomb.length).toBeLessThan(100_000);
    expect(await failureOf({ '/tags.json': handler }, '/tags.json', { maxBytes: 1_000_000 })).toContain('larger than');
  });

  test('a body just within the limit is read', async () => {
    const maxBytes = Buffer.byteLength(JSON.stringify(weeklyFile()));

    expect((await fetchFrom({ '/tags.json': answer(weeklyFile()) }, '/tags.json', { maxBytes })).warnings).toEqual([]);
    await server.close();
    expect(await failureOf({ '/tags.json': answer(weeklyFile()) }, '/tags.json', { maxBytes: maxBytes - 1 })).toContain(
      'larger than',
    );
  });

  test.each<[string, Handler]>([
    ['a server that never answers', () => undefined],
    [
      'a body that trickles',
      (_, response) => {
        response.writeHead(200);
        const timer = setInterval(() => response.write(' '), 20);
        response.on('close', () => clearInterval(timer));
      },
    ],
  ])('%s is given up', async (_, handler) => {
    const failure = await failureOf({ '/tags.json': handler }, '/tags.json', { timeoutInMs: 300 });

    expect(failure).toContain('no complete answer within 300 ms');
    expect(server.requests).toHaveLength(1);
  });

  test('the limit holds for all attempts together, and the last failure is told', async () => {
    const handler = after(1, status(503));

    const failure = await failureOf(
      { '/tags.json': (r, s, n) => (n === 0 ? handler(r, s, n) : undefined) },
      '/tags.json',
      {
        timeoutInMs: 500,
      },
    );

    expect(failure).toContain('no complete answer within 500 ms; before: HTTP 503, expected 200');
  });
});

describe('URLs that are not asked at all', () => {
  test.each([
    [
      'http://127.0.0.1:1/tags.json',
      { allowLoopbackHttp: false },
      'is http://127.0.0.1:1/tags.json, expected an https URL',
    ],
    ['http://example.com/tags.json', {}, 'expected an https URL'],
    ['http://127.0.0.1.example.com/tags.json', {}, 'expected an https URL'],
    ['file:///etc/hosts', {}, 'expected an https URL'],
    ['https://user:s3cret@example.com/tags.json', {}, 'a URL with a user name or password'],
    ['tags.json?sig=s3cret', {}, 'is no URL'],
  ])('%s', async (url, options, message) => {
    server = await startLoopback({});

    const error = await urlSource('the list', url, 'Public', { ...quick, ...options })
      .fetch()
      .catch((reason: unknown) => String(reason));

    expect(error).toContain(message);
    expect(error).not.toContain('s3cret');
  });

  test('a port where nobody listens', async () => {
    server = await startLoopback({});
    const { origin } = server;
    await server.close();
    server = await startLoopback({});

    const error = await urlSource('the list', `${origin}/tags.json`, 'Public', quick).fetch().catch(String);

    expect(error).toMatch(/no answer \(connect ECONNREFUSED/);
  });
});
