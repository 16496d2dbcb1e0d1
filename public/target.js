/** One target: what is allowed now and why, its plan, its runs, its settings, and what a person can do. */
import { get } from './api.js';
import { act, approve, pause, resume, rollBack } from './actions.js';
import { roomBar, sparkline } from './charts.js';
import { button, byId, crumbs, definitions, element, row, show, table, withCommands } from './dom.js';
import { canBeApproved, planGroups, planSentence } from './plan.js';
import { count, day, dayAndTime, duration, kindWords, number, pill, relative } from './words.js';

/** Returns the function that refreshes the page. It reads the live rules again only after a run, because that calls Azure. */
export function openTarget(name, refresh, query) {
  const path = `targets/${encodeURIComponent(name)}`;
  const expected = query?.get('plan');
  let shownRun;
  show(
    byId('view'),
    crumbs('#/targets', 'Targets'),
    ...['head', 'plan', 'allowed', 'rollback', 'runs', 'settings'].map((part) =>
      element('section', { id: `target-${part}` }),
    ),
  );
  show(byId('target-head'), element('h1', {}, name), element('p', { className: 'soft' }, 'Reading…'));
  return async () => {
    const { body: target, isNew } = await get(path).catch((error) => {
      if (error.status === 404) return { body: { missing: error.message } };
      throw error;
    });
    if (target.missing) return show(byId('target-head'), element('h1', {}, name), element('p', {}, target.missing));
    document.title = name;
    const isUnderWay = target.status === 'pending';
    if (!isNew && shownRun !== undefined) return isUnderWay;
    showHead(target, refresh);
    showSettings(target);
    showRollback(target, path, refresh);
    const run = target.lastResult?.runId ?? '';
    if (run !== shownRun) {
      shownRun = run;
      await Promise.all([showPlan(target, path, expected, refresh), showRuns(target)]);
    }
    return isUnderWay;
  };
}

function showHead(target, refresh) {
  const { name, kind, status, reasons, pin, lastResult, configuration } = target;
  const isStopped = status === 'paused' || pin;
  show(
    byId('target-head'),
    element('h1', {}, name, ' ', pill(status), pin ? [' ', pill('pinned')] : ''),
    element(
      'p',
      { className: 'soft' },
      `${kindWords(kind)}, ${whereOf(configuration)}. `,
      lastResult
        ? ['The app checks it every hour; it recorded the last result ', relative(lastResult.at, 'ago'), '.']
        : 'The app has not looked at it yet.',
    ),
    pin
      ? element(
          'p',
          { className: 'note warn' },
          `Rolled back to ${pin.snapshot} by ${pin.by} on ${day(pin.at)}: it does not follow new lists until somebody resumes it.`,
        )
      : undefined,
    reasons.length > 0
      ? element(
          'ul',
          { className: 'steps' },
          reasons.map(({ message }) => element('li', {}, withCommands(message))),
        )
      : undefined,
    status === 'blocked' || status === 'failed' || status === 'noEffect'
      ? element(
          'p',
          {},
          element(
            'a',
            { href: 'runbook#a-target-that-is-blocked-or-failed' },
            'What each reason means, and what to do',
          ),
        )
      : undefined,
    element(
      'div',
      { className: 'acts' },
      isStopped
        ? button('Resume', { id: 'resume', className: 'main' }, (pressed) => act(pressed, () => resume(name), refresh))
        : button('Pause', { id: 'pause' }, (pressed) => act(pressed, () => pause(name), refresh)),
    ),
  );
}

function whereOf({ regions }) {
  if (regions === 'all') return 'all regions';
  return Array.isArray(regions) ? regions.join(', ') : `the regions of ${regions.ofRegistry.split('/').at(-1)}`;
}

async function showPlan({ name, ownership, capacity }, path, expected, refresh) {
  const section = byId('target-plan');
  show(
    section,
    element('h2', {}, 'Plan'),
    element('p', { className: 'soft', role: 'status' }, `Reading the live rules of ${name} from Azure…`),
  );
  const plan = await get(`${path}/plan`).then(
    ({ body }) => body,
    (error) => ({ error }),
  );
  if (plan.error) {
    if (plan.error.status === 401) throw plan.error;
    return show(section, element('h2', {}, 'Plan'), element('p', { className: 'note bad' }, plan.error.message));
  }
  show(
    section,
    element('h2', {}, 'Plan'),
    element(
      'div',
      { className: 'card' },
      expected && expected !== plan.id
        ? element('p', { className: 'note warn' }, 'The plan has changed since the notification: this is the new one.')
        : undefined,
      element('p', {}, element('b', {}, planSentence(plan))),
      plan.gate
        ? element('p', { className: 'note quiet' }, `The app writes nothing of it now. ${plan.gate.message}`)
        : undefined,
      plan.verdict === 'blocked'
        ? element(
            'ul',
            { className: 'steps' },
            plan.reasons.map(({ message }) => element('li', {}, withCommands(message))),
          )
        : undefined,
      (plan.ruleDrift ?? []).length > 0
        ? element('p', {}, `The app corrects the rule itself: ${plan.ruleDrift.join('; ')}.`)
        : undefined,
      planGroups(plan),
      canBeApproved(plan)
        ? element(
            'div',
            { className: 'acts' },
            button('Approve exactly this plan', { id: 'approve', className: 'main' }, (pressed) =>
              act(pressed, () => approve(name, plan.id), refresh),
            ),
            element('small', {}, 'If the plan has changed since, the app applies nothing and you see the new one.'),
          )
        : undefined,
    ),
  );
  showAllowed(plan, ownership, capacity);
}

/** Compares the live rules with the list, and shows how much room is left. */
function showAllowed(plan, ownership, capacity) {
  const counts = (...fates) => plan.items.filter(({ fate }) => fates.includes(fate)).length;
  const missing = counts('add', 'needsApproval', 'doesNotFit');
  show(
    byId('target-allowed'),
    element('h2', {}, 'Allowed now'),
    element(
      'div',
      { className: 'card' },
      definitions([
        ['Added by the app', count(ownership.prefixCount, 'prefix')],
        ['Listed and not allowed', missing > 0 ? count(missing, 'prefix') : 'nothing'],
        ['Allowed and no longer listed', counts('kept') > 0 ? count(counts('kept'), 'prefix') : 'nothing'],
        ['Rules', ownership.rules.join(', ')],
        ['Room', capacity ? [roomBar(capacity), describeRoom(capacity)] : ''],
      ]),
    ),
  );
}

function describeRoom({ used, limit, weeksUntilFull }) {
  return `${number(used)} of ${number(limit)} used. ${describeForecast(weeksUntilFull)}`;
}

const weeksPerYear = 52;

function describeForecast(weeks) {
  if (weeks === null) return 'The list does not grow now.';
  if (weeks === 0) return 'It is full, or will be with the next list that adds prefixes.';
  const when = weeks > 2 * weeksPerYear ? count(Math.floor(weeks / weeksPerYear), 'year') : count(weeks, 'week');
  return `At its present growth it will be full in ${when}.`;
}

const runColumns = ['Started', 'Outcome', 'Change', 'Asked by', 'Why'];

async function showRuns({ name }) {
  const { body } = await get(`runs?target=${encodeURIComponent(name)}&limit=50&detail=summary`);
  const sizes = body.items
    .filter(({ size }) => size !== undefined)
    .map(({ finishedAt, size }) => [finishedAt, size])
    .reverse();
  const section = byId('target-runs');
  show(
    section,
    element('h2', {}, 'Runs'),
    element(
      'div',
      { className: 'card' },
      describeSizes(sizes),
      body.items.length === 0
        ? element('p', {}, 'No run is on record.')
        : table(`Runs of ${name}`, runColumns, body.items.slice(0, 20).map(runRow)),
    ),
  );
}

/** The size of the live rules after each run that read them. */
function describeSizes(sizes) {
  if (sizes.length === 0) return undefined;
  const [first, last] = [sizes[0], sizes.at(-1)];
  const label = `Prefixes in the live rules: ${first[1]} on ${day(first[0])}, ${last[1]} on ${day(last[0])}`;
  return [
    sizes.length > 1 ? sparkline(sizes, label, { width: 240, height: 36 }) : '',
    element(
      'p',
      { className: 'soft' },
      `${count(last[1], 'prefix')} in the live rules after the run of ${dayAndTime(last[0])}.`,
    ),
  ];
}

const askers = {
  selectionChanged: 'a new list',
  reconcile: 'the hourly check',
  approval: 'an approval',
  rollback: 'a rollback',
  resume: 'a resume',
  pause: 'a pause',
  removals: 'removals due after the additions',
};

function askedBy({ by, reason }) {
  const what = askers[reason] ?? reason;
  return by ? `${what}, by ${by}` : what;
}

function runRow({ startedAt, durationInMs, outcome, counts, trigger, reasons }) {
  const changed = counts && counts.add + counts.remove > 0 ? `+${counts.add} −${counts.remove}` : '';
  return row(runColumns, [
    [
      element('span', { className: 'nowrap' }, dayAndTime(startedAt)),
      element('small', {}, `took ${duration(durationInMs)}`),
    ],
    pill(outcome),
    changed,
    askedBy(trigger),
    reasons[0] ? element('span', { className: 'clamp', title: reasons[0].message }, reasons[0].message) : '',
  ]);
}

/** A person chooses an earlier list and sees what would change; only then the button to roll back appears. */
function showRollback({ name, pin }, path, refresh) {
  if (byId('rollback-choice')) return;
  const preview = element('div', { role: 'status' });
  const choice = element('select', { id: 'rollback-choice', 'aria-label': 'List to go back to' });
  const ask = button('Show what would change', { id: 'rollback-preview' }, async (pressed) => {
    pressed.disabled = true;
    show(preview, element('p', { className: 'soft' }, 'Reading the live rules from Azure…'));
    await showPreview(preview, name, path, choice.value, refresh).catch((error) =>
      show(preview, element('p', { className: 'note bad' }, error.message)),
    );
    pressed.disabled = false;
  });
  const details = element(
    'details',
    { id: 'rollback' },
    element('summary', {}, element('b', {}, 'Roll back to an earlier list')),
    element(
      'p',
      { className: 'soft' },
      'The target stays with the list that you choose until somebody resumes it. You see what would change before the app writes anything.',
    ),
    element('div', { className: 'acts' }, choice, ask),
    preview,
  );
  details.addEventListener('toggle', async () => {
    if (!details.open || choice.options.length > 0) return;
    const answer = await get('snapshots?limit=100').catch((error) => ({ error }));
    if (answer.error) return show(preview, element('p', { className: 'note bad' }, answer.error.message));
    const earlier = answer.body.items.filter(({ id }) => id !== pin?.snapshot).slice(1);
    choice.append(...earlier.map(({ id, date }) => element('option', { value: id }, day(date))));
    if (earlier.length === 0) show(preview, element('p', {}, 'There is no earlier list.'));
    ask.disabled = earlier.length === 0;
  });
  show(byId('target-rollback'), element('h2', {}, 'Earlier lists'), element('div', { className: 'card' }, details));
}

async function showPreview(preview, name, path, snapshot, refresh) {
  const { body: plan } = await get(`${path}/plan?snapshot=${encodeURIComponent(snapshot)}`);
  show(
    preview,
    element('p', {}, element('b', {}, `After a rollback: ${planSentence(plan)}`)),
    plan.gate ? element('p', { className: 'note quiet' }, plan.gate.message) : undefined,
    planGroups(plan, 'preview'),
    element(
      'div',
      { className: 'acts' },
      button(`Roll back ${name}`, { id: 'rollback-now', className: 'main' }, (pressed) =>
        act(pressed, () => rollBack(name, snapshot), refresh),
      ),
    ),
  );
}

const settingColumns = ['Setting', 'Value', 'From'];
const originWords = {
  target: 'the target',
  profile: 'its profile',
  defaults: 'defaults',
  scenario: 'its scenario',
  builtIn: 'the app',
};

function showSettings({ configuration, settings = [] }) {
  const rows = settings.map(({ name, value, from }) =>
    row(settingColumns, [
      element('code', {}, name),
      element('code', {}, typeof value === 'string' ? value : JSON.stringify(value)),
      originWords[from] ?? from,
    ]),
  );
  show(
    byId('target-settings'),
    element('h2', {}, 'Settings that apply'),
    element(
      'div',
      { className: 'card' },
      element(
        'details',
        { id: 'settings' },
        element(
          'summary',
          {},
          element('b', {}, `Policy ${configuration.policy}`),
          ` and ${count(Math.max(0, rows.length - 1), 'more setting')}`,
        ),
        table('Settings', settingColumns, rows),
      ),
    ),
  );
}
