/** Explains what is typed: an address, a range, or a pasted line of a log or an error. */
import { get, post } from './api.js';
import { targetHref } from './actions.js';
import { byId, element, show } from './dom.js';
import { day, pill } from './words.js';

const waitInMs = 250;
/** Longer texts are sent in the body and not in the URL. */
const longestQuery = 300;
const shownTargets = 8;

let timer;
let asking;

export function startLookup() {
  byId('text').addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(() => void explain(byId('text').value.trim()), waitInMs);
  });
}

/** False while the person is still typing the address. */
function mayContainAddress(text) {
  return /\d+\.\d+\.\d+\.\d+|[\da-f]*:[\da-f:]*:/i.test(text);
}

async function explain(text) {
  asking?.abort();
  if (!mayContainAddress(text)) return show(byId('explained'));
  asking = new AbortController();
  const { signal } = asking;
  try {
    const answer =
      text.length <= longestQuery
        ? (await get(`explain?text=${encodeURIComponent(text)}`, { signal })).body
        : await post('explain', { text }, { signal });
    show(
      byId('explained'),
      answer.addresses.map((address) => explanation(address, answer)),
    );
  } catch (error) {
    if (error.name === 'AbortError') return;
    show(byId('explained'), element('p', { className: 'soft' }, error.message));
  }
}

function explanation({ summary, matches, overlaps, onDay, periods, targets, next }) {
  return element(
    'div',
    { className: 'panel' },
    element('p', {}, element('b', {}, summary)),
    next.length > 0
      ? element(
          'ul',
          { className: 'steps' },
          next.map((step) => element('li', {}, step)),
        )
      : undefined,
    targets.length > 0
      ? element(
          'ul',
          { className: 'steps' },
          targets.slice(0, shownTargets).map(describeTarget),
          targets.length > shownTargets
            ? element('li', {}, `and ${targets.length - shownTargets} more targets`)
            : undefined,
        )
      : undefined,
    onDay
      ? element(
          'p',
          {},
          `On ${day(onDay.day)}, the day of the line, ${onDay.tags.length > 0 ? `it was in ${onDay.tags.join(' and ')}.` : 'it was in no tag of Azure Container Registry.'}`,
        )
      : undefined,
    periods.length > 0 ? element('p', { className: 'soft' }, periods.map(describePeriod).join(' ')) : undefined,
    matches.length > 0
      ? element('p', { className: 'soft' }, `In ${matches.map(({ tag, prefix }) => `${tag} (${prefix})`).join(', ')}.`)
      : undefined,
    overlaps.length > 0
      ? element(
          'p',
          { className: 'soft' },
          `Overlaps ${overlaps.map(({ tag, prefix }) => `${prefix} of ${tag}`).join(', ')}.`,
        )
      : undefined,
  );
}

function describePeriod({ tag, prefix, from, until }) {
  return `${tag} has listed ${prefix} since ${day(from)}${until ? ` and dropped it on ${day(until)}` : ''}.`;
}

function describeTarget({ name, status, allowed, access, wanted, rule, prefix, since }) {
  const [whole, part] = access === 'Deny' ? ['blocks it', 'blocks a part of it'] : ['admits it', 'admits a part of it'];
  const by = rule ? ` by the rule ${rule} (${prefix})` : prefix ? ` by a rule of other people (${prefix})` : '';
  const when = since ? ` since ${day(since)}` : '';
  const words =
    allowed === 'no'
      ? wanted
        ? 'should have it and does not'
        : 'does not have it'
      : `${allowed === 'partly' ? part : whole}${by}${when}`;
  return element('li', {}, element('a', { href: targetHref(name) }, name), ` ${words} `, pill(status));
}
