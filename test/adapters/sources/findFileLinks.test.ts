import { describe, expect, test } from '@jest/globals';
import { findFileLinks } from '../../../src/adapters/sources/findFileLinks.ts';
import { startCpuTime } from '../../support/cpuTime.ts';

const hosts = ['download.microsoft.com'];
const folder = 'https://download.microsoft.com/download/7/1/D/71D86715-5596-4529-9B13-DA13A5DE5B63';
const url = `${folder}/ServiceTags_Public_20250303.json`;
const find = (page: string) => findFileLinks(page, 'Public', hosts);
const one = [{ url, date: '2025-03-03' }];

describe('layouts in which a link is found', () => {
  test.each([
    ['an attribute', `<a href="${url}">click here</a>`],
    ['single quotes', `<a href='${url}'>`],
    ['no quotes', `<a href=${url}>`],
    ['text', `Download from ${url} now`],
    ['the end of a sentence', `See ${url}.`],
    ['a script', `window.__DLCDetails__={"dlcDetailsView":{"downloadFile":[{"url":"${url}"}]}}`],
    ['JSON with escaped slashes', `{"url":"${url.replaceAll('/', '\\/')}"}`],
    ['JSON with \\u002F', `{"url":"${url.replaceAll('/', '\\u002F')}"}`],
    ['JSON with \\u002f and \\u003a', `{"url":"${url.replaceAll('/', '\\u002f').replace(':', '\\u003a')}"}`],
    ['escapes in a JSON text in JSON', `"{\\"url\\":\\"${url.replaceAll('/', '\\\\u002F')}\\"}"`],
    ['JSON in a JSON text', `{"props":"{\\"url\\":\\"${url}\\"}"}`],
    ['HTML entities', `<a href="${url.replaceAll('/', '&#x2F;').replace(':', '&#58;')}">`],
    ['a link in a link', `<a href="https://www.microsoft.com/go?to=${encodeURIComponent(url)}">`],
    ['a link in a link of the same host', `<a href="https://download.microsoft.com/go?to=${url}">`],
    ['a refresh', `<meta http-equiv="refresh" content="0;url=${url}" />`],
    ['a function call', `location.replace(${url})`],
    ['no scheme', `<a href="${url.replace('https:', '')}">`],
    ['plain http, which becomes https', `<a href="${url.replace('https', 'http')}">`],
    ['a host in capitals', `<a href="${url.replace('download.microsoft.com', 'Download.Microsoft.COM')}">`],
    ['the default port', `<a href="${url.replace('.com/', '.com:443/')}">`],
    ['several times', `<a href="${url}">a</a> <a href="${url}">b</a> ${url.replaceAll('/', '\\/')}`],
  ])('%s', (_, page) => {
    expect(find(page)).toEqual(one);
  });

  test('other letter case in the name of the file, kept as it is', () => {
    const other = `${folder}/servicetags_PUBLIC_20250303.JSON`;

    expect(find(`<a href="${other}">`)).toEqual([{ url: other, date: '2025-03-03' }]);
  });

  test('a query stays with its link', () => {
    expect(find(`<a href="${url}?a=1&amp;b=2">`)).toEqual([{ url: `${url}?a=1&b=2`, date: '2025-03-03' }]);
  });

  test('several files', () => {
    const older = url.replace('20250303', '20250224');

    expect(find(`<a href="${older}"><a href="${url}">`).map((link) => link.date)).toEqual(['2025-02-24', '2025-03-03']);
  });

  test('a path with an empty segment', () => {
    const odd = url.replace('/download/', '//download/');

    expect(find(`"${odd}"`)).toEqual([{ url: odd, date: '2025-03-03' }]);
  });

  test('another cloud has its own files', () => {
    const page = `${url} ${url.replace('Public', 'AzureGovernment')} ${url.replace('Public', 'China')}`;

    expect(findFileLinks(page, 'AzureGovernment', hosts).map((link) => link.url)).toEqual([
      url.replace('Public', 'AzureGovernment'),
    ]);
    expect(find(page)).toEqual(one);
  });
});

describe('what is no link to a weekly file', () => {
  test.each([
    ['no page', ''],
    ['a look-alike host', url.replace('microsoft.com', 'microsoft.com.evil.example')],
    ['a host that ends alike', url.replace('download.', 'evildownload.')],
    ['the host as a user name', url.replace('download.microsoft.com', 'download.microsoft.com@evil.example')],
    ['a user name before the host', url.replace('download.', 'user:pw@download.')],
    ['another port', url.replace('microsoft.com', 'microsoft.com:8443')],
    ['the host in the path', url.replace('https://', 'https://evil.example/')],
    ['the host behind a backslash', url.replace('download.microsoft.com', 'evil.example\\@download.microsoft.com')],
    ['another scheme', url.replace('https', 'ftp').replace('//', '')],
    ['the name alone', 'ServiceTags_Public_20250303.json'],
    ['a path without a host', '<a href="/download/7/1/ServiceTags_Public_20250303.json">'],
    ['another file', url.replace('.json', '.json.zip')],
    ['another ending', url.replace('.json', '.jsonl')],
    ['no date', url.replace('_20250303', '')],
    ['no day', url.replace('20250303', '20250231')],
    ['too many digits', url.replace('20250303', '202503031')],
  ])('%s', (_, page) => {
    expect(find(`<a href="${page}">`)).toEqual([]);
  });

  test('a page of a megabyte without a gap takes no time', () => {
    const page =
      `${'a/'.repeat(500_000)}ServiceTags_Public_20250303.json`.repeat(2) + 'ServiceTags_Public_'.repeat(50_000);
    const cpuTime = startCpuTime();

    expect(find(page)).toEqual([]);
    expect(cpuTime()).toBeLessThan(2000);
  });
});

const finds = 8;

/** Shortest of several runs: what the compiler and the collector of garbage add is left out. */
function timeOf(page: string): number {
  const times = Array.from({ length: 7 }, () => {
    const cpuTime = startCpuTime();
    // One alone may take less than the clock can tell.
    for (let count = 0; count < finds; count += 1) find(page);
    return cpuTime() / finds;
  });
  return Math.min(...times);
}

describe('a hostile page', () => {
  const length = 256 * 1024;
  const fill = (piece: string) => piece.repeat(Math.ceil(length / piece.length)).slice(0, length);
  const name = 'ServiceTags_Public_20250101.json';
  const harmless = timeOf(fill(`<a href="${url}">click here</a>\n`));

  test.each([
    ['slashes before each name', fill('/'.repeat(1000) + name)],
    ['slashes and names', fill('/'.repeat(40) + name)],
    ['names without a gap', fill(name)],
    ['hosts without a name', fill('//download.microsoft.com/')],
    ['hosts before each name', fill('//download.microsoft.com/'.repeat(40) + name)],
    ['schemes', fill('https://'.repeat(125) + name)],
    ['user names', fill(`//x@download.microsoft.com/${name}`)],
    ['backslashes', fill('\\')],
    ['escapes', fill('\\\\\\u002')],
    ['entities', fill('&#x2')],
    ['queries', fill(`${url}?`)],
  ])('of %s takes at most ten times as long as one of links', (_, page) => {
    expect(timeOf(page)).toBeLessThan(10 * harmless + 2);
  });

  test('takes twice as long when it is twice as long', () => {
    const page = fill('/'.repeat(40) + name);

    expect(timeOf(page.repeat(8))).toBeLessThan(8 * 3 * timeOf(page) + 5);
  });
});
