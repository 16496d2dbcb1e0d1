/** Elements. Text from the API is always set as text, never as markup. */
export function byId(id) {
  return document.getElementById(id);
}

/** `attributes`: properties of the element, or attributes if it has no such property (`aria-label`). */
export function element(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

export function svg(name, attributes = {}, ...children) {
  const node = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [attribute, value] of Object.entries(attributes)) node.setAttribute(attribute, String(value));
  node.append(...children.flat(Infinity).filter(isThere));
  return node;
}

function fill(node, attributes, children) {
  for (const [attribute, value] of Object.entries(attributes)) {
    if (value === undefined) continue;
    if (attribute in node) node[attribute] = value;
    else node.setAttribute(attribute, value);
  }
  node.append(...children.flat(Infinity).filter(isThere));
  return node;
}

function isThere(child) {
  return child !== undefined && child !== null && child !== false && child !== '';
}

/** Replaces the children of `parent`. Elements that keep their id keep the focus and stay unfolded. */
export function show(parent, ...children) {
  const focused = parent.contains(document.activeElement) ? document.activeElement.id : '';
  const unfolded = [...parent.querySelectorAll('details[open][id]')].map(({ id }) => id);
  parent.replaceChildren(...children.flat(Infinity).filter(isThere));
  for (const id of unfolded) if (byId(id)) byId(id).open = true;
  if (focused) byId(focused)?.focus({ preventScroll: true });
}

export function button(text, attributes, onClick) {
  const node = element('button', { type: 'button', ...attributes }, text);
  node.addEventListener('click', () => onClick(node));
  return node;
}

export function definitions(rows) {
  const shown = rows.filter(([, value]) => isThere(value));
  return element(
    'dl',
    { className: 'facts-list' },
    shown.flatMap(([name, value]) => [element('dt', {}, name), element('dd', {}, value)]),
  );
}

/** `Now / Targets`: the way back from a page of its own. */
export function crumbs(href, text) {
  return element(
    'p',
    { className: 'crumbs' },
    element('a', { href: '#/' }, 'Now'),
    ' / ',
    element('a', { href }, text),
  );
}

/** A sentence with its commands (`az …`) set apart, so that one can read and copy them. */
export function withCommands(text) {
  return text.split(/(\baz [a-z][^;,)]*)/).map((part, index) => (index % 2 === 1 ? element('code', {}, part) : part));
}

/** On a narrow screen the style shows the table as a list; because of the roles it stays a table for screen readers. */
export function table(caption, columns, rows) {
  const head = columns.map((column) => element('th', { scope: 'col', role: 'columnheader' }, column));
  return element(
    'table',
    { role: 'table', 'aria-label': caption },
    element('thead', { role: 'rowgroup' }, element('tr', { role: 'row' }, head)),
    element('tbody', { role: 'rowgroup' }, rows),
  );
}

export function row(columns, [first, ...rest], attributes = {}) {
  return element(
    'tr',
    { role: 'row', ...attributes },
    element('th', { scope: 'row', role: 'rowheader' }, first),
    rest.map((cell, index) => element('td', { role: 'cell', 'data-name': columns[index + 1] }, cell)),
  );
}
