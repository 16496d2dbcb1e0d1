/** Sentences about rows of a plan with the same fate and the same reason. */
import { endOfGrace, type Decided, type Fate } from './decide.ts';
import type { Explained } from './explain.ts';
import type { Room } from './room.ts';
import { azureMayUse, deadlineOf } from '../goLive.ts';
import type { GrowthLimit } from '../history/window.ts';
import { countAddresses, familyOf, overlapping, prefixesOf } from '../prefixes.ts';
import type { ReasonCode } from '../reasons.ts';
import { regionInWords } from '../serviceTags/regions.ts';
import { agree, andMore, compareText, counted, dayInWords, inWords, listed as joined } from '../words.ts';

/** One sentence about rows with the same fate and the same reason. */
export function sentence(rows: readonly Decided[], context: Explained): string {
  const [first] = rows;
  if (!first) return '';
  const { message, why } = first.fate;
  const say = why === undefined ? undefined : sentences[why];
  return message ?? say?.(rows, context) ?? `${whileBlocked(rows, context)} ${reasonOf(first.fate, context)}`;
}

type Sentence = (rows: readonly Decided[], context: Explained) => string;

const sentences: Partial<Record<ReasonCode, Sentence>> = {
  specialPurpose: (rows) =>
    `${describe(rows)} ${agreeing(rows, 'overlaps', 'overlap')} ${specialRanges(rows)}: special-purpose addresses are never allowed, approved or not.`,
  widestPrefix: (rows, context) =>
    `${describe(rows)} ${tooWide(rows, context)}, so ${they(rows)} ${agreeing(rows, 'waits', 'wait')} for approval. ${deadline(rows, context)}Approve the plan if Microsoft really released ${them(rows)}.`,
  maxAddedAddresses: beyondBudget('maxAddedAddresses'),
  maxAddedPrefixes: beyondBudget('maxAddedPrefixes'),
  fit: noRoom,
  quota: noRoom,
  flapping: (rows) =>
    `${describe(rows)} ${have(rows)} left the list and come back at least twice within 180 days: ${they(rows)} ${agreeing(rows, 'stays', 'stay')} until you approve the plan.`,
  removalLimit: (_, { input, excess = 'more than the limits allow' }) =>
    `The plan for ${input.target.name} would remove ${excess}, so the removals wait for approval. ${input.operator.pin ? 'Approve the plan if the rollback may remove them.' : 'Approve the plan if Microsoft really dropped these prefixes.'}`,
  foreignInOwnedRule: othersSentence,
  addOnly: (rows, context) =>
    `${notListed(rows, context)}. Policy addOnly keeps ${them(rows)}: remove ${them(rows)} by hand if nobody needs ${them(rows)}.`,
  pinned: (rows, context) =>
    `${notListed(rows, context)}. Nothing is removed while the target is rolled back: resume it to follow the list.`,
  removalGrace: (rows, context) => `${notListed(rows, context)}. ${graceLeft(rows, context)}`,
  supernet: (rows) =>
    rows[0]?.fate.is === 'kept'
      ? `${describe(rows)} ${are(rows)} no longer listed and ${agreeing(rows, 'stays', 'stay')} part of a wider rule for as long as there is no room without it.`
      : `${describe(rows)} ${are(rows)} not listed, and part of a wider rule that makes room for listed prefixes (fit: supernet). Set "fit": "exact" if ${they(rows)} must not be allowed.`,
};

function beyondBudget(limit: GrowthLimit): Sentence {
  return (rows, context) =>
    `${describe(rows)} ${are(rows)} more than ${limit} has room for: ${budget(limit, context)} ${deadline(rows, context)}Approve the plan if ${they(rows)} ${are(rows)} meant.`;
}

function noRoom(rows: readonly Decided[], { room }: Explained): string {
  return `${describe(rows)} ${agreeing(rows, 'does', 'do')} not fit: ${roomInWords(room)}. Make room, or choose fewer regions.`;
}

/** The form that agrees with the number of prefixes that a sentence names. */
function agreeing(rows: readonly Decided[], one: string, many: string): string {
  return agree(subjects(rows).length, one, many);
}

function are(rows: readonly Decided[]): string {
  return agreeing(rows, 'is', 'are');
}

function have(rows: readonly Decided[]): string {
  return agreeing(rows, 'has', 'have');
}

function they(rows: readonly Decided[]): string {
  return agreeing(rows, 'it', 'they');
}

function them(rows: readonly Decided[]): string {
  return agreeing(rows, 'it', 'them');
}

function reasonOf({ why }: Fate, { input }: Explained): string {
  return input.removalBlockers.find(({ code }) => code === why)?.message ?? 'Nothing can be written there now.';
}

/** `104.40.0.0/13 (524,288 addresses, West Europe, listed since 7 Sep 2026)`, `20.1.0.0/24 and 2 more (768 addresses)`. */
export function describe(rows: readonly Decided[]): string {
  const prefixes = prefixesOf(rows);
  const ipv4 = countAddresses(prefixes, 'ipv4');
  const facts = [
    ...(ipv4 > 0n ? [counted(ipv4, 'address')] : []),
    ...joinedFact(rows.map(({ listed }) => (listed?.region === undefined ? undefined : placeOf(listed)))),
    ...joinedFact(rows.map(({ listed }) => listed?.firstListed?.date)).map(
      (date) => `listed since ${dayInWords(date)}`,
    ),
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

function budget(limit: GrowthLimit, { input: { growth, target } }: Explained): string {
  const used = limit === 'maxAddedAddresses' ? growth.usedAddresses : growth.usedPrefixes;
  const what = limit === 'maxAddedAddresses' ? 'new IPv4 addresses' : 'new prefixes';
  return `it allows ${inWords(growth.limits[limit])} ${what} in ${counted(target.limits.limitWindowDays, 'day')}, and ${inWords(used)} of them are used.`;
}

export function deadline(rows: readonly Decided[], { input: { now } }: Explained): string {
  const days = rows.flatMap((row) => deadlineOfRow(row) ?? []).sort(compareText);
  const [first] = days;
  return first === undefined ? '' : `${azureMayUse(them(rows), first, now)}. `;
}

export function deadlineOfRow({ listed }: Decided): string | undefined {
  return listed?.firstListed && deadlineOf(listed.firstListed.date).toISOString();
}

/** Since when the rows are not listed, if all have the same past. */
function notListed(rows: readonly Decided[], { input: { target } }: Explained): string {
  const what = describe(rows);
  const absences = rows.map(({ absence }) => absence);
  const [never] = joinedFact(absences.map((absence) => absence?.neverListedSince));
  if (rows.length > 0 && absences.every((absence) => absence?.isOfRejected))
    return `${what} ${are(rows)} listed only by a release that a person rejected`;
  if (never !== undefined)
    return `Microsoft has never listed ${what} in ${target.serviceTag}, and the oldest known release is from ${dayInWords(never)}`;
  // The release has the date that people know.
  const [since] = joinedFact(
    absences.map((absence) => (absence?.omittedBy ?? absence?.release)?.date ?? absence?.since.slice(0, 10)),
  );
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
  return rows[0]?.fate.is === 'needsApproval' ? waitsForBlocker(rows, context) : staysWhileBlocked(rows, context);
}

/** The day on which it is removed is not known, but the day from which a person is asked is. */
export function staysWhileBlocked(rows: readonly Decided[], context: Explained): string {
  const last = rows
    .flatMap((row) => endOfGrace(row, context.input) ?? [])
    .sort(compareText)
    .at(-1);
  const asked =
    last === undefined
      ? ''
      : `; if that lasts until ${dayInWords(last)}, ${they(rows)} ${agreeing(rows, 'waits', 'wait')} for your approval`;
  return `${notListed(rows, context)}. ${agreeing(rows, 'It stays', 'They stay')} while nothing is removed${asked}.`;
}

/** For several rows: the latest day, unless it is over, and the largest number of missing releases. */
function graceLeft(rows: readonly Decided[], { input: { now } }: Explained): string {
  const until = rows.flatMap(({ fate }) => fate.until ?? []).sort(compareText);
  const last = until.at(-1);
  const it = them(rows);
  // The trusted list still has it.
  if (last === undefined) {
    return `${agreeing(rows, 'It stays', 'They stay')} until further releases confirm that ${they(rows)} ${are(rows)} gone.`;
  }
  const releases = Math.max(0, ...rows.map(({ fate }) => fate.releases ?? 0));
  const left = [
    ...(Date.parse(last) > now.getTime() ? [dayInWords(last)] : []),
    ...(releases > 0 ? [`${counted(releases, 'further release')} without ${it}`] : []),
  ];
  return `The app removes ${it} after ${left.join(' and ')}.`;
}

/** While the target is blocked, its plan cannot be approved. */
export function waitsForBlocker(rows: readonly Decided[], { input: { blockers } }: Explained): string {
  const until = blockers.length > 0 ? 'while the target is blocked' : 'until you approve the plan';
  return `${describe(rows)} ${have(rows)} been missing from the list for longer than the grace period: ${agreeing(rows, 'it stays', 'they stay')} ${until}.`;
}

function othersSentence(rows: readonly Decided[], { input }: Explained): string {
  const inside = overlapping(prefixesOf(input.listed), prefixesOf(rows)).length;
  const listedToo =
    inside === 0
      ? ''
      : ` ${counted(inside, 'listed prefix')} ${agree(inside, 'lies', 'lie')} in that and ${agree(inside, 'stays', 'stay')} in any case.`;
  return `${andMore(prefixesOf(rows))} ${are(rows)} in the rule but ${agreeing(rows, 'was', 'were')} not written by this app: ${agreeing(rows, 'it stays', 'they stay')} until you approve the plan or remove ${them(rows)} by hand.${listedToo}`;
}

export function roomInWords(room: Room): string {
  const { target, maxRules, freeRules, live } = room;
  if (target.kind === 'nsgRule') {
    return `the network security group has room for ${counted(freeRules, 'prefix')} (an NSG takes 4,000 prefixes per side, all rules together)`;
  }
  const others = live.others.length;
  const theirs = others === 0 ? '' : ` (${inWords(others)} of them ${agree(others, 'is', 'are')} other people’s)`;
  return `${room.isLimitedBySetting ? 'capacity.maxRules allows' : 'the registry takes'} ${counted(maxRules, 'IP rule')}${theirs}`;
}
