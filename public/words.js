/** Numbers, days and names as people write them. */
import { now } from './api.js';
import { element } from './dom.js';

const minuteInMs = 60_000;
const hourInMs = 60 * minuteInMs;
const dayInMs = 24 * hourInMs;

export function number(value) {
  return (typeof value === 'string' ? BigInt(value) : value).toLocaleString('en-GB');
}

/** `1 prefix`, `2 prefixes` */
export function count(value, noun) {
  const ending = /(x|s|ch|sh)$/.test(noun) ? 'es' : 's';
  return `${number(value)} ${noun}${Number(value) === 1 ? '' : ending}`;
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `14 Sep 2026`, from a day or an ISO time in UTC. */
export function day(iso) {
  const [year, month, date] = iso.slice(0, 10).split('-');
  return `${Number(date)} ${months[Number(month) - 1]} ${year}`;
}

/** `14 Sep 2026 at 06:31 UTC` */
export function dayAndTime(iso) {
  return `${day(iso)} at ${iso.slice(11, 16)} UTC`;
}

/** `2 days 3 hours`, `4 minutes` */
export function duration(ms) {
  if (ms < minuteInMs) return 'less than a minute';
  if (ms < hourInMs) return count(Math.floor(ms / minuteInMs), 'minute');
  if (ms < dayInMs) return count(Math.floor(ms / hourInMs), 'hour');
  const days = Math.floor(ms / dayInMs);
  const hours = Math.floor((ms % dayInMs) / hourInMs);
  return days < 10 && hours > 0 ? `${count(days, 'day')} ${count(hours, 'hour')}` : count(days, 'day');
}

/** `3 Dec, 00:00 UTC`, with the year unless it is this one. */
function dayAndClock(time) {
  const iso = time.toISOString();
  const [date, month, year] = day(iso).split(' ');
  const isThisYear = year === new Date(now()).toISOString().slice(0, 4);
  return `${date} ${month}${isThisYear ? '' : ` ${year}`}, ${iso.slice(11, 16)} UTC`;
}

const relativeForms = {
  ago: (time) => `${duration(now() - time)} ago`,
  since: (time) => `for ${duration(now() - time)}`,
  deadline: (time) =>
    time > now()
      ? `by ${dayAndClock(time)} (in ${duration(time - now())})`
      : `overdue for ${duration(now() - time)}, since ${dayAndClock(time)}`,
  use: (time) => (time > now() ? relativeForms.deadline(time) : `may be in use since ${day(time.toISOString())}`),
  due: (time) => (time > now() ? `in ${duration(time - now())}` : `overdue for ${duration(now() - time)}`),
};

/** An element that shows how far away a time is; `tick` keeps it up to date. */
export function relative(iso, form) {
  return element(
    'time',
    { dateTime: iso, title: dayAndTime(iso), 'data-form': form },
    relativeForms[form](new Date(iso)),
  );
}

/** Brings every relative time on the page up to date. */
export function tick() {
  for (const node of document.querySelectorAll('time[data-form]')) {
    const text = relativeForms[node.dataset.form](new Date(node.dateTime));
    if (node.textContent !== text) node.textContent = text;
  }
}

const statuses = {
  inSync: ['good', 'in sync'],
  pending: ['quiet', 'being updated'],
  held: ['warn', 'waits for you'],
  blocked: ['bad', 'blocked'],
  failed: ['bad', 'failed'],
  noEffect: ['bad', 'without effect'],
  paused: ['quiet', 'paused'],
  planOnly: ['quiet', 'preview only'],
  overdue: ['bad', 'overdue'],
  pinned: ['warn', 'rolled back'],
  applied: ['good', 'applied'],
  unchanged: ['quiet', 'nothing to do'],
  interrupted: ['bad', 'interrupted'],
};

export function statusWords(status, number = 1) {
  const words = statuses[status]?.[1] ?? status;
  return number === 1 ? words : words.replace(/^waits /, 'wait ');
}

export function pill(status) {
  const [tone, words] = statuses[status] ?? ['quiet', status];
  return element('span', { className: `pill ${tone}` }, words);
}

/** `West Europe`, from a tag such as `AzureContainerRegistry.WestEurope`. */
export function regionWords(tag) {
  const [, suffix] = tag.split('.');
  return suffix?.replaceAll(/(UAE|UK|EUAP|STG|SLV|US|[A-Z][a-z]+|\d+)/g, ' $1').trim();
}

const kinds = {
  nsgRule: 'NSG rule',
  registryNetworkRules: 'registry IP rules',
};

export function kindWords(kind) {
  return kinds[kind] ?? kind;
}

/** `20.42.66.0/23` in West Europe: 512 addresses */
export function prefixWords({ prefix, region, addresses }) {
  return [
    element('code', {}, prefix),
    region ? ` in ${region}` : '',
    addresses === undefined
      ? ''
      : `: ${typeof addresses === 'number' ? number(addresses) : addresses} ${Number(String(addresses).replaceAll(',', '')) === 1 ? 'address' : 'addresses'}`,
  ];
}
