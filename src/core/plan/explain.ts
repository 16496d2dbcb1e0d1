/** Explains a plan: one sentence per prefix, and one per group of prefixes with the same reason. */
import { endOfGrace, type Decided, type Fate } from './decide.ts';
import type { Fitted, Shortage } from './fit.ts';
import { isWide, type Room } from './room.ts';
import { deadlineOf } from '../goLive.ts';
import { partition, type LiveRules } from './own.ts';
import { prefixesOf, type PlanItem } from './plan.ts';
import type { PlanInput } from './planInput.ts';
import { countAddresses, familyOf, intersectPrefixes, overlapping, subtractPrefixes } from '../prefixes.ts';
import { reasonFor, type Reason, type ReasonCode } from '../reasons.ts';
import { regionInWords } from '../serviceTags/regions.ts';
import { traitsOf } from '../targets/targetKinds.ts';
import { agree, andMore, compareText, counted, dayInWords, inWords, listed as joined } from '../words.ts';

export interface Explained {
  readonly input: PlanInput;
  readonly live: LiveRules;
  readonly room: Room;
  readonly fitted: Fitted;
  /** By how much the removals exceed the limits, in words. */
  readonly excess: string | undefined;
}

/** Groups in the order in which a person should read them: what is not let in, what waits, what stays. */
const order: readonly ReasonCode[] = [
  'fit',
  'specialPurpose',
  'widestPrefix',
  'maxAddedAddresses',
  'maxAddedPrefixes',
  'flapping',
  'removalLimit',
  'foreignInOwnedRule',
  'pinned',
  'removalGrace',
  'addOnly',
];

/** One reason per group of rows; and why nothing may be removed, if a row stays because of that. */
export function explainRows(rows: readonly Decided[], context: Explained): Reason[] {
  const { removalBlockers } = context.input;
  const worth = rows.filter(isWorthAWord);
  const reasons = order.flatMap((code) =>
    explainGroup(
      code,
      worth.filter((row) => groupOf(row) === code),
      context,
    ),
  );
  const blocked = rows.filter(({ fate }) => removalBlockers.some(({ code }) => code === fate.why));
  const waiting = blocked.filter(({ fate }) => fate.is === 'needsApproval');
  return [
    ...reasons,
    ...(blocked.length > 0 ? removalBlockers : []),
    ...reasonFor(waiting[0]?.fate.why ?? 'quarantined', prefixesOf(waiting), waitsForBlocker(waiting)),
  ];
}

function isWorthAWord({ fate }: Decided): boolean {
  return fate.why !== undefined && fate.message === undefined && fate.is !== 'add' && fate.is !== 'keep';
}

function groupOf({ fate }: Decided): ReasonCode | undefined {
  if (fate.is === 'doesNotFit') return 'fit';
  if (fate.is === 'needsApproval' && (fate.why === 'fit' || fate.why === 'supernet')) return 'fit';
  if (fate.is === 'kept' && fate.why !== 'addOnly' && fate.why !== 'pinned') return 'removalGrace';
  return order.find((code) => code === fate.why);
}

function explainGroup(code: ReasonCode, rows: readonly Decided[], context: Explained): Reason[] {
  if (code === 'fit') return explainShortage(rows, context);
  const [forRoom, others] = partition(rows, ({ fate }) => fate.isForRoom === true);
  if (forRoom.length > 0) {
    const reason = { code, message: countSentence(forRoom, context), prefixes: prefixesOf(forRoom) };
    return [...explainGroup(code, others, context), reason];
  }
  if (others.length === 0) return [];
  return [...new Set(others.map(({ fate }) => fate.why))].map((why) => {
    const alike = others.filter(({ fate }) => fate.why === why);
    const message = code === why || why === 'supernet' ? sentence(alike, context) : staysWhileBlocked(alike, context);
    return { code, message, prefixes: prefixesOf(alike) };
  });
}

/** One sentence about rows with the same fate and the same reason. */
function sentence(rows: readonly Decided[], context: Explained): string {
  const [first] = rows;
  if (!first) return '';
  const { message, why } = first.fate;
  const say = why === undefined ? undefined : sentences[why];
  return message ?? say?.(rows, context) ?? `${whileBlocked(rows, context)} ${reasonOf(first.fate, context)}`;
}

type Sentence = (rows: readonly Decided[], context: Explained) => string;

const beyondBudget =
  (limit: 'maxAddedAddresses' | 'maxAddedPrefixes'): Sentence =>
  (rows, context) =>
    `${describe(rows)} ${are(rows)} more than ${limit} has room for: ${budget(limit, context)} ${deadline(rows)}Approve the plan if ${they(rows)} ${are(rows)} meant.`;

const noRoom: Sentence = (rows, { room }) =>
  `${describe(rows)} ${agree(subjects(rows).length, 'does', 'do')} not fit: ${roomInWords(room)}. Make room, or choose fewer regions.`;

const sentences: Partial<Record<ReasonCode, Sentence>> = {
  specialPurpose: (rows) =>
    `${describe(rows)} ${agree(subjects(rows).length, 'overlaps', 'overlap')} ${specialRanges(rows)}: special-purpose addresses are never allowed, approved or not.`,
  widestPrefix: (rows, context) =>
    `${describe(rows)} ${tooWide(rows, context)}, so ${they(rows)} ${agree(subjects(rows).length, 'waits', 'wait')} for approval. ${deadline(rows)}Approve the plan if Microsoft really released ${them(rows)}.`,
  maxAddedAddresses: beyondBudget('maxAddedAddresses'),
  maxAddedPrefixes: beyondBudget('maxAddedPrefixes'),
  fit: noRoom,
  quota: noRoom,
  flapping: (rows) =>
    `${describe(rows)} ${have(rows)} left the list and come back at least twice within 180 days: ${they(rows)} ${agree(subjects(rows).length, 'stays', 'stay')} until you approve the plan.`,
  removalLimit: (_, { input, excess = 'more than the limits allow' }) =>
    `The plan for ${input.target.name} would remove ${excess}, so the removals wait for approval. ${input.operator.pin ? 'Approve the plan if the rollback may remove them.' : 'Approve the plan if Microsoft really dropped these prefixes.'}`,
  foreignInOwnedRule: othersSentence,
  addOnly: (rows, context) =>
    `${notListed(rows, context)}. Policy addOnly keeps ${them(rows)}: remove ${them(rows)} by hand if nobody needs ${them(rows)}.`,
  pinned: (rows, context) =>
    `${notListed(rows, context)}. Nothing is removed while the target is pinned: resume it to follow the list.`,
  removalGrace: (rows, context) => `${notListed(rows, context)}. ${graceLeft(rows, context)}`,
  supernet: (rows) =>
    rows[0]?.fate.is === 'kept'
      ? `${describe(rows)} ${are(rows)} no longer listed and ${agree(subjects(rows).length, 'stays', 'stay')} part of a wider rule for as long as there is no room without it.`
      : `${describe(rows)} ${are(rows)} not listed, and part of a wider rule that makes room for listed prefixes (fit: supernet). Set "fit": "exact" if ${they(rows)} must not be allowed.`,
};

function are(rows: readonly Decided[]): string {
  return agree(subjects(rows).length, 'is', 'are');
}

function have(rows: readonly Decided[]): string {
  return agree(subjects(rows).length, 'has', 'have');
}

function they(rows: readonly Decided[]): string {
  return agree(subjects(rows).length, 'it', 'they');
}

function them(rows: readonly Decided[]): string {
  return agree(subjects(rows).length, 'it', 'them');
}

function reasonOf({ why }: Fate, { input }: Explained): string {
  return input.removalBlockers.find(({ code }) => code === why)?.message ?? 'Nothing can be written there now.';
}

/** `104.40.0.0/13 (524,288 addresses, West Europe, listed since 7 Sep 2026)`, `20.1.0.0/24 and 2 more (768 addresses)`. */
function describe(rows: readonly Decided[]): string {
  const prefixes = prefixesOf(rows);
  const ipv4 = countAddresses(prefixes, 'ipv4');
  const facts = [
    ...(ipv4 > 0n ? [counted(ipv4, 'address')] : []),
    ...joinedFact(rows.map(({ listed }) => (listed?.region === undefined ? undefined : placeOf(listed)))),
    ...joinedFact(rows.map(({ listed }) => listed?.firstListed?.date)).map(
      (date) => `listed since ${dayInWords(date)}`,
    ),
    ...joinedFact(rows.map(({ listed }) => listed?.onlySource)).map((source) => `only by ${source}`),
  ];
  const names = andMore(subjects(rows));
  return facts.length === 0 ? names : `${names} (${facts.join(', ')})`;
}

/** The prefixes to name: for a part of a listed prefix, the whole prefix. */
function subjects(rows: readonly Decided[]): string[] {
  return [...new Set(rows.map(({ prefix, listed }) => listed?.prefix ?? prefix))];
}

/** The value, if all have the same one. */
function joinedFact(values: readonly (string | undefined)[]): string[] {
  const [first, ...others] = new Set(values);
  return first === undefined || others.length > 0 ? [] : [first];
}

/** `West Europe` from `AzureContainerRegistry.WestEurope`. */
function placeOf({ tag, region = '' }: NonNullable<Decided['listed']>): string {
  const suffix = tag.slice(tag.lastIndexOf('.') + 1);
  return suffix.toLowerCase() === region.toLowerCase() ? regionInWords(suffix) : region;
}

function specialRanges(rows: readonly Decided[]): string {
  const names = rows.flatMap(({ special }) => (special ? [`${special.range} (${special.name})`] : []));
  return joined([...new Set(names)]);
}

function tooWide(rows: readonly Decided[], { input }: Explained): string {
  const { widestPrefix } = input.target.limits;
  const families = [...new Set(prefixesOf(rows).map(familyOf))];
  const limit = families.map((family) => `/${widestPrefix[family]}`).join(' and ');
  const blocks = [...new Set(rows.flatMap(({ wideBlock = '' }) => wideBlock))];
  const isBlock = rows.every(({ prefix, wideBlock, listed }) => wideBlock === prefix || wideBlock === listed?.prefix);
  const what = isBlock ? '' : ` part of ${andMore(blocks)} with the listed neighbours, which is`;
  return `${are(rows)}${what} wider than your limit ${limit} (widestPrefix)`;
}

function budget(limit: 'maxAddedAddresses' | 'maxAddedPrefixes', { input: { growth, target } }: Explained): string {
  const used = limit === 'maxAddedAddresses' ? growth.usedAddresses : growth.usedPrefixes;
  const what = limit === 'maxAddedAddresses' ? 'new IPv4 addresses' : 'new prefixes';
  return `it allows ${inWords(growth.limits[limit])} ${what} in ${counted(target.limits.limitWindowDays, 'day')}, and ${inWords(used)} of them are used.`;
}

function deadline(rows: readonly Decided[]): string {
  const days = rows.flatMap((row) => deadlineOfRow(row) ?? []).sort(compareText);
  const [first] = days;
  return first === undefined ? '' : `Azure may use ${them(rows)} from ${dayInWords(first)}. `;
}

function deadlineOfRow({ listed }: Decided): string | undefined {
  return listed?.firstListed && deadlineOf(listed.firstListed.date).toISOString();
}

/** Since when the rows are not listed, if all have the same past. */
function notListed(rows: readonly Decided[], { input: { target } }: Explained): string {
  const what = describe(rows);
  const absences = rows.map(({ absence }) => absence);
  const [never] = joinedFact(absences.map((absence) => absence?.neverListedSince));
  if (never !== undefined)
    return `Microsoft has never listed ${what} in ${target.serviceTag}, and the oldest known release is from ${dayInWords(never)}`;
  // The release has the date that people know.
  const [since] = joinedFact(absences.map((absence) => absence?.release?.date ?? absence?.since.slice(0, 10)));
  const unselected = absences.filter((absence) => absence?.isUnselected).length;
  if (since !== undefined && unselected === rows.length)
    return `${target.name} has not selected ${what} since ${dayInWords(since)}`;
  if (unselected > 0 || absences.some((absence) => absence?.neverListedSince !== undefined))
    return `${what} ${are(rows)} not in the list of ${target.name}`;
  return since === undefined
    ? `${what} ${are(rows)} no longer listed`
    : `${what} ${have(rows)} not been listed since ${dayInWords(since)}`;
}

/** One row that stays because nothing may be removed now, or that waits because this has lasted for its grace period. */
function whileBlocked(rows: readonly Decided[], context: Explained): string {
  return rows[0]?.fate.is === 'needsApproval' ? waitsForBlocker(rows) : staysWhileBlocked(rows, context);
}

/** The day on which it is removed is not known, but the day from which a person is asked is. */
function staysWhileBlocked(rows: readonly Decided[], context: Explained): string {
  const count = subjects(rows).length;
  const last = rows
    .flatMap((row) => endOfGrace(row, context.input) ?? [])
    .sort(compareText)
    .at(-1);
  const asked =
    last === undefined
      ? ''
      : `; if that lasts until ${dayInWords(last)}, ${they(rows)} ${agree(count, 'waits', 'wait')} for your approval`;
  return `${notListed(rows, context)}. ${agree(count, 'It stays', 'They stay')} while nothing is removed${asked}.`;
}

/** For several rows: the latest day, unless it is over, and the largest number of missing releases. */
function graceLeft(rows: readonly Decided[], { input: { now } }: Explained): string {
  const until = rows.flatMap(({ fate }) => fate.until ?? []).sort(compareText);
  const last = until.at(-1);
  const it = them(rows);
  // The trusted list still has it.
  if (last === undefined) {
    return `${agree(subjects(rows).length, 'It stays', 'They stay')} until further releases confirm that ${they(rows)} ${are(rows)} gone.`;
  }
  const releases = Math.max(0, ...rows.map(({ fate }) => fate.releases ?? 0));
  const left = [
    ...(Date.parse(last) > now.getTime() ? [dayInWords(last)] : []),
    ...(releases > 0 ? [`${counted(releases, 'further release')} without ${it}`] : []),
  ];
  return `The app removes ${it} after ${left.join(' and ')}.`;
}

function waitsForBlocker(rows: readonly Decided[]): string {
  return `${describe(rows)} ${have(rows)} been missing from the list for longer than the grace period: ${agree(subjects(rows).length, 'it stays', 'they stay')} until you approve the plan.`;
}

function othersSentence(rows: readonly Decided[], { input }: Explained): string {
  const inside = overlapping(prefixesOf(input.listed), prefixesOf(rows)).length;
  const listedToo =
    inside === 0
      ? ''
      : ` ${counted(inside, 'listed prefix')} ${agree(inside, 'lies', 'lie')} in that and ${agree(inside, 'stays', 'stay')} in any case.`;
  return `${andMore(prefixesOf(rows))} ${are(rows)} in the rule but ${agree(subjects(rows).length, 'was', 'were')} not written by this app: ${agree(subjects(rows).length, 'it stays', 'they stay')} until you approve the plan or remove ${them(rows)} by hand.${listedToo}`;
}

function roomInWords(room: Room): string {
  const { target, maxRules, freeRules, live } = room;
  if (target.kind === 'nsgRule') {
    return `the network security group has room for ${counted(freeRules, 'prefix')} (an NSG takes 4,000 prefixes per side, all rules together)`;
  }
  const others = live.others.length;
  const theirs = others === 0 ? '' : ` (${inWords(others)} of them ${agree(others, 'is', 'are')} other people’s)`;
  return `${room.isLimitedBySetting ? 'capacity.maxRules allows' : 'the registry takes'} ${counted(maxRules, 'IP rule')}${theirs}`;
}

/** Azure raises the number of IP rules of a registry for nobody. */
function moreRoom(room: Room): string {
  if (room.isLimitedBySetting) return 'a larger capacity.maxRules';
  return room.live.others.length > 0 ? 'fewer rules of others' : '';
}

/** What does not fit, what waits with it, and what a person can do. */
function explainShortage(rows: readonly Decided[], context: Explained): Reason[] {
  const { room, fitted } = context;
  const { shortage } = fitted;
  if (!shortage) return [];
  const [additions, wider] = partition(
    rows.filter(({ fate }) => fate.change === 'add'),
    ({ listed }) => listed !== undefined,
  );
  const due = rows.filter(({ fate }) => fate.change === 'remove' && fate.isForRoom);
  const message = `${inWords(additions.length)} of ${counted(room.needed.length, 'prefix')} ${agree(additions.length, 'does', 'do')} not fit: ${roomInWords(room)}, and ${counted(shortage.neededRules, 'rule')} ${agree(shortage.neededRules, 'is', 'are')} needed. The widest were added first; left out: ${describe(additions)}. ${deadline(additions)}${wayOut(shortage, context)}`;
  return [
    ...reasonFor(shortage.code, prefixesOf(additions), message),
    ...reasonFor('supernet', prefixesOf(wider), widerSentence(wider)),
    ...reasonFor('fit', prefixesOf(due), remainderSentence(due, shortage)),
  ];
}

/** About a removal that cannot be made: the rest of the prefix would need more rules than there is room for. */
function remainderSentence(due: readonly Decided[], { leaving }: Shortage): string {
  const way =
    leaving.length > 0 ? 'Approve the plan to take out now what goes with it.' : 'It leaves when there is room.';
  return `${andMore(prefixesOf(due))} ${agree(due.length, 'is', 'are')} due to leave, but there is no room for the parts that are left of the prefix: it stays whole. ${way}`;
}

/** About addresses that wider rules let in after an approval. */
function widerSentence(rows: readonly Decided[]): string {
  const addresses = countAddresses(prefixesOf(rows), 'ipv4');
  return `If you approve the plan, fit: supernet also lets in ${counted(addresses, 'address')} that ${agree(Number(addresses), 'is', 'are')} not listed.`;
}

/** About wider rules that would let in more new addresses than the limit has left. */
function countSentence(rows: readonly Decided[], { room, input: { growth } }: Explained): string {
  const [listedRows, extra] = [rows.filter(({ listed }) => listed), rows.filter(({ listed }) => !listed)];
  const left = room.widening?.maxNewAddresses ?? 0;
  return `fit: supernet would let in ${counted(countAddresses(prefixesOf(extra), 'ipv4'), 'address')} that are not listed to make room for ${andMore(prefixesOf(listedRows))}, and maxAddedAddresses (${counted(growth.limits.maxAddedAddresses, 'address')}) has room for ${counted(left, 'address')} more. ${deadline(listedRows)}Approve the plan if they are meant.`;
}

function wayOut(shortage: Shortage, { room, input }: Explained): string {
  const { leaving, retained } = shortage;
  if (leaving.length > 0) {
    return `Approve the plan to let in what then has room and to take out ${andMore(leaving)}, which ${agree(leaving.length, 'is', 'are')} not listed.`;
  }
  const kept = retained.length === 0 ? '' : `${keptInWords(retained, input)} `;
  if (room.target.kind === 'nsgRule') return `${kept}Choose fewer regions, or use a group of its own.`;
  const settings = isWide(room) ? shortage.ways : 'fit "supernet"';
  const ways = ['Choose fewer regions (one region needs about 15 rules)', moreRoom(room), settings].filter(
    (way) => way !== '',
  );
  return `${kept}${ways.join(', or ')}.`;
}

function keptInWords(retained: readonly string[], { target }: PlanInput): string {
  const is = agree(retained.length, 'is', 'are');
  return target.policy === 'addOnly'
    ? `Policy addOnly keeps ${andMore(retained)}, which ${is} no longer listed: make room, or choose another policy.`
    : `${andMore(retained)} ${is} no longer listed and ${agree(retained.length, 'takes', 'take')} room until ${agree(retained.length, 'it leaves', 'they leave')}.`;
}

/** How many unlisted addresses wider rules let in. Prefixes that are only removed later have a reason of their own. */
export function supernetNote({ room, fitted }: Explained): Reason[] {
  if (!isWide(room)) return [];
  const { listed, widening } = room;
  const rules = fitted.afterAll;
  const leaving = fitted.rows.filter(
    ({ fate }) => fate.is === 'kept' || (fate.is === 'needsApproval' && fate.change === 'remove'),
  );
  const unlisted = subtractPrefixes(rules, listed);
  const open = countAddresses(unlisted, 'ipv4');
  const later = countAddresses(intersectPrefixes(unlisted, prefixesOf(leaving)), 'ipv4');
  if (open === later) return [];
  const covered = listed.length - overlapping(listed, subtractPrefixes(listed, rules)).length;
  const until = later === 0n ? '' : `, ${inWords(later)} of them until they are removed`;
  const message = `fit: supernet covers ${counted(covered, 'listed prefix')} with ${counted(rules.length, 'rule')} and lets in ${counted(open, 'address')} that are not listed (limit maxExtraAddresses: ${counted(widening.maxExtraAddresses, 'address')})${until}. Lower maxExtraAddresses if that is too many.`;
  return [{ code: 'supernet', message, prefixes: unlisted }];
}

/** Notes about other people's rules, which stay whatever the list says. */
export function othersNotes({ input, live }: Explained): Reason[] {
  const { target } = input;
  const { others, blockers } = live;
  const were = agree(others.length, 'was', 'were');
  if (!traitsOf(target).hasOwnRules) {
    const inside = overlapping(others, prefixesOf(input.listed)).length;
    const listedToo =
      inside === 0
        ? ''
        : `; ${inWords(inside)} of them ${agree(inside, 'contains', 'contain')} listed addresses, and ${agree(inside, 'stays', 'stay')} when those are dropped`;
    return reasonFor(
      'foreignRules',
      others,
      `${counted(others.length, 'rule')} of ${target.name} ${were} added by others, and the app leaves ${agree(others.length, 'it', 'them')} alone${listedToo}.`,
    );
  }
  if (target.policy !== 'addOnly' || blockers.length > 0) return [];
  const message = `${andMore(others)} ${agree(others.length, 'is', 'are')} in the rule but ${were} not written by this app; policy addOnly keeps ${agree(others.length, 'it', 'them')}. Remove ${agree(others.length, 'it', 'them')} by hand if nobody needs ${agree(others.length, 'it', 'them')}.`;
  return reasonFor('foreignRules', others, message);
}

/** A note if capacity.maxRules is more than Azure allows. */
export function quotaNote({ input: { target, live } }: Explained): Reason[] {
  if (target.kind === 'nsgRule') return [];
  const { maxRules: wanted } = target.capacity;
  if (wanted === undefined || live.maxRules === undefined || wanted <= live.maxRules) return [];
  const message = `capacity.maxRules allows ${counted(wanted, 'rule')}, and the registry takes ${counted(live.maxRules, 'IP rule')}: the smaller number counts. Lower capacity.maxRules to that number.`;
  return [{ code: 'maxRules', message }];
}

export function toItem(row: Decided, context: Explained): PlanItem {
  const { prefix, listed, absence, fate } = row;
  const isMissing = fate.change === 'add' || fate.is === 'add';
  return {
    prefix,
    tag: listed?.tag ?? null,
    region: listed?.region ?? null,
    addresses: Number(countAddresses([prefix], familyOf(prefix))),
    fate: fate.is,
    ...(fate.change && fate.is !== 'neverAllowed' && { change: fate.change }),
    why: fate.why === undefined ? null : { code: fate.why, message: sentence([row], context) },
    since: absence?.since ?? null,
    firstListed: listed?.firstListed?.date ?? null,
    deadline: (isMissing ? deadlineOfRow(row) : undefined) ?? null,
    until: fate.until ?? null,
  };
}
