/** Charts in plain SVG, drawn to the width of the page. */
import { element, svg } from './dom.js';
import { count, day, number } from './words.js';

const dayInMs = 24 * 60 * 60 * 1000;

/** Draws now, and again whenever the width changes. */
function drawToWidth(container, draw) {
  let drawn = 0;
  const observer = new ResizeObserver(() => {
    const width = Math.floor(container.clientWidth);
    if (width === drawn || width === 0) return;
    drawn = width;
    draw(width);
  });
  observer.observe(container);
}

function toTime(date) {
  return Date.parse(date.length === 10 ? `${date}T00:00:00Z` : date);
}

/** A small line of sizes over time, drawn in steps. */
export function sparkline(sizes, label, { width = 96, height = 22, max } = {}) {
  if (sizes.length === 0) return element('small', {}, 'not known yet');
  const times = sizes.map(([date]) => toTime(date));
  const counts = sizes.map(([, size]) => size);
  const top = max ?? Math.max(...counts, 1);
  const bottom = max === undefined ? Math.min(...counts) * 0.9 : 0;
  const [first, last] = [times[0], Math.max(times.at(-1), times[0] + 1)];
  const x = (time) => round(((time - first) / (last - first)) * width);
  const y = (size) => round(height - 2 - ((size - bottom) / (top - bottom || 1)) * (height - 4));
  const path = sizes
    .map(([, size], index) => (index === 0 ? `M0 ${y(size)}` : `H${x(times[index])}V${y(size)}`))
    .join('');
  return svg(
    'svg',
    { class: 'spark', width, height, role: 'img', 'aria-label': label },
    svg('path', { class: 'line', d: `${path}H${width}` }),
  );
}

function round(value) {
  return Math.round(value * 10) / 10;
}

/** Seven boxes, one per day from a release to its deadline; the days that have passed are filled. */
export function deadlineStrip(deadline, now) {
  const left = (Date.parse(deadline) - now) / dayInMs;
  const gone = Math.min(7, Math.max(0, 7 - Math.ceil(left)));
  const label = left < 0 ? 'The seven days are over.' : `${gone} of 7 days are over.`;
  const boxes = Array.from({ length: 7 }, (_, index) =>
    svg('rect', { x: index * 14, width: 12, height: 12, rx: 3, class: index < gone ? 'gone' : 'left' }),
  );
  return svg(
    'svg',
    { class: left < 1 ? 'bad' : 'warn', width: 96, height: 12, viewBox: '0 0 96 12', role: 'img', 'aria-label': label },
    boxes,
  );
}

export function roomBar({ used, limit }) {
  const share = Math.min(1, used / Math.max(limit, 1));
  return svg(
    'svg',
    { width: 84, height: 6, role: 'img', 'aria-label': `${used} of ${limit} rules used` },
    svg('rect', { width: 84, height: 6, rx: 3, class: 'left' }),
    svg('rect', {
      width: Math.max(used > 0 ? 3 : 0, 84 * share),
      height: 6,
      rx: 3,
      class: share > 0.9 ? 'gone' : 'used',
    }),
  );
}

const measures = {
  prefixes: { name: 'Prefixes', ipv4: (size) => size.ipv4, ipv6: (size) => size.ipv6 },
  addresses: { name: 'Addresses', ipv4: (size) => size.ipv4Addresses, ipv6: (size) => size.ipv6Addresses },
};

/**
 * The size of a tag after each release, IPv4 and IPv6. The arrow keys and the pointer choose a release; the text below
 * says what it changed.
 */
export function historyChart({ sizes, until, hrefOf }) {
  const readout = element('p', { className: 'readout' });
  const picture = element('div', {});
  let measure = measures.prefixes;
  let chosen = sizes.length - 1;
  let width = 0;
  const draw = () => {
    if (width === 0) return;
    const { node, xOf } = drawSizes(sizes, until, measure, chosen, width);
    node.addEventListener('keydown', (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10, Home: -sizes.length, End: sizes.length }[
        event.key
      ];
      if (step === undefined) return;
      event.preventDefault();
      choose(chosen + step);
      picture.firstChild.focus();
    });
    node.addEventListener('pointermove', (event) => {
      const at = event.clientX - node.getBoundingClientRect().left;
      const nearest = xOf.reduce((best, x, index) => (Math.abs(x - at) < Math.abs(xOf[best] - at) ? index : best), 0);
      if (nearest !== chosen) choose(nearest);
    });
    picture.replaceChildren(node);
    showReadout();
  };
  const choose = (index) => {
    chosen = Math.min(sizes.length - 1, Math.max(0, index));
    draw();
  };
  const showReadout = () => readout.replaceChildren(...describeSize(sizes, chosen, hrefOf));
  drawToWidth(picture, (next) => {
    width = next;
    draw();
  });
  const choices = Object.entries(measures).map(([value, { name }]) => {
    const input = element('button', { type: 'button', 'aria-pressed': String(measure === measures[value]) }, name);
    input.addEventListener('click', () => {
      measure = measures[value];
      for (const other of choices) other.setAttribute('aria-pressed', String(other === input));
      draw();
    });
    return input;
  });
  return [
    element('div', { className: 'chips', role: 'group', 'aria-label': 'What is counted' }, choices),
    picture,
    readout,
  ];
}

function describeSize(sizes, index, hrefOf) {
  const size = sizes[index];
  const changes = [
    ...(size.added > 0 ? [' ', element('span', { className: 'plus' }, `+${number(size.added)}`)] : []),
    ...(size.removed > 0 ? [' ', element('span', { className: 'minus' }, `−${number(size.removed)}`)] : []),
  ];
  const link = element('a', { href: hrefOf(size.date) }, day(size.date));
  return [
    link,
    ...(index === 0 ? [] : changes),
    `: ${count(size.ipv4, 'IPv4 prefix')} with ${count(size.ipv4Addresses, 'address')}, ${count(size.ipv6, 'IPv6 prefix')} with ${count(size.ipv6Addresses, 'address')}.`,
  ];
}

const chartHeight = 190;
const [chartTop, chartBottom, chartLeft] = [16, 166, 52];

function drawSizes(sizes, until, measure, chosen, width) {
  const right = width - 8;
  const times = sizes.map(({ date }) => toTime(date));
  const [first, last] = [times[0], Math.max(toTime(until), times.at(-1), times[0] + 1)];
  const top = niceTop(Math.max(1, ...sizes.map(measure.ipv4), ...sizes.map(measure.ipv6)));
  const x = (time) => round(chartLeft + ((time - first) / (last - first)) * (right - chartLeft));
  const y = (value) => round(chartBottom - (value / top) * (chartBottom - chartTop));
  const lines = [0, 1, 2, 3, 4]
    .map((part) => (top / 4) * part)
    .flatMap((value) => [
      svg('line', { class: 'rule', x1: chartLeft, x2: right, y1: y(value), y2: y(value) }),
      svg('text', { x: chartLeft - 8, y: y(value) + 4, 'text-anchor': 'end' }, number(Math.round(value))),
    ]);
  const path = (valueOf) =>
    sizes
      .map((size, index) =>
        index === 0 ? `M${x(times[0])} ${y(valueOf(size))}` : `H${x(times[index])}V${y(valueOf(size))}`,
      )
      .join('') + `H${right}`;
  const size = sizes[chosen];
  const at = x(times[chosen]);
  const node = svg(
    'svg',
    {
      width,
      height: chartHeight,
      tabindex: 0,
      role: 'slider',
      'aria-label': `${measure.name} after each release; the arrow keys go from release to release`,
      'aria-valuemin': 0,
      'aria-valuemax': sizes.length - 1,
      'aria-valuenow': chosen,
      'aria-valuetext': `${day(size.date)}: IPv4 ${number(measure.ipv4(size))}, IPv6 ${number(measure.ipv6(size))}, ${size.added} added, ${size.removed} removed`,
    },
    lines,
    years(first, last, width).map((year) => {
      const position = x(Date.parse(`${year}-01-01T00:00:00Z`));
      return [
        svg('line', { class: 'rule', x1: position, x2: position, y1: chartTop, y2: chartBottom }),
        svg('text', { x: position, y: chartBottom + 18, 'text-anchor': 'middle' }, String(year)),
      ];
    }),
    svg('path', { class: 'line', d: path(measure.ipv4) }),
    svg('path', { class: 'line v6', d: path(measure.ipv6) }),
    svg('line', { class: 'cursor', x1: at, x2: at, y1: chartTop, y2: chartBottom }),
    svg('circle', { cx: at, cy: y(measure.ipv4(size)), r: 4, fill: 'var(--v4)' }),
    svg('circle', { cx: at, cy: y(measure.ipv6(size)), r: 4, fill: 'var(--v6)' }),
    svg('text', { class: 'label4', x: chartLeft + 6, y: chartTop + 2 }, `IPv4 ${number(measure.ipv4(size))}`),
    svg('text', { class: 'label6', x: chartLeft + 6, y: chartTop + 18 }, `IPv6 ${number(measure.ipv6(size))}`),
  );
  return { node, xOf: times.map(x) };
}

function years(first, last, width) {
  const from = new Date(first).getUTCFullYear() + 1;
  const to = new Date(last).getUTCFullYear();
  const step = width < 420 ? 2 : 1;
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index).filter(
    (year) => (to - year) % step === 0,
  );
}

function niceTop(value) {
  const unit = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 4, 6, 8, 10].map((factor) => factor * unit).find((top) => top >= value) ?? value;
}

const weekInMs = 7 * dayInMs;

/** One box per week since the first release: empty without a release, and darker the more of the tag changed. */
export function calendar(releases, hrefOf) {
  const container = element('div', {});
  drawToWidth(container, (width) => container.replaceChildren(drawCalendar(releases, width, hrefOf)));
  return container;
}

function drawCalendar(releases, width, hrefOf) {
  const labels = 40;
  const cell = Math.min(16, (width - labels) / 53);
  const gap = Math.min(2, cell * 0.2);
  const byYear = Map.groupBy(releases, ({ date }) => date.slice(0, 4));
  const rows = [...byYear.keys()].sort();
  const boxes = rows.flatMap((year, index) => {
    const start = Date.parse(`${year}-01-01T00:00:00Z`);
    const top = index * (cell + gap + 3);
    const weeks = Map.groupBy(byYear.get(year), ({ date }) => Math.floor((toTime(date) - start) / weekInMs));
    const filled = [...weeks].map(([week, found]) => {
      const changed = Math.max(...found.map(({ added, removed }) => added + removed));
      const shade = changed === 0 ? 'shade1' : changed < 10 ? 'shade2' : 'shade3';
      const { date, added, removed } = found.at(-1);
      const box = svg(
        'rect',
        { x: labels + week * cell, y: top, width: cell - gap, height: cell - gap, rx: 2, class: shade },
        svg('title', {}, `${day(date)}: ${changed === 0 ? 'no change of the tag' : `+${added} −${removed}`}`),
      );
      return changed === 0 ? box : svg('a', { href: hrefOf(date), tabindex: -1 }, box);
    });
    const empty = Array.from({ length: 53 }, (_, week) => week)
      .filter((week) => !weeks.has(week))
      .map((week) =>
        svg('rect', { x: labels + week * cell, y: top, width: cell - gap, height: cell - gap, rx: 2, class: 'shade0' }),
      );
    return [svg('text', { x: 0, y: top + cell - gap }, year), ...empty, ...filled];
  });
  const height = rows.length * (cell + gap + 3);
  return svg(
    'svg',
    { width, height, role: 'group', 'aria-label': 'Releases by week; the list below says the same' },
    boxes,
  );
}

/** Gaps of more than ten days between two releases, the longest first. */
export function longestGaps(releases, most = 4) {
  return releases
    .slice(1)
    .map(({ date }, index) => ({
      from: releases[index].date,
      to: date,
      days: Math.round((toTime(date) - toTime(releases[index].date)) / dayInMs),
    }))
    .filter(({ days }) => days > 10)
    .sort((a, b) => b.days - a.days)
    .slice(0, most);
}
