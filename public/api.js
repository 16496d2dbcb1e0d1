/**
 * Calls the API. Only this module has the function key. A key in the page's own address is removed from it at once, so
 * that it appears in no history, no bookmark and no other request's URL.
 */
let key = takeKeyFromAddress();
/** The last answers by path, with their ETags. */
const answers = new Map();
/** Ends when the open view is left. */
let view = new AbortController();
/** How far the server's clock is ahead of this one's. */
let clockOffsetInMs = 0;

export function useKey(typed) {
  key = typed;
  answers.clear();
}

/** The server's time: deadlines must not depend on the clock of this machine. */
export function now() {
  return new Date(Date.now() + clockOffsetInMs);
}

/** What the view that is left has asked for is not answered any more: it would be shown in the view that comes. */
export function leaveView() {
  view.abort();
  view = new AbortController();
}

/**
 * The answer, and whether it differs from the last one. Throws like `call`, and an AbortError when the view is left.
 * `signal`: ends the request instead; null: nothing does.
 */
export async function get(path, { signal = view.signal } = {}) {
  const known = answers.get(path);
  const response = await call(path, {
    signal,
    headers: { ...(known && { 'if-none-match': known.etag }) },
  });
  if (response.status === 304 && known) return { body: known.body, isNew: false };
  const body = await response.json();
  const etag = response.headers.get('etag');
  if (etag) answers.set(path, { etag, body });
  return { body, isNew: true };
}

export async function post(path, body, options = {}) {
  const content = body === undefined ? {} : { body: JSON.stringify(body) };
  const headers = body === undefined ? {} : { 'content-type': 'application/json' };
  const response = await call(path, { ...options, ...content, method: 'POST', headers });
  return response.json();
}

/** Takes back what was posted to the same path. */
export async function takeBack(path) {
  const response = await call(path, { method: 'DELETE' });
  return response.json();
}

/** Status and text of any answer, even of an error. */
export async function ask(path) {
  const response = await fetch(path, { cache: 'no-store', headers: { ...(key && { 'x-functions-key': key }) } });
  return { status: response.status, text: await response.text() };
}

/** Throws an Error with `status` (0: no answer at all) and, if the app says more, `problem`. */
async function call(path, { headers, ...request }) {
  const response = await fetch(path, {
    ...request,
    cache: 'no-store',
    headers: { accept: 'application/json', ...headers, ...(key && { 'x-functions-key': key }) },
  }).catch((error) => {
    if (error.name === 'AbortError') throw error;
    throw Object.assign(new Error('The app does not answer.'), { status: 0 });
  });
  const date = Date.parse(response.headers.get('date') ?? '');
  if (!Number.isNaN(date)) clockOffsetInMs = Math.abs(date - Date.now()) > 60_000 ? date - Date.now() : 0;
  if (response.ok || response.status === 304) return response;
  const problem = await response.json().catch(() => ({}));
  const message = problem.detail ?? problem.title ?? `The app answers ${response.status}.`;
  throw Object.assign(new Error(startUpperCase(message)), { status: response.status, problem });
}

function startUpperCase(text) {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

function takeKeyFromAddress() {
  const url = new URL(location.href);
  const found = url.searchParams.get('code');
  if (found === null) return null;
  url.searchParams.delete('code');
  history.replaceState(null, '', url);
  return found;
}
