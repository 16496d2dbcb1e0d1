/** URLs of settings and answers: which are accepted, and how they are shown without secrets. */

/** True for 127.0.0.0/8, localhost and [::1], as WHATWG URL spells host names. */
export function isLoopback(url: URL): boolean {
  return /^(localhost|\[::1\]|127(\.\d{1,3}){3})$/.test(url.hostname);
}

/** Accepts https, and http on a loopback address if `allowsLoopback`. Undefined for all else, and for URLs with a password. */
export function parseServiceUrl(text: string, allowsLoopback: boolean): URL | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') return undefined;
  const isAccepted = url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url) && allowsLoopback);
  return isAccepted ? url : undefined;
}

/** A URL for logs and records: without user, password, query and fragment, which may contain keys. */
export function withoutSecrets(text: string): string {
  const url = URL.parse(text);
  if (!url) return text.replace(/[?#].*$/s, '').replace(/\/\/[^/]*@/, '//');
  return `${url.protocol}//${url.host}${url.pathname}`;
}

/** A URL for messages about settings: with `…` for user, password and query, which may be the reason for the refusal. */
export function withSecretsHidden(text: string): string {
  const url = URL.parse(text);
  if (!url) return text.replace(/[?#].*$/s, '?…').replace(/\/\/[^/]*@/, '//…@');
  if (url.host === '') return text;
  const user = url.username === '' && url.password === '' ? '' : '…@';
  return `${url.protocol}//${user}${url.host}${url.pathname}${url.search === '' ? '' : '?…'}`;
}
