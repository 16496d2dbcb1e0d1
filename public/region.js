/** One region of the tag: its size since 2019, and its prefixes. */
import { get } from './api.js';
import { historyChart } from './charts.js';
import { act, retire } from './actions.js';
import { button, byId, crumbs, element, row, show, table } from './dom.js';
import { releaseHref } from './home.js';
import { count, day } from './words.js';

const columns = ['Prefix', 'First listed', 'Last listed'];

export function openRegion(region, refresh) {
  const tag = `AzureContainerRegistry.${region}`;
  return async () => {
    const path = `tags/${encodeURIComponent(tag)}`;
    const [known, pictures] = await Promise.all([get(path), get(`releases?tag=${encodeURIComponent(tag)}`)]);
    if (!known.isNew && !pictures.isNew && byId('region')) return;
    showRegion(tag, known.body, pictures.body, refresh);
  };
}

function showRegion(tag, { listed, prefixes }, { sizes, releases, quarantine }, refresh) {
  document.title = tag;
  const newestDay = prefixes.reduce((last, { lastSeen }) => (lastSeen > last ? lastSeen : last), '');
  const isListedNow = ({ lastSeen }) => listed && lastSeen === newestDay;
  show(
    byId('view'),
    crumbs('#/regions', 'Regions'),
    element('h1', {}, tag),
    element(
      'div',
      { id: 'region' },
      listed
        ? element('p', {}, `${count(prefixes.filter(isListedNow).length, 'prefix')} listed now.`)
        : element('p', { className: 'note warn' }, 'Microsoft no longer lists this tag.'),
      quarantine ? describeQuarantine(tag, quarantine, refresh) : undefined,
      sizes.length > 0
        ? element(
            'div',
            { className: 'card' },
            historyChart({ sizes, until: releases.at(-1).date, hrefOf: releaseHref }),
          )
        : undefined,
      element('h2', {}, 'Prefixes'),
      element(
        'div',
        { className: 'card' },
        table(
          'Prefixes',
          columns,
          prefixes.map((entry) =>
            row(columns, [
              element('code', {}, entry.prefix),
              day(entry.firstSeen),
              isListedNow(entry) ? 'still listed' : day(entry.lastSeen),
            ]),
          ),
        ),
      ),
    ),
  );
}

/** A tag that vanished is in quarantine first; later a person can confirm that it is gone. */
function describeQuarantine(tag, { status, reason, confirmedAt }, refresh) {
  return element(
    'div',
    { className: `note ${status === 'retired' ? 'quiet' : 'warn'}` },
    element(
      'p',
      {},
      `${reason} ${status === 'retired' ? 'It counts as retired. Feeds keep its prefixes until a person confirms that Microsoft has retired it.' : 'Nothing is removed because of it, and feeds keep its prefixes. This ends by itself when the tag is back, or when further releases confirm it.'}`,
    ),
    confirmedAt
      ? element('p', {}, `A person confirmed on ${day(confirmedAt)} that it is gone for good.`)
      : status === 'retired' &&
          button('Confirm: it is gone for good', { id: 'retire' }, (pressed) =>
            act(pressed, () => retire(tag), refresh),
          ),
  );
}
