/** The history, the regions and the calendar of the first page. */
import { now } from './api.js';
import { calendar, historyChart, longestGaps, sparkline } from './charts.js';
import { byId, element, show } from './dom.js';
import { describeRelease, releaseHref } from './home.js';
import { count, day } from './words.js';

const dayInMs = 24 * 60 * 60 * 1000;
const shownReleases = 12;

export function showPictures({ sizes, regions, releases }) {
  for (const id of ['history', 'regions', 'releases']) byId(id).hidden = releases.length === 0;
  if (releases.length === 0) return;
  const until = releases.at(-1).date;
  byId('history-title').textContent = `The tag since ${releases[0].date.slice(0, 4)}`;
  show(byId('chart'), historyChart({ sizes, until, hrefOf: releaseHref }));
  showRegions(regions);
  showReleases(releases);
}

function regionHref(tag) {
  return `#/regions/${encodeURIComponent(tag.slice(tag.indexOf('.') + 1))}`;
}

const ages = [
  [30, 'age3', 'within 30 days'],
  [90, 'age2', 'within 90 days'],
  [365, 'age1', 'within a year'],
  [Infinity, 'age0', 'longer ago'],
];

function showRegions(regions) {
  const listed = regions.filter(({ isListed }) => isListed);
  const gone = regions.filter(({ isListed }) => !isListed);
  const max = Math.max(...listed.map(({ sizes }) => Math.max(...sizes.map(([, size]) => size))));
  const tiles = listed.map((region) => element('li', {}, tile(region, max)));
  show(
    byId('tiles'),
    element(
      'p',
      { className: 'legend' },
      'The number of IPv4 + IPv6 prefixes now, and as a line since 2019. Last change: ',
      ages.map(([, className, words]) =>
        element('span', {}, element('span', { className: `swatch ${className}` }), words),
      ),
    ),
    element('ul', { className: 'tiles' }, tiles),
    gone.length > 0 ? element('p', { className: 'soft' }, describeGone(gone)) : undefined,
  );
}

/** `No longer listed since 15 Jan 2024: UK North, UK South 2; since 30 Jan 2023: East US SLV.` */
function describeGone(gone) {
  const newestFirst = gone.toSorted((a, b) => b.lastChanged.localeCompare(a.lastChanged));
  const days = Map.groupBy(newestFirst, ({ lastChanged }) => lastChanged);
  const parts = [...days].map(
    ([since, regions]) => `since ${day(since)}: ${regions.map(({ region }) => region).join(', ')}`,
  );
  return `No longer listed ${parts.join('; ')}.`;
}

function tile({ tag, region, ipv4, ipv6, lastChanged, sizes }, max) {
  const age = (now() - Date.parse(`${lastChanged}T00:00:00Z`)) / dayInMs;
  const [, className] = ages.find(([days]) => age <= days);
  const line = sparkline(
    sizes,
    `${region}: ${count(sizes.at(-1)[1], 'prefix')} now, ${sizes[0][1]} on ${day(sizes[0][0])}`,
    { width: 100, height: 18, max },
  );
  return element(
    'a',
    { className: `tile ${className}`, href: regionHref(tag), title: `Last changed on ${day(lastChanged)}` },
    element('b', {}, region),
    `${ipv4} + ${ipv6}`,
    line,
  );
}

function showReleases(releases) {
  const latest = releases.slice(-shownReleases).reverse();
  const gaps = longestGaps(releases);
  show(
    byId('calendar'),
    element(
      'p',
      { className: 'legend' },
      'One box per week. Empty: no list is known. The darker a box, the more of the tag changed.',
    ),
    calendar(releases, releaseHref),
    element(
      'p',
      { className: 'soft' },
      gaps.length > 0
        ? `Longest times without a list: ${gaps.map(({ days, to }) => `${days} days until ${day(to)}`).join(', ')}.`
        : 'No list was more than ten days late.',
    ),
    element('h3', {}, 'Latest'),
    element(
      'ul',
      {},
      latest.map((release) =>
        element(
          'li',
          {},
          release.added + release.removed > 0
            ? describeRelease(release)
            : [element('a', { href: releaseHref(release.date) }, day(release.date)), ': no change of this tag'],
        ),
      ),
    ),
  );
}
