/** One release: what it added and removed, who needs it, who has it, when Azure may use it, and undoing it. */
import { get, now, post, takeBack } from './api.js';
import { act, targetHref } from './actions.js';
import { button, byId, crumbs, definitions, element, show } from './dom.js';
import { count, day, dayAndTime, number, pill, relative } from './words.js';

export function openRelease(date, refresh) {
  return async () => {
    const { body: release, isNew } = await get(`releases/${encodeURIComponent(date)}`).catch((error) => {
      if (error.status === 404) return { body: { missing: error.message }, isNew: true };
      throw error;
    });
    if (release.missing) return showFrame(date, element('p', {}, release.missing));
    if (isNew || !byId('release')) showRelease(release, refresh);
  };
}

function showFrame(date, ...content) {
  const title = /^\d{4}-/.test(date) ? `List of ${day(date)}` : date;
  document.title = title;
  show(
    byId('view'),
    crumbs('#/releases', 'Releases'),
    element('h1', {}, title),
    element('div', { id: 'release' }, content),
  );
}

function showRelease(release, refresh) {
  const { date, seenAt, isBuiltIn, isRejected, deadline, changes, targets } = release;
  const added = changes.some((change) => change.added.length > 0);
  showFrame(
    date,
    isRejected
      ? element(
          'p',
          { className: 'note warn' },
          'A person has undone this list: targets and feeds work as if it had never appeared.',
        )
      : undefined,
    definitions([
      [
        'First seen here',
        isBuiltIn ? 'before this app was installed: from the history that comes with it' : dayAndTime(seenAt),
      ],
      ['Azure may use what it added', added ? describeDeadline(deadline) : 'nothing was added'],
      ['Targets', targets.length === 0 ? 'none needs it' : describeTargets(targets)],
    ]),
    changes.length === 0 ? element('p', {}, 'It changed nothing in this tag or its regions.') : undefined,
    changes.map(changeCard),
    undo(release, refresh),
  );
}

function describeDeadline(deadline) {
  return Date.parse(deadline) > now()
    ? [`from ${day(deadline)}, `, relative(deadline, 'due')]
    : `since ${day(deadline)}`;
}

function describeTargets(targets) {
  return element(
    'ul',
    { className: 'steps' },
    targets.map(({ name, needs, lacks }) =>
      element(
        'li',
        {},
        element('a', { href: targetHref(name) }, name),
        ` needs ${count(needs, 'prefix')}: `,
        lacks.length === 0 ? pill('inSync') : `${number(lacks.length)} ${lacks.length === 1 ? 'is' : 'are'} missing`,
      ),
    ),
  );
}

function changeCard({ tag, region, isGone, added, removed }) {
  return element(
    'section',
    { className: 'card', 'aria-label': tag },
    element('h2', {}, region ?? 'The whole tag', ' ', element('small', {}, tag)),
    isGone ? element('p', {}, 'The tag is no longer listed.') : undefined,
    prefixes('Added', '+', added),
    prefixes('Removed', '−', removed),
  );
}

const longestUnfolded = 30;

function prefixes(title, sign, list) {
  if (list.length === 0) return undefined;
  return element(
    'details',
    { open: list.length <= longestUnfolded },
    element('summary', {}, element('b', {}, title), ` (${number(list.length)})`),
    element(
      'ul',
      { className: 'steps' },
      list.map(({ prefix, addresses }) =>
        element('li', {}, `${sign} `, element('code', {}, prefix), ` ${count(addresses, 'address')}`),
      ),
    ),
  );
}

/** The button to undo the release, with its effect above it; or the button to take that back. */
function undo({ snapshot, isBuiltIn, isRejected }, refresh) {
  if (isBuiltIn) return undefined;
  if (isRejected) {
    return element(
      'div',
      { className: 'acts' },
      button('Take this back: the list counts again', { id: 'undo-back', className: 'main' }, (pressed) =>
        act(pressed, () => restore(snapshot), refresh),
      ),
    );
  }
  const reason = element('input', { id: 'undo-reason', minLength: 3, maxLength: 500, autocomplete: 'off' });
  return element(
    'details',
    { id: 'undo', className: 'card' },
    element('summary', {}, element('b', {}, 'Undo this list')),
    element(
      'p',
      {},
      'For a list that Microsoft released by mistake. Feeds return to the previous list within half a minute, targets with their next run. The app does not take the same list again under a later date. You can take this back.',
    ),
    element('label', { htmlFor: 'undo-reason' }, 'Why (it goes into the ledger)'),
    reason,
    element(
      'div',
      { className: 'acts' },
      button('Undo this list', { id: 'undo-now', className: 'main' }, (pressed) =>
        act(pressed, () => reject(snapshot, reason.value), refresh),
      ),
    ),
  );
}

async function reject(snapshot, reason) {
  const { message } = await post(decisionPath(snapshot), { reason });
  return [element('b', {}, 'The list is undone. '), message];
}

async function restore(snapshot) {
  const { message } = await takeBack(decisionPath(snapshot));
  return [element('b', {}, 'The list counts again. '), message];
}

function decisionPath(snapshot) {
  return `snapshots/${encodeURIComponent(snapshot)}/reject`;
}
