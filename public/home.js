/** The first page: the state of everything, what waits, what changed, what is normal, and the targets. */
import { now } from './api.js';
import { act, approve, approveAll, pause, targetHref } from './actions.js';
import { deadlineStrip, roomBar, sparkline } from './charts.js';
import { button, byId, element, row, show, table, withCommands } from './dom.js';
import { count, day, kindWords, number, pill, prefixWords, relative, statusWords } from './words.js';

const signs = { good: '✓', warn: '!', bad: '✕' };

export function showNow({ now: { tone, sentence, details }, list }) {
  document.title = `${signs[tone]} ${sentence}`;
  show(
    byId('now'),
    element('span', { className: `sign ${tone}`, 'aria-hidden': 'true' }, signs[tone]),
    element('h1', {}, sentence),
    element(
      'p',
      {},
      describeList(list),
      details.map((detail) => ` ${detail}`),
    ),
  );
}

/** Both ages of the list: when Microsoft released it, and when the app last fetched it. */
function describeList({ released, fetchedAt, sources }) {
  if (!released) return [];
  const healthy = sources.filter(({ status }) => status === 'healthy').length;
  const from = healthy > 1 ? ` from ${healthy} sources that agree` : '';
  return [
    `Microsoft’s list was released on ${day(released)}`,
    ...(fetchedAt ? [' and last fetched ', relative(fetchedAt, 'ago'), from] : []),
    '.',
  ];
}

const shownCards = 4;
let areAllCardsShown = false;

export function showWaits(overview, refresh) {
  const {
    waiting,
    now: { state },
  } = overview;
  const shown = areAllCardsShown ? waiting : waiting.slice(0, shownCards);
  const more = waiting.length - shown.length;
  show(
    byId('waits'),
    waiting.length === 0 ? element('p', { className: 'soft' }, nothingWaits(state)) : undefined,
    element(
      'div',
      { className: 'grid' },
      shown.map((card) => waitCard(card, overview.list, refresh)),
    ),
    more > 0
      ? button(`Show ${more} more`, { id: 'more-cards', className: 'link' }, () => {
          areAllCardsShown = true;
          showWaits(overview, refresh);
        })
      : undefined,
  );
}

function nothingWaits(state) {
  if (state === 'storageDown') return 'What waits for you is not known until storage can be read.';
  return state === 'listStandsStill'
    ? 'No decision waits for you, but somebody has to look at the sources.'
    : 'Nothing waits for you.';
}

function waitCard(card, list, refresh) {
  const { id, kind, tone, targets, title, text, items, itemCount, since, deadline } = card;
  const due = deadline ? relative(deadline, 'deadline') : since ? relative(since, 'since') : '';
  return element(
    'article',
    { className: `card wait ${tone}`, 'aria-label': `${namesOf(targets)}: ${title}` },
    element('header', {}, cardName(card), element('span', { className: 'due' }, due)),
    element(
      'p',
      {},
      title,
      deadline && since ? element('small', {}, ' · first seen ', relative(since, 'ago')) : undefined,
    ),
    items.length > 0
      ? element(
          'ul',
          {},
          items.map((item) => element('li', {}, item.change === 'remove' ? '− ' : '+ ', prefixWords(item))),
          itemCount > items.length
            ? element('li', { className: 'soft' }, `and ${itemCount - items.length} more`)
            : undefined,
        )
      : undefined,
    element(
      'p',
      { className: 'text' },
      withCommands([...text, ...(kind === 'overdue' ? firstListed(items) : [])].join(' ')),
      kind === 'approval' ? whereToLook(items, list) : undefined,
    ),
    element('div', { className: 'acts' }, cardButtons(card, id, refresh)),
  );
}

/** Where a person sees whether Microsoft really released it. */
function whereToLook(items, { officialPage }) {
  const days = [...new Set(items.map((item) => item.firstListed).filter(Boolean))];
  return [
    ' Where to look: ',
    days.length === 1
      ? [element('a', { href: releaseHref(days[0]) }, `the release of ${day(days[0])} as the app read it`), ', and ']
      : undefined,
    element('a', { href: officialPage, target: '_blank', rel: 'noreferrer' }, 'Microsoft’s own file'),
    '.',
  ];
}

function firstListed(items) {
  const days = [...new Set(items.map((item) => item.firstListed).filter(Boolean))];
  return days.length === 1 ? [`First listed on ${day(days[0])}.`] : [];
}

/** The name of one target; for several their number, which unfolds to all names. */
function cardName({ id, targets }) {
  const links = targets.map(({ name }) => element('a', { href: targetHref(name) }, name));
  if (targets.length === 1) return links;
  return element(
    'details',
    { id: `targets ${id}` },
    element('summary', {}, element('b', {}, count(targets.length, 'target'))),
    element(
      'span',
      {},
      links.flatMap((link, index) => [index === 0 ? '' : ', ', link]),
    ),
  );
}

function namesOf(targets) {
  return targets.length === 1 ? targets[0].name : count(targets.length, 'target');
}

function cardButtons({ targets, actions, kind }, id, refresh) {
  const [first] = targets;
  const isOne = targets.length === 1;
  const offered = {
    review: () =>
      isOne &&
      element(
        'a',
        {
          id: `review ${id}`,
          className: actions.includes('approve') ? 'button' : 'button main',
          href: targetHref(first.name),
        },
        kind === 'blocked' || kind === 'failed' ? 'What to do' : 'Review',
      ),
    approve: () =>
      button(
        isOne ? 'Approve' : `Approve for all ${targets.length}`,
        {
          id: `approve ${id}`,
          className: 'main',
          'aria-label': isOne ? `Approve for ${first.name}` : `Approve for all ${targets.length} targets`,
        },
        (pressed) => act(pressed, () => (isOne ? approve(first.name, first.planId) : approveAll(targets)), refresh),
      ),
    pause: () =>
      isOne &&
      button('Pause', { id: `pause ${id}`, 'aria-label': `Pause ${first.name}` }, (pressed) =>
        act(pressed, () => pause(first.name), refresh),
      ),
  };
  return actions.map((action) => offered[action]());
}

/** What changed, and what is normal. */
export function showFacts({ releases, normal }) {
  const changed = releases.filter(({ added, removed }) => added + removed > 0).slice(0, 3);
  const [newest] = releases;
  const lines = changed.map((release) => element('li', {}, describeRelease(release)));
  const unchanged =
    newest && newest !== changed[0]
      ? element('p', { className: 'soft' }, `The newest list, of ${day(newest.date)}, changed nothing in this tag.`)
      : undefined;
  show(
    byId('facts'),
    releases.length > 0
      ? element(
          'div',
          { className: 'grid facts' },
          element('div', { className: 'card' }, element('h2', {}, 'What changed'), element('ul', {}, lines), unchanged),
          element(
            'div',
            { className: 'card' },
            element('h2', {}, 'What is normal'),
            normal.map((sentence) => element('p', {}, sentence)),
          ),
        )
      : undefined,
  );
}

/**
 * `13 Oct 2025 +4 (changed: Sweden Central): 2 targets need it, all have it`. The numbers are those of the whole tag, and a
 * region's own tag may change differently.
 */
export function describeRelease({ date, added, removed, regions, needed, lacking, isRejected }) {
  const where =
    regions.length === 0
      ? ''
      : ` (changed: ${regions.length <= 2 ? regions.join(' and ') : `${regions.length} regions`})`;
  const whom =
    needed === null
      ? ''
      : needed === 0
        ? ': no target needs it'
        : `: ${count(needed, 'target')} ${needed === 1 ? 'needs' : 'need'} it, ${hasIt(needed, lacking)}`;
  return [
    element('a', { href: releaseHref(date) }, day(date)),
    ' ',
    added > 0 ? element('span', { className: 'plus' }, `+${number(added)}`) : '',
    added > 0 && removed > 0 ? ' ' : '',
    removed > 0 ? element('span', { className: 'minus' }, `−${number(removed)}`) : '',
    `${where}${isRejected ? ': undone by a person' : added > 0 ? whom : ''}`,
  ];
}

function hasIt(needed, lacking) {
  if (lacking > 0) return `${number(lacking)} ${lacking === 1 ? 'lacks' : 'lack'} it`;
  return needed === 1 ? 'and has it' : 'all have it';
}

export function releaseHref(date) {
  return `#/releases/${date}`;
}

const columns = ['Target', 'Status', 'Why', 'Deadline', 'Room', 'Size', 'Last change'];
const legend =
  'Deadline: Azure may use a new prefix seven days after its release; a filled square is a day that is over. ' +
  'Room: how many prefixes or rules the resource has, and how many it takes. ' +
  'Size: how many prefixes the target needed over the last twelve months. ' +
  'Last change: the day on which the app last wrote to it.';
const shownRows = 20;
const filter = { text: '', status: '', kind: '', region: '', isAll: false };

export function showTargets({ targets }) {
  byId('targets').hidden = targets === null;
  if (targets === null) return;
  showFilters(targets);
  showRows(targets);
}

function showFilters(targets) {
  const again = () => showRows(targets);
  const set = (name) => (event) => {
    filter[name] = event.target.value;
    again();
  };
  const text = element('input', {
    id: 'filter-text',
    type: 'search',
    placeholder: 'Filter by name or reason',
    'aria-label': 'Filter by name or reason',
    value: filter.text,
  });
  text.addEventListener('input', set('text'));
  show(
    byId('filters'),
    element('div', { className: 'chips', role: 'group', 'aria-label': 'Status' }, statusChips(targets, again)),
    text,
    choice(
      'kind',
      'Every kind',
      [...new Set(targets.map(({ kind }) => kind))].map((kind) => [kind, kindWords(kind)]),
      set('kind'),
    ),
    choice('region', 'Every region', regionsOf(targets), set('region')),
  );
}

/** Each region of the targets with its name, by name. */
function regionsOf(targets) {
  const names = new Map(
    targets.flatMap(({ regions, regionNames }) => regions.map((region, index) => [region, regionNames[index]])),
  );
  return [...names].sort(([, a], [, b]) => (a < b ? -1 : 1));
}

function statusChips(targets, again) {
  const counts = Map.groupBy(targets, statusOf);
  const chips = [
    ['', `All ${targets.length}`],
    ...[...counts].map(([status, found]) => [status, `${found.length} ${statusWords(status, found.length)}`]),
  ];
  const nodes = chips.map(([status, text]) =>
    button(text, { id: `status ${status}`, 'aria-pressed': String(filter.status === status) }, (pressed) => {
      filter.status = status;
      for (const node of nodes) node.setAttribute('aria-pressed', String(node === pressed));
      again();
    }),
  );
  return nodes;
}

function choice(name, everything, options, onChange) {
  if (options.length < 2) return undefined;
  const node = element(
    'select',
    { id: `filter-${name}`, 'aria-label': name === 'kind' ? 'Kind' : 'Region' },
    [['', everything], ...options].map(([value, text]) =>
      element('option', { value, selected: filter[name] === value }, text),
    ),
  );
  node.addEventListener('change', onChange);
  return node;
}

function statusOf({ status, isOverdue }) {
  return isOverdue ? 'overdue' : status;
}

function isShown(target) {
  const text = filter.text.trim().toLowerCase();
  return (
    (text === '' || `${target.name} ${target.why} ${target.where}`.toLowerCase().includes(text)) &&
    (filter.status === '' || statusOf(target) === filter.status) &&
    (filter.kind === '' || target.kind === filter.kind) &&
    (filter.region === '' || target.regions.length === 0 || target.regions.includes(filter.region))
  );
}

function showRows(targets) {
  const found = targets.filter(isShown);
  const shown = filter.isAll ? found : found.slice(0, shownRows);
  show(
    byId('rows'),
    targets.length === 0
      ? element('p', {}, 'No targets are configured. Lists and look-ups work without them.')
      : undefined,
    targets.length > 0 && found.length === 0 ? element('p', {}, 'No target matches the filter.') : undefined,
    shown.length > 0
      ? [table('Targets', columns, shown.map(targetRow)), element('p', { className: 'soft' }, legend)]
      : undefined,
    found.length > shown.length
      ? button(`Show all ${found.length}`, { id: 'all-rows', className: 'link' }, () => {
          filter.isAll = true;
          showRows(targets);
        })
      : undefined,
  );
}

function targetRow(target) {
  const { name, kind, where, policy, why, missing, deadline, room, sizes, lastChange, isPinned } = target;
  const title = element('a', { id: `target ${name}`, href: targetHref(name) }, name);
  return row(columns, [
    [title, element('small', {}, `${kindWords(kind)}, ${where}`)],
    [pill(statusOf(target)), isPinned ? [' ', pill('pinned')] : ''],
    why ? element('span', { className: 'why clamp', title: why }, why) : '',
    deadline
      ? [
          deadlineStrip(deadline, now()),
          element('small', {}, `${count(missing, 'prefix')} `, relative(deadline, 'deadline')),
        ]
      : element('small', {}, policy === 'plan' || target.status === 'paused' ? 'not counted' : 'nothing missing'),
    room ? [roomBar(room), element('small', {}, `${number(room.used)} of ${number(room.limit)}`)] : '',
    sizes.length > 1
      ? sparkline(
          sizes,
          `Size of ${name}: ${sizes[0][1]} on ${day(sizes[0][0])}, ${sizes.at(-1)[1]} on ${day(sizes.at(-1)[0])}`,
        )
      : '',
    element('small', { className: 'nowrap' }, lastChange ? day(lastChange) : 'never'),
  ]);
}
