/** Shows one view of the page, and refreshes it. */
import { get, leaveView, now } from './api.js';
import { byId, element, show } from './dom.js';
import { showFacts, showNow, showTargets, showWaits } from './home.js';
import { askForKey } from './key.js';
import { startLookup } from './lookup.js';
import { showPictures } from './pictures.js';
import { dayAndTime, relative, tick } from './words.js';

const refreshInMs = 30_000;
const tickInMs = 10_000;
/** Used instead while something is being updated. */
const soonInMs = 5_000;

/** Refreshes the open view; resolves to true while something is being updated. */
let refreshView = refreshHome;
let shownPictures;
let refreshing;
let soon;

/** Runs one refresh at a time. If it fails, the old content stays, greyed. */
function refresh() {
  clearTimeout(soon);
  refreshing ??= refreshView()
    .then((isUnderWay) => {
      if (isUnderWay) soon = setTimeout(() => void refresh(), soonInMs);
      whenFresh();
    })
    .catch((error) => {
      if (error.name !== 'AbortError') whenFailed(error);
    })
    .finally(() => {
      refreshing = undefined;
    });
  return refreshing;
}

/** For after an action: a refresh that is already running may show the state from before. */
async function refreshNow() {
  await refreshing;
  await refresh();
}

async function refreshHome() {
  const { body, isNew } = await get('overview');
  if (isNew) showOverview(body);
  const pictures = JSON.stringify([body.list.snapshot, body.releases]);
  if (shownPictures !== pictures) {
    const releases = await get('releases').catch(() => undefined);
    if (releases) {
      showPictures(releases.body);
      shownPictures = pictures;
    }
  }
  return body.targets?.some(({ status }) => status === 'pending');
}

function showOverview(overview) {
  byId('cloud').textContent = overview.cloud === 'Public' ? 'Public cloud' : overview.cloud;
  byId('version').textContent = `Version ${overview.version}`;
  showNow(overview);
  showWaits(overview, refreshNow);
  showFacts(overview);
  showTargets(overview);
  byId('lookup').hidden = false;
}

let updatedAt;

function whenFresh() {
  updatedAt = now().toISOString();
  show(byId('offline'));
  byId('content').classList.remove('old');
  show(byId('updated'), 'Updated ', relative(updatedAt, 'ago'), '.');
  tick();
}

function whenFailed(error) {
  if (error.status === 401 || error.status === 403) {
    if (byId('key').hidden) askForKey({ isRefused: hasAsked, retry: refresh });
    hasAsked = true;
    if (updatedAt === undefined)
      show(byId('now'), element('h1', {}, 'This page needs a key before it can show anything.'));
    return;
  }
  if (updatedAt === undefined) {
    show(
      byId('now'),
      element('h1', {}, error.message),
      element('p', {}, 'The page asks again by itself every 30 seconds.'),
    );
    return;
  }
  byId('content').classList.add('old');
  show(
    byId('offline'),
    element(
      'p',
      { className: 'note quiet' },
      `${error.message} What you see is of ${dayAndTime(updatedAt)}. The page asks again by itself.`,
    ),
  );
}

let hasAsked = false;

const views = {
  targets: async () => (await import('./target.js')).openTarget,
  releases: async () => (await import('./release.js')).openRelease,
  regions: async () => (await import('./region.js')).openRegion,
};

/** `#/targets/name`, `#/releases/date`, `#/regions/region`; `#/targets` and the like are parts of the first page. */
async function route() {
  leaveView();
  const { hash } = location;
  const [, part = '', name] = hash.split('/').map(decodeURIComponent);
  const [path, query] = (name ?? '').split('?');
  const isView = path !== '' && Object.hasOwn(views, part);
  byId('home').hidden = isView;
  byId('view').hidden = !isView;
  byId('key').hidden = true;
  if (!isView) {
    refreshView = refreshHome;
    await refreshNow();
    byId(part)?.scrollIntoView();
    if (part === 'lookup') byId('text').focus();
    return;
  }
  show(
    byId('view'),
    element('p', { className: 'crumbs' }, element('a', { href: '#/' }, 'Back to Now')),
    element('h1', {}, path),
    element('p', { className: 'soft' }, 'Reading…'),
  );
  scrollTo(0, 0);
  // While its file is loaded there is nothing to refresh.
  refreshView = () => Promise.resolve(false);
  const open = await views[part]();
  if (location.hash !== hash) return;
  refreshView = open(path, refreshNow, new URLSearchParams(query));
  await refreshNow();
}

/** Links of older notifications: `approve#target=<name>&plan=<id>`. */
function translateOldLink() {
  const link = new URLSearchParams(location.hash.slice(1));
  const target = link.get('target');
  if (target !== null)
    history.replaceState(null, '', `#/targets/${encodeURIComponent(target)}?plan=${link.get('plan') ?? ''}`);
}

translateOldLink();
addEventListener('hashchange', () => {
  translateOldLink();
  void route();
});
addEventListener('online', () => void refresh());
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible') void refresh();
});
setInterval(() => {
  if (document.visibilityState === 'visible') void refresh();
}, refreshInMs);
setInterval(tick, tickInMs);
startLookup();
void route();
