import type { Cloud } from '../../core/serviceTags/serviceTags.ts';
import { isLoopback } from '../../core/urls.ts';
import { toDate } from './weeklyFileName.ts';

export interface FileLink {
  readonly url: string;
  /** `YYYY-MM-DD` */
  readonly date: string;
}

/** How many characters before and after a file's name may belong to its link. */
const contextLength = 1000;
const delimiter = /[\s"'<>()\\]/;

/**
 * Finds every link to a weekly file of one cloud, in attributes, scripts or JSON, in any of their escapings, each once.
 * Only links to `hosts` count: the app follows these links, so a look-alike host must not get in. The work per file
 * name is bounded, so a hostile page takes no longer than any other page of the same length.
 */
export function findFileLinks(page: string, cloud: Cloud, hosts: readonly string[]): FileLink[] {
  const text = unescaped(page);
  const starts = linkStarts(hosts);
  const links = new Map<string, FileLink>();
  let endBefore = 0;
  for (const match of text.matchAll(fileNames(cloud))) {
    const end = match.index + match[0].length;
    const date = toDate(match[1], match[2], match[3]);
    const before = text.slice(Math.max(endBefore, match.index - contextLength), match.index);
    endBefore = end;
    const start = date === undefined ? undefined : startOfLink(before, starts);
    if (date === undefined || start === undefined) continue;
    const url = allowedUrl(start + match[0] + queryAt(text, end), hosts);
    if (url !== undefined) links.set(url, { url, date });
  }
  return [...links.values()];
}

function fileNames(cloud: Cloud): RegExp {
  return new RegExp(`ServiceTags_${cloud}_(\\d{4})(\\d{2})(\\d{2})\\.json(?!\\.?\\w)`, 'gi');
}

function linkStarts(hosts: readonly string[]): RegExp {
  const names = hosts.map((host) => host.replaceAll(/[^\w-]/g, '\\$&')).join('|');
  return new RegExp(`(?:(https?):)?//(?:${names})(?::443)?/`, 'gi');
}

/** Takes the start nearest to the file name, because some layouts put the link inside another link. */
function startOfLink(before: string, starts: RegExp): string | undefined {
  const start = [...before.matchAll(starts)].at(-1);
  if (!start) return undefined;
  const link = before.slice(start.index);
  if (delimiter.test(link)) return undefined;
  return start[1] === undefined ? `https:${link}` : link;
}

function queryAt(text: string, end: number): string {
  if (text[end] !== '?') return '';
  return text.slice(end, end + contextLength).split(delimiter, 1)[0] ?? '';
}

function allowedUrl(link: string, hosts: readonly string[]): string | undefined {
  const url = URL.parse(link);
  if (url?.username !== '' || url.password !== '' || !hosts.includes(url.host)) return undefined;
  if (url.protocol === 'http:' && !isLoopback(url)) url.protocol = 'https:';
  return url.href;
}

/** Replaces JSON (also JSON in JSON), HTML and URL escapes of `/`, `:` and `&`, which links contain. */
function unescaped(page: string): string {
  return page
    .replace(/\\{1,4}u002f|\\{1,4}x2f|\\{1,4}\/|&#x2f;|&#47;|%2f/gi, '/')
    .replace(/\\{1,4}u003a|&#x3a;|&#58;|%3a/gi, ':')
    .replace(/\\{1,4}u0026|&#x26;|&#38;|&amp;/gi, '&');
}
