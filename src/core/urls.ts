/** URLs of settings and answers: which of them are taken, and what is told of them. */

/** True for 127.0.0.0/8, localhost and [::1], as WHATWG URL spells host names. */
export function isLoopback(url: URL): boolean {
  return /^(localhost|\[::1\]|127(\.\d{1,3}){3})$/.test(url.hostname);
}

/** https anywhere, http on a loopback address only; undefined for anything else, a URL with a password included. */
export function parseServiceUrl(text: string, allowsLoopback: boolean): URL | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') return undefined;
  const isAccepted = url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url) && allowsLoopback);
  return isAccepted ? url : undefined;
}

/** Without user, password, query and fragment, which may hold keys: what a URL is called in logs and records. */
export function withoutSecrets(text: string): string {
  const url = URL.parse(text);
  if (!url) return text.replace(/[?#].*$/s, '').replace(/\/\/[^/]*@/, '//');
  return `${url.protocol}//${url.host}${url.pathname}`;
}

/** With `…` for user, password and query: they may be what a setting is refused for. */
export function withSecretsHidden(text: string): string {
  const url = URL.parse(text);
  if (!url) return text.replace(/[?#].*$/s, '?…').replace(/\/\/[^/]*@/, '//…@');
  if (url.host === '') return text;
  const user = url.username === '' && url.password === '' ? '' : '…@';
  return `${url.protocol}//${user}${url.host}${url.pathname}${url.search === '' ? '' : '?…'}`;
}
