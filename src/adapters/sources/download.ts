/**
 * Downloads the weekly file that Microsoft's download page links to. No link to the newest file is stable, so the app
 * reads the page. At times it lists several files, and the link has moved between two pages and several layouts.
 */
import type { ServiceTagsSource } from '../../app/ports.ts';
import { SourceError, toErrorMessage } from '../../core/errors.ts';
import { downloadPageIds, type Cloud, type ServiceTagsDownload } from '../../core/serviceTags/serviceTags.ts';
import type { MisdatedDays } from '../../core/serviceTags/fileDate.ts';
import { fetchText, type FetchOptions } from './fetchText.ts';
import { findFileLinks, type FileLink } from './findFileLinks.ts';
import { readDownload } from './readDownload.ts';
import { readNewestDay } from './readNewestDay.ts';

export interface DownloadOptions extends FetchOptions {
  /** Origin of the two pages. Tests use a server of their own. */
  readonly pageOrigin?: string;
  /** The only hosts from which a file is downloaded, also after redirects. */
  readonly downloadHosts?: readonly string[];
  readonly pageTimeoutInMs?: number;
}

const name = 'download';
const maxPageBytes = 8 * 1024 * 1024;
/** Limit for links to files of one day. The most seen on a page is two. */
const maxLinksOfOneDay = 8;
const pages = ['details.aspx', 'confirmation.aspx'];
const microsoftFileHosts = ['download.microsoft.com'];
/** Host of the pages, and host of the short links that Microsoft's redirects use. */
const microsoftPageHosts = ['www.microsoft.com', 'go.microsoft.com'];

/** The source `download`. */
export function downloadSource(cloud: Cloud, options: DownloadOptions = {}): ServiceTagsSource {
  return { name, fetch: (now = new Date(), misdated) => readNewest(cloud, options, now, misdated) };
}

/**
 * Reads both pages, because either may be out of date, and tries only files of the newest date: falling back to an
 * older file would present last week's addresses as today's.
 */
async function readNewest(
  cloud: Cloud,
  options: DownloadOptions,
  now: Date,
  misdated: MisdatedDays | undefined,
): Promise<ServiceTagsDownload> {
  const links = await readLinks(cloud, options);
  const days = links.map(({ date }) => date);
  return readNewestDay(days, now, (day) => readDay(links, day, cloud, options), misdated);
}

async function readDay(
  links: readonly FileLink[],
  date: string,
  cloud: Cloud,
  options: DownloadOptions,
): Promise<ServiceTagsDownload> {
  const failures: unknown[] = [];
  const linksOfDay = links.filter((candidate) => candidate.date === date).slice(0, maxLinksOfOneDay);
  for (const link of linksOfDay) {
    try {
      return { ...(await readDownload(name, link.url, cloud, { ...options, ...hostsOf(options) })), date };
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length === 1) throw failures[0];
  throw new SourceError(name, `every link to the file of ${date} failed: ${failures.map(toErrorMessage).join('; ')}`, {
    cause: failures[0],
  });
}

async function readLinks(cloud: Cloud, options: DownloadOptions): Promise<FileLink[]> {
  const { pageOrigin = 'https://www.microsoft.com', downloadHosts = microsoftFileHosts } = options;
  const urls = pages.map((page) => `${pageOrigin}/en-us/download/${page}?id=${downloadPageIds[cloud]}`);
  const timeoutInMs = options.pageTimeoutInMs ?? 20_000;
  const pageOptions = { ...options, ...hostsOf(options), maxBytes: maxPageBytes, timeoutInMs };
  const answers = await Promise.allSettled(urls.map((url) => fetchText(name, url, 'text/html', pageOptions)));
  const links = answers.flatMap((answer) =>
    answer.status === 'fulfilled' ? findFileLinks(answer.value.text, cloud, downloadHosts) : [],
  );
  const distinct = [...new Map(links.map((link) => [link.url, link])).values()];
  if (distinct.length > 0) return distinct;

  const pagesRead = answers.map((answer, index) =>
    answer.status === 'fulfilled'
      ? `${urls[index]} (${answer.value.text.length} characters)`
      : `${urls[index]} (${toErrorMessage(answer.reason)})`,
  );
  const expected = `a link to ServiceTags_${cloud}_<YYYYMMDD>.json on ${downloadHosts.join(' or ')}`;
  throw new SourceError(name, `expected ${expected}, found none in ${pagesRead.join(' nor in ')}`);
}

/** The only hosts that pages and files may come from, also after redirects. */
function hostsOf({ pageOrigin, downloadHosts = microsoftFileHosts }: DownloadOptions): Pick<FetchOptions, 'hosts'> {
  const pageHosts = pageOrigin === undefined ? microsoftPageHosts : [new URL(pageOrigin).host];
  return { hosts: [...pageHosts, ...downloadHosts] };
}
