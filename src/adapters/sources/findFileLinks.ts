import type { Cloud } from '../../core/serviceTags/serviceTags.ts';
import { isLoopback } from '../../core/urls.ts';
import { toDate } from './weeklyFileName.ts';

export interface FileLink {
  readonly url: string;
  /** `YYYY-MM-DD` */
  readonly date: string;
}

/** How much of the text before and behind a file's name may belong to its link. */
const reach = 1000;
const delimiter = /[\s"'<>()\\]/;

/**
 * Every link to a weekly file of one cloud, in attributes, scripts or JSON, escaped in any of their ways, each once.
 * Only links to `hosts` count: a link is followed, so a look-alike host must not be.
 */
export function findFileLinks(page: string, cloud: Cloud, hosts: readonly string[]): FileLink[] {
  const text = unescaped(page);
  const fileName = new RegExp(`ServiceTags_${cloud}_(\\d{4})(\\d{2})(\\d{2})\\.json(?!\\.?\\w)`, 'gi');
  const links = [...text.matchAll(fileName)].flatMap((match) => {
    const date = toDate(match[1], match[2], match[3]);
    const end = match.index + match[0].length;
    const before =
      text
        .slice(Math.max(0, match.index - reach), match.index)
        .split(delimiter)
        .at(-1) ?? '';
    const after = text.slice(end, end + reach).split(delimiter)[0] ?? '';
    const url = allowedUrl(before, match[0] + (after.startsWith('?') ? after : ''), hosts);
    return date === undefined || url === undefined ? [] : [{ url, date }];
  });
  return [...new Map(links.map((link) => [link.url, link])).values()];
}

/** Layouts have wrapped the link in another one, so every `//` may be its start; the one nearest to the file counts. */
function allowedUrl(before: string, rest: string, hosts: readonly string[]): string | undefined {
  const starts = [...before.matchAll(/(https?:)?\/\//gi)].toReversed();
  for (const start of starts) {
    const scheme = start[1] === undefined ? 'https:' : '';
    const url = URL.parse(scheme + before.slice(start.index) + rest);
    if (url?.username === '' && url.password === '' && hosts.includes(url.host)) return upgraded(url).href;
  }
  return undefined;
}

function upgraded(url: URL): URL {
  if (url.protocol === 'http:' && !isLoopback(url)) url.protocol = 'https:';
  return url;
}

/** JSON (also JSON inside of JSON), HTML and URL escapes of the characters that a link is made of. */
function unescaped(page: string): string {
  return page
    .replace(/\\{1,4}u002f|\\{1,4}x2f|\\{1,4}\/|&#x2f;|&#47;|%2f/gi, '/')
    .replace(/\\{1,4}u003a|&#x3a;|&#58;|%3a/gi, ':')
    .replace(/\\{1,4}u0026|&#x26;|&#38;|&amp;/gi, '&');
}
