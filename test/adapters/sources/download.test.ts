import { afterEach, describe, expect, test } from '@jest/globals';
import { downloadSource } from '../../../src/adapters/sources/download.ts';
import type { Cloud } from '../../../src/core/serviceTags/serviceTags.ts';
import { answer, redirect, startLoopback, weeklyFile, type Handler, type Loopback } from './loopback.ts';

const details = '/en-us/download/details.aspx';
const confirmation = '/en-us/download/confirmation.aspx';
const newest = '/d/ServiceTags_Public_20250303.json';
const older = '/d/ServiceTags_Public_20250224.json';
let server: Loopback;

afterEach(() => server.close());

async function start(routes: Record<string, Handler>, cloud: Cloud = 'Public') {
  server = await startLoopback(routes);
  return downloadSource(cloud, {
    pageOrigin: server.origin,
    downloadHosts: [server.host],
    allowLoopbackHttp: true,
    retryDelayInMs: 1,
    timeoutInMs: 10_000,
    pageTimeoutInMs: 1000,
  });
}

/** A page that links to paths of the same server. */
function page(...paths: readonly string[]): Handler {
  return ({ headers }, response) => {
    const links = paths.map((path) => `<a href="http://${headers.host ?? ''}${path}">download</a>`);
    response.writeHead(200, { 'content-type': 'text/html' }).end(`<!DOCTYPE html><html>${links.join('\n')}</html>`);
  };
}

function status(code: number): Handler {
  return (_, response) => {
    response.writeHead(code).end();
  };
}

const pathsOf = (requests: Loopback['requests']) => requests.map((request) => request.url).sort();

describe('the weekly file behind the download page', () => {
  test('both pages are read, the newest file is taken', async () => {
    const source = await start({
      [details]: page(older, newest),
      [confirmation]: page(older),
      [newest]: answer(weeklyFile(['20.61.97.0/24'])),
    });

    const download = await source.fetch();

    expect(source.name).toBe('download');
    expect(download).toEqual({
      source: 'download',
      date: '2025-03-03',
      origin: `${server.origin}${newest}`,
      document: expect.objectContaining({ changeNumber: 346 }),
      warnings: [],
    });
    expect(pathsOf(server.requests)).toEqual([newest, `${confirmation}?id=56519`, `${details}?id=56519`]);
  });

  test.each<[Cloud, string]>([
    ['Public', '56519'],
    ['AzureGovernment', '57063'],
    ['China', '57062'],
  ])('%s has page %s', async (cloud, id) => {
    const file = `/d/ServiceTags_${cloud}_20250303.json`;
    const source = await start({ [details]: page(newest, file), [file]: answer(weeklyFile([], cloud)) }, cloud);

    expect((await source.fetch()).document.cloud).toBe(cloud);
    expect(server.requests[0]?.url).toContain(`?id=${id}`);
  });

  test.each<[string, Handler, Handler]>([
    ['only the confirmation page has the link', page(), page(newest)],
    ['only the details page has the link', page(newest), page()],
    ['the details page is gone', status(404), page(newest)],
    ['the confirmation page is gone', page(newest), status(404)],
    ['the details page is broken', status(500), page(newest)],
    ['the confirmation page never answers', page(newest), () => undefined],
    ['the details page lists last week', page(older), page(newest)],
    ['the confirmation page lists last week', page(newest), page(older)],
    ['the page has moved', redirect('/moved'), status(404)],
  ])('%s', async (_, detailsPage, confirmationPage) => {
    const source = await start({
      [details]: detailsPage,
      [confirmation]: confirmationPage,
      '/moved': page(older, newest),
      [newest]: answer(weeklyFile(['20.1.0.0/24'])),
      [older]: answer(weeklyFile(['20.2.0.0/24'])),
    });

    const { date, document } = await source.fetch();

    expect(date).toBe('2025-03-03');
    expect(document.values[0]?.addressPrefixes).toEqual(['20.1.0.0/24']);
  });

  test('a file that has moved keeps its date', async () => {
    const source = await start({ [details]: page(newest), [newest]: redirect('/blob'), '/blob': answer(weeklyFile()) });

    expect(await source.fetch()).toMatchObject({ date: '2025-03-03', origin: `${server.origin}/blob` });
  });

  test('a file that is dated in the future is read beside the newest one', async () => {
    const slip = '/d/ServiceTags_Public_20260310.json';
    const source = await start({
      [details]: page(newest, slip),
      [newest]: answer(weeklyFile(['20.1.0.0/24'])),
      [slip]: answer(weeklyFile(['20.2.0.0/24'])),
    });

    const { date, document, warnings } = await source.fetch(new Date('2025-03-11T12:00:00Z'));

    expect(date).toBe('2025-03-03');
    expect(document.values[0]?.addressPrefixes).toEqual(['20.1.0.0/24', '20.2.0.0/24']);
    expect(warnings[0]?.message).toBe(
      `${server.origin}${slip} is dated 2026-03-10, which has not come yet: it counts as of the day on which it was first seen`,
    );
  });

  test('of 200 files that are dated in the future 63 are read, four at a time, and the newest in any case', async () => {
    const days = Array.from({ length: 200 }, (_, index) => 20300101 + Math.floor(index / 28) * 100 + (index % 28));
    const slips = days.map((day) => `/d/ServiceTags_Public_${day}.json`);
    let [open, most] = [0, 0];
    const slow: Handler = (_, response) => {
      most = Math.max(most, (open += 1));
      response.on('close', () => (open -= 1));
      setTimeout(() => response.writeHead(200).end(JSON.stringify(weeklyFile(['20.2.0.0/24']))), 5);
    };
    const source = await start({
      [details]: page(...slips, newest),
      [newest]: answer(weeklyFile(['20.1.0.0/24'])),
      ...Object.fromEntries(slips.map((slip) => [slip, slow])),
    });

    const { date, document } = await source.fetch(new Date('2025-03-11T12:00:00Z'));

    expect(date).toBe('2025-03-03');
    expect(document.values[0]?.addressPrefixes).toEqual(['20.1.0.0/24', '20.2.0.0/24']);
    expect(pathsOf(server.requests).filter((path) => path.startsWith('/d/'))).toHaveLength(64);
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(4);
  });

  test('where a link to the newest file is dead, another link to it is tried', async () => {
    const copy = newest.replace('/d/', '/copy/');
    const source = await start({
      [details]: page(newest),
      [confirmation]: page(copy),
      [newest]: answer('<html>gone</html>'),
      [copy]: answer(weeklyFile()),
    });

    expect((await source.fetch()).origin).toBe(`${server.origin}${copy}`);
  });
});

describe('what is an error', () => {
  test('an older file does not stand in for the newest', async () => {
    const source = await start({ [details]: page(newest), [confirmation]: page(older), [older]: answer(weeklyFile()) });

    await expect(source.fetch()).rejects.toThrow(`source download: ${server.origin}${newest}: HTTP 404, expected 200`);
    expect(pathsOf(server.requests)).not.toContain(older);
  });

  test('every dead link is named', async () => {
    const copy = newest.replace('/d/', '/copy/');
    const source = await start({ [details]: page(newest, copy), [copy]: answer('{') });

    const message = await source.fetch().catch(String);

    expect(message).toContain('every link to the file of 2025-03-03 failed');
    expect(message).toContain(`${newest}: HTTP 404`);
    expect(message).toContain(`${copy}: the document is JSON that ends in the middle`);
  });

  test('pages without a link: what was looked for, and where', async () => {
    const source = await start({ [details]: page('/d/other.json') });

    const message = await source.fetch().catch(String);

    expect(message).toContain(`expected a link to ServiceTags_Public_<YYYYMMDD>.json on ${server.host}, found none in`);
    expect(message).toMatch(/details\.aspx\?id=56519 \(\d+ characters\)/);
    expect(message).toMatch(/nor in .*confirmation\.aspx\?id=56519 \(.*HTTP 404, expected 200\)/);
  });

  test('a link to another host is not followed', async () => {
    const evil = await startLoopback({ [newest]: answer(weeklyFile()) });
    const source = await start({ [details]: answer(`<a href="${evil.origin}${newest}">`) });

    await expect(source.fetch()).rejects.toThrow('expected a link to');
    expect(evil.requests).toEqual([]);
    await evil.close();
  });

  test.each([
    ['the page', { [details]: 'page', [newest]: 'file' }],
    ['the file', { [details]: 'here', [newest]: 'file' }],
  ])('a redirect of %s to another host is not followed', async (_, moved) => {
    const evil = await startLoopback({ '/page': page(newest), '/file': answer(weeklyFile(['20.66.0.0/24'])) });
    const source = await start({
      [details]: moved[details] === 'page' ? redirect(`${evil.origin}/page`) : page(newest),
      [newest]: redirect(`${evil.origin}/file`),
    });

    const message = await source.fetch().catch(String);

    expect(message).toContain(`redirects to ${evil.origin}/`);
    expect(message).toContain(`expected a URL on ${server.host}`);
    expect(evil.requests).toEqual([]);
    await evil.close();
  });

  test('of more links to one day than a page has ever had, the first eight are tried', async () => {
    const copies = Array.from({ length: 200 }, (_, index) => `/copy${index}${newest.slice(2)}`);
    const source = await start({ [details]: page(...copies), [confirmation]: page() });

    await expect(source.fetch()).rejects.toThrow('every link to the file of 2025-03-03 failed');
    expect(server.requests.filter(({ url }) => url.startsWith('/copy'))).toHaveLength(8);
  });

  test('a file of another cloud under our name', async () => {
    const source = await start({ [details]: page(newest), [newest]: answer(weeklyFile([], 'China')) });

    await expect(source.fetch()).rejects.toThrow('cloud: "China", expected "Public"');
  });
});
