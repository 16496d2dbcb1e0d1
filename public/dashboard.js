/**
 * The page reads the API and writes nothing. Text from the API is set as text, never as markup.
 * A function key in the page's own address is passed on as a header, so that it stands in no other URL.
 */
const key = new URLSearchParams(location.search).get('code');

/** Status or outcome: how it looks, and what it is called where its name is no word. */
const tones = {
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

async function get(path) {
  const response = await fetch(path, {
    headers: { accept: 'application/json', ...(key && { 'x-functions-key': key }) },
  });
  const body = await response.json().catch(() => ({}));
  // Health answers 503 with a body of its own.
  if (!response.ok && path !== 'health') throw new Error(body.detail ?? `${path}: HTTP ${response.status}`);
  return body;
}

function element(name, options = {}, ...children) {
  const node = Object.assign(document.createElement(name), options);
  node.append(...children.filter((child) => child !== undefined && child !== null));
  return node;
}

function byId(id) {
  return document.getElementById(id);
}

function show(id, ...children) {
  byId(id).replaceChildren(...children);
}

function status(text) {
  return element('span', { className: `status ${tones[text] ?? ''}` }, words[text] ?? text);
}

function count(number, one, many = `${one}s`) {
  return `${number} ${number === 1 ? one : many}`;
}

function when(iso) {
  if (!iso) return 'never';
  return element('time', { dateTime: iso }, iso.replace('T', ' ').replace(/(:\d\d)(:\d\d)(\.\d+)?Z$/, '$1 UTC'));
}

function row(...cells) {
  const [first, ...rest] = cells;
  return element(
    'tr',
    {},
    element('th', { scope: 'row', className: 'nowrap' }, first),
    ...rest.map((cell) => (cell?.tagName === 'TD' ? cell : element('td', {}, cell ?? ''))),
  );
}

function emptyRow(columns, text, className = 'quiet') {
  return element('tr', {}, element('td', { colSpan: columns, className }, text));
}

function messages(reasons = []) {
  if (reasons.length === 0) return '–';
  return element('ul', { className: 'plain' }, ...reasons.map((reason) => element('li', {}, reason.message)));
}

function definitions(rows) {
  return rows.flatMap(([name, value]) => [element('dt', {}, name), element('dd', {}, value)]);
}

/** A list of prefixes under its title; a long one is folded. */
function prefixList(title, prefixes, sign) {
  const items = prefixes.map((prefix) => element('li', {}, `${sign} ${prefix}`));
  const list = element('ul', { className: 'prefixes' }, ...items);
  if (prefixes.length > 12) {
    const heading = element('summary', {}, `${title} (${prefixes.length})`);
    return element('details', {}, heading, list);
  }
  return element('div', {}, element('h4', {}, `${title} (${prefixes.length})`), list);
}

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
          ? element('span', {}, element('code', {}, health.snapshot.id), `, ${health.snapshot.ageHours} hours old`)
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
      status(target.status),
      messages(target.reasons),
      element('td', { className: 'number' }, String(target.ownership.prefixCount)),
      when(target.lastResult?.at),
      button,
    );
  });
  show('targets', ...(rows.length > 0 ? rows : [emptyRow(6, 'No targets are configured; lists and look-ups work.')]));
  if (total > items.length) byId('targets').append(emptyRow(6, `… and ${total - items.length} more`));
}

/** `#target=<name>&plan=<id>`, as a notification links to a plan that waits for an approval. */
async function showLinkedPlan() {
  const link = new URLSearchParams(location.hash.slice(1));
  const name = link.get('target');
  if (name) await showing('plan', () => showPlan(name, link.get('plan')));
}

/** `expected`: id of the plan that somebody was told of. */
async function showPlan(name, expected) {
  show('plan', element('p', {}, `Reading the live rules of ${name}…`));
  const plan = await get(`targets/${encodeURIComponent(name)}/plan`);
  const held = { add: plan.held?.add ?? [], remove: plan.held?.remove ?? [] };
  const lists = [
    ['Add', plan.add, '+'],
    ['Remove', plan.remove, '−'],
    ['Add once approved', held.add, '+'],
    ['Remove once approved', held.remove, '−'],
    ['No longer listed, kept for now', plan.retain, '='],
    ['Not ours, left alone', plan.foreign, '='],
    ['Put right in the rule itself', plan.ruleDrift, '~'],
  ].filter(([, prefixes]) => prefixes?.length > 0);
  const isQuiet = lists.length === 0 && plan.verdict === 'apply';
  const needsApproval = plan.verdict === 'held' && held.add.length + held.remove.length > 0;
  show(
    'plan',
    element(
      'div',
      { className: `panel ${tones[plan.verdict] ?? ''}` },
      element('h3', {}, `Plan for ${name} `, isQuiet ? status('inSync') : status(plan.verdict)),
      isQuiet ? element('p', {}, 'Nothing to do: the rules are as they should be.') : undefined,
      expected && expected !== plan.id
        ? element('p', { className: 'warn' }, 'The plan has changed since the notification: this is the new one.')
        : undefined,
      plan.reasons.length > 0 ? messages(plan.reasons) : undefined,
      ...lists.map(([title, prefixes, sign]) => prefixList(title, prefixes, sign)),
      ...(needsApproval ? approval(name, plan.id) : []),
    ),
  );
  byId('plan').focus();
}

/** The command holds no key: who may approve has one. */
function approval(name, planId) {
  const url = new URL(`targets/${encodeURIComponent(name)}/apply`, location.href);
  const command = [
    `curl -X POST ${url.origin}${url.pathname}`,
    '-H "x-functions-key: $FUNCTION_KEY"',
    "-H 'content-type: application/json'",
    `-d '{"planId":"${planId}"}'`,
  ].join(' \\\n  ');
  return [
    element('h4', {}, 'To approve exactly this plan'),
    element('pre', {}, command),
    element('p', { className: 'quiet' }, 'It is refused where the plan has changed since; then look again.'),
  ];
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

/** Runs one part of the page; its failure is said where its content would be. */
async function showing(id, work) {
  try {
    await work();
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    const isTable = byId(id).tagName === 'TBODY';
    show(id, isTable ? emptyRow(6, text, 'bad') : element('p', { className: 'bad' }, text));
  }
}

byId('lookup').addEventListener('submit', (event) => {
  event.preventDefault();
  const ip = byId('ip').value.trim();
  void showing('matches', () => showMatches(ip));
});

addEventListener('hashchange', () => void showLinkedPlan());

void showing('summary', showHealth);
void showing('change', showChange);
void showing('targets', showTargets).then(showLinkedPlan);
void showing('runs', showRuns);
