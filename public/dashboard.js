/** The dashboard: one function for each part of the page. */
import {
  byId,
  count,
  definitions,
  element,
  emptyRow,
  get,
  messages,
  prefixList,
  row,
  show,
  showing,
  status,
  tones,
  when,
} from './page.js';
import { showPlan } from './plan.js';

/** Azure may use a prefix a week after it was published. */
function describeClock(clock) {
  if (!clock) return 'cannot be read';
  const { status: state, daysLeft, deadline } = clock;
  if (state === 'done') return element('span', {}, status(state), ' every target has every published prefix');
  const left = state === 'overdue' ? `${count(-daysLeft, 'day')} ago` : `in ${count(daysLeft, 'day')}`;
  const text = ` Azure may use a prefix that a target lacks: from ${deadline.slice(0, 10)}, ${left}`;
  return element('span', {}, status(state), text);
}

async function showHealth() {
  const health = await get('health');
  const { total, inSync, held, failed } = health.targets ?? { total: 0, inSync: 0, held: 0, failed: 0 };
  byId('summary').className = tones[health.status] ?? 'bad';
  show(
    'summary',
    element(
      'p',
      {},
      status(health.status ?? 'unhealthy'),
      ` ${inSync} of ${count(total, 'target')} in sync, ${held} held for approval, ${failed} failed or blocked.`,
    ),
    health.problems?.length
      ? element('ul', {}, ...health.problems.map((problem) => element('li', {}, problem)))
      : undefined,
  );
  const sources = (health.sources ?? []).map((source) =>
    element('li', {}, status(source.status), ` ${source.source}`, source.date ? `, list of ${source.date}` : ''),
  );
  show(
    'snapshot',
    ...definitions([
      [
        'Snapshot',
        health.snapshot
          ? element('span', {}, element('code', {}, health.snapshot.id), `, ${health.snapshot.age}`)
          : 'none yet',
      ],
      [
        'Last pull',
        health.lastPull ? element('span', {}, when(health.lastPull.at), ' ', status(health.lastPull.outcome)) : 'never',
      ],
      ['Sources', sources.length > 0 ? element('ul', { className: 'plain' }, ...sources) : 'none has been asked yet'],
      ['They disagree about', count(health.disagreements ?? 0, 'tag')],
      ['Go-live clock', describeClock(health.goLive)],
    ]),
  );
  await showing('quarantine', () => showQuarantine(health.snapshot?.id));
  if (health.snapshot) await showing('withheld', showWithheld);
}

async function showQuarantine(id) {
  const { items } = id === undefined ? { items: [] } : await get('snapshots?limit=20');
  const entries = items.find((snapshot) => snapshot.id === id)?.quarantine ?? [];
  if (entries.length === 0) return show('quarantine');
  const lines = entries.map(({ reason, baseline }) =>
    element('li', {}, `${reason} Believed is what `, element('code', {}, baseline), ' says.'),
  );
  return show(
    'quarantine',
    element(
      'div',
      { className: 'panel warn' },
      element('h3', {}, 'In quarantine'),
      element('p', {}, 'What this list no longer has is not removed anywhere, and feeds keep it.'),
      element('ul', {}, ...lines),
    ),
  );
}

async function showWithheld() {
  const { withheld = [] } = await get('prefixes?limit=1');
  if (withheld.length === 0) return show('withheld');
  return show(
    'withheld',
    element(
      'div',
      { className: 'panel warn' },
      element('h3', {}, 'Not passed on'),
      element('p', {}, 'Feeds and the lists for machines do not hold it.'),
      messages(withheld.map(({ reason: message }) => ({ message }))),
    ),
  );
}

async function showChange() {
  const { tag, from, to, added, removed } = await get('changes');
  if (added.length + removed.length === 0) return show('change', element('p', {}, `No change of ${tag} is known.`));
  return show(
    'change',
    element('p', {}, `${tag}, from `, element('code', {}, from), ' to ', element('code', {}, to)),
    ...(added.length > 0 ? [prefixList('Added', added, '+')] : []),
    ...(removed.length > 0 ? [prefixList('Removed', removed, '−')] : []),
  );
}

async function showTargets() {
  const { items, count: total } = await get('targets');
  const rows = items.map((target) => {
    const button = element('button', { type: 'button', className: 'nowrap' }, 'Show plan');
    button.setAttribute('aria-label', `Show the plan for ${target.name}`);
    button.addEventListener('click', () => showing('plan', () => showPlan(target.name)));
    return row(
      target.name,
      element('span', {}, status(target.status), ...(target.pin ? [' ', status('pinned')] : [])),
      messages([...(target.pin ? [{ message: describePin(target.pin) }] : []), ...target.reasons]),
      element('td', { className: 'number' }, String(target.ownership.prefixCount)),
      when(target.lastResult?.at),
      button,
    );
  });
  show('targets', ...(rows.length > 0 ? rows : [emptyRow(6, 'No targets are configured; lists and look-ups work.')]));
  if (total > items.length) byId('targets').append(emptyRow(6, `… and ${total - items.length} more`));
}

function describePin({ snapshot, by, at }) {
  return `Pinned to ${snapshot} by ${by} on ${at.slice(0, 10)}: it does not follow the current list until it is resumed.`;
}

function describeCounts({ plan, details }) {
  const changes = plan ?? details?.changes?.[0];
  if (!changes) return '–';
  const size = (list) => (Array.isArray(list) ? list.length : (list ?? 0));
  const [added, removed] = [size(changes.add ?? changes.added), size(changes.remove ?? changes.removed)];
  return added + removed === 0 ? '–' : element('span', { className: 'nowrap' }, `+${added} −${removed}`);
}

async function showRuns() {
  const { items } = await get('runs?limit=20');
  const rows = items.map((run) =>
    row(
      when(run.startedAt),
      run.chain,
      status(run.outcome),
      describeCounts(run),
      run.trigger.by ? `${run.trigger.by} (${run.trigger.reason})` : run.trigger.reason,
      messages(run.reasons),
    ),
  );
  show('runs', ...(rows.length > 0 ? rows : [emptyRow(6, 'No runs yet.')]));
}

async function showMatches(ip) {
  const { matches } = await get(`lookup?ip=${encodeURIComponent(ip)}`);
  if (matches.length === 0) return show('matches', element('p', {}, `${ip} is in no service tag.`));
  const items = matches.map((match) => element('li', {}, `${match.tag} `, element('code', {}, match.prefix)));
  return show(
    'matches',
    element('p', {}, `${ip} is in ${count(matches.length, 'tag')}, the narrowest first:`),
    element('ul', {}, ...items),
  );
}

byId('lookup').addEventListener('submit', (event) => {
  event.preventDefault();
  const ip = byId('ip').value.trim();
  void showing('matches', () => showMatches(ip));
});

void showing('summary', showHealth);
void showing('change', showChange);
void showing('targets', showTargets);
void showing('runs', showRuns);
