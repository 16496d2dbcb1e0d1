/**
 * What the pages share: the API, elements, words. Text from the API is set as text, never as markup. A function key in the
 * page's own address is passed on as a header, so that it stands in no other URL.
 */
let key = new URLSearchParams(location.search).get('code');

/** A key that a person typed; it is kept nowhere else. */
export function useKey(typed) {
  key = typed;
}

/** Status or outcome: how it looks, and what it is called where its name is no word. */
export const tones = {
  healthy: 'good',
  inSync: 'good',
  applied: 'good',
  unchanged: 'good',
  done: 'good',
  apply: 'good',
  degraded: 'warn',
  pending: 'warn',
  held: 'warn',
  paused: 'warn',
  planOnly: 'warn',
  pinned: 'warn',
  near: 'warn',
  stale: 'warn',
  unhealthy: 'bad',
  blocked: 'bad',
  failed: 'bad',
  interrupted: 'bad',
  overdue: 'bad',
};
const words = {
  inSync: 'in sync',
  planOnly: 'plan only',
  apply: 'will be applied',
  held: 'held for approval',
};

export function get(path) {
  return call(path, {});
}

export function post(path, body) {
  const headers = { 'content-type': 'application/json' };
  return call(path, { method: 'POST', headers, body: JSON.stringify(body) });
}

/** Throws an Error with `status` where the answer is none of success. */
async function call(path, { headers, ...request }) {
  const response = await fetch(path, {
    ...request,
    headers: { accept: 'application/json', ...headers, ...(key && { 'x-functions-key': key }) },
  });
  const body = await response.json().catch(() => ({}));
  // Health answers 503 with a body of its own.
  if (response.ok || path === 'health') return body;
  throw Object.assign(new Error(body.detail ?? `${path}: HTTP ${response.status}`), { status: response.status });
}

export function element(name, options = {}, ...children) {
  const node = Object.assign(document.createElement(name), options);
  node.append(...children.filter((child) => child !== undefined && child !== null));
  return node;
}

export function byId(id) {
  return document.getElementById(id);
}

export function show(id, ...children) {
  byId(id).replaceChildren(...children);
}

export function status(text) {
  return element('span', { className: `status ${tones[text] ?? ''}` }, words[text] ?? text);
}

export function count(number, one, many = `${one}s`) {
  return `${number} ${number === 1 ? one : many}`;
}

export function when(iso) {
  if (!iso) return 'never';
  return element('time', { dateTime: iso }, iso.replace('T', ' ').replace(/(:\d\d)(:\d\d)(\.\d+)?Z$/, '$1 UTC'));
}

export function row(...cells) {
  const [first, ...rest] = cells;
  return element(
    'tr',
    {},
    element('th', { scope: 'row', className: 'nowrap' }, first),
    ...rest.map((cell) => (cell?.tagName === 'TD' ? cell : element('td', {}, cell ?? ''))),
  );
}

export function emptyRow(columns, text, className = 'quiet') {
  return element('tr', {}, element('td', { colSpan: columns, className }, text));
}

export function messages(reasons = []) {
  if (reasons.length === 0) return '–';
  return element('ul', { className: 'plain' }, ...reasons.map((reason) => element('li', {}, reason.message)));
}

export function definitions(rows) {
  return rows.flatMap(([name, value]) => [element('dt', {}, name), element('dd', {}, value)]);
}

/** A list of prefixes under its title; a long one is folded. */
export function prefixList(title, prefixes, sign) {
  const items = prefixes.map((prefix) => element('li', {}, `${sign} ${prefix}`));
  const list = element('ul', { className: 'prefixes' }, ...items);
  if (prefixes.length > 12) {
    const heading = element('summary', {}, `${title} (${prefixes.length})`);
    return element('details', {}, heading, list);
  }
  return element('div', {}, element('h4', {}, `${title} (${prefixes.length})`), list);
}

/** Runs one part of the page; its failure is said where its content would be. */
export async function showing(id, work) {
  try {
    await work();
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    const isTable = byId(id).tagName === 'TBODY';
    show(id, isTable ? emptyRow(6, text, 'bad') : element('p', { className: 'bad' }, text));
  }
}
