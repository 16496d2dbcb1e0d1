/**
 * The page reads the API and writes nothing. Text from the API is set as text, never as markup.
 * A function key in the page's own address is passed on as a header, so that it stands in no other URL.
 */
const key = new URLSearchParams(location.search).get('code');

const tones = {
  inSync: 'good',
  applied: 'good',
  healthy: 'good',
  pending: 'warn',
  held: 'warn',
  paused: 'warn',
  planOnly: 'warn',
  degraded: 'warn',
  blocked: 'bad',
  failed: 'bad',
  unhealthy: 'bad',
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

function show(id, ...children) {
  document.getElementById(id).replaceChildren(...children);
}

function status(text) {
  return element('span', { className: `status ${tones[text] ?? ''}` }, text);
}

function when(iso) {
  if (!iso) return 'never';
  return element('time', { dateTime: iso }, iso.replace('T', ' ').replace(/(:\d\d)(\.\d+)?Z$/, '$1 UTC'));
}

function row(...cells) {
  const [first, ...rest] = cells;
  return element(
    'tr',
    {},
    element('th', { scope: 'row' }, first),
    ...rest.map((cell) => element('td', {}, cell ?? '')),
  );
}

function messages(reasons = []) {
  if (reasons.length === 0) return '–';
  return element('ul', {}, ...reasons.map((reason) => element('li', {}, reason.message)));
}

function emptyRow(columns, text) {
  return element('tr', {}, element('td', { colSpan: columns }, text));
}

async function showHealth() {
  const health = await get('health');
  const problems = health.problems?.length ? `: ${health.problems.join('; ')}` : '';
  show('summary', status(health.status ?? 'unhealthy'), problems);
  const rows = [
    ['Snapshot', health.snapshot ? `${health.snapshot.id} (${health.snapshot.ageHours} hours old)` : 'none'],
    [
      'Last pull',
      health.lastPull ? element('span', {}, when(health.lastPull.at), `, ${health.lastPull.outcome}`) : 'never',
    ],
    [
      'Sources',
      (health.sources ?? []).map((source) => `${source.source}: ${source.status}`).join(', ') || 'none reported',
    ],
  ];
  show('snapshot', ...rows.flatMap(([name, value]) => [element('dt', {}, name), element('dd', {}, value)]));
}

async function showChange() {
  const change = await get('changes');
  const lines = [...change.added.map((prefix) => `+ ${prefix}`), ...change.removed.map((prefix) => `- ${prefix}`)];
  const text = lines.length === 0 ? 'No change is known.' : lines.slice(0, 50).join('\n');
  show(
    'change',
    element(
      'p',
      {},
      `${change.tag}: ${change.added.length} added, ${change.removed.length} removed, up to ${change.to}`,
    ),
    element('pre', {}, lines.length > 50 ? `${text}\n… ${lines.length - 50} more` : text),
  );
}

async function showTargets() {
  const { items, count } = await get('targets');
  const rows = items.map((target) => {
    const button = element('button', { type: 'button' }, 'Show plan');
    button.setAttribute('aria-label', `Show the plan for ${target.name}`);
    button.addEventListener('click', () => showing('plan', () => showPlan(target.name)));
    return row(
      target.name,
      status(target.status),
      messages(target.reasons),
      String(target.ownership.prefixCount),
      when(target.lastResult?.at),
      button,
    );
  });
  show('targets', ...(rows.length > 0 ? rows : [emptyRow(6, 'No targets are configured.')]));
  if (count > items.length) document.getElementById('targets').append(emptyRow(6, `… ${count - items.length} more`));
}

async function showPlan(name) {
  show('plan', 'Reading the live rules…');
  const plan = await get(`targets/${encodeURIComponent(name)}/plan`);
  const lists = [
    ['Add', plan.add],
    ['Remove', plan.remove],
    ['Held: add', plan.held?.add],
    ['Held: remove', plan.held?.remove],
    ['Keep for now', plan.retain],
  ].filter(([, prefixes]) => prefixes?.length > 0);
  show(
    'plan',
    element('h3', {}, `Plan for ${name}: `, status(plan.verdict)),
    element('p', {}, 'Id ', element('code', {}, plan.id)),
    messages(plan.reasons),
    ...lists.flatMap(([title, prefixes]) => [
      element('h4', {}, `${title} (${prefixes.length})`),
      element('pre', {}, prefixes.join('\n')),
    ]),
    ...(lists.length === 0 ? [element('p', {}, 'Nothing to do.')] : []),
  );
}

async function showRuns() {
  const { items } = await get('runs?limit=20');
  const rows = items.map((run) =>
    row(
      when(run.startedAt),
      run.chain,
      status(run.outcome),
      run.trigger.by ?? run.trigger.reason,
      messages(run.reasons),
    ),
  );
  show('runs', ...(rows.length > 0 ? rows : [emptyRow(5, 'No runs yet.')]));
}

async function showMatches(ip) {
  const { matches } = await get(`lookup?ip=${encodeURIComponent(ip)}`);
  if (matches.length === 0) return show('matches', `${ip} is in no service tag.`);
  const items = matches.map((match) => element('li', {}, `${match.tag}: `, element('code', {}, match.prefix)));
  return show('matches', element('ul', {}, ...items));
}

/** Runs one part of the page; its failure is said where its content would be. */
async function showing(id, work) {
  try {
    await work();
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    const columns = { targets: 6, runs: 5 }[id];
    show(id, columns ? emptyRow(columns, text) : element('p', { className: 'bad' }, text));
  }
}

document.getElementById('lookup').addEventListener('submit', (event) => {
  event.preventDefault();
  const ip = document.getElementById('ip').value.trim();
  void showing('matches', () => showMatches(ip));
});

void showing('summary', showHealth);
void showing('change', showChange);
void showing('targets', showTargets);
void showing('runs', showRuns);
