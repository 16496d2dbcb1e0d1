/** What waits for a person: one card per decision. */
import type { Plan, PlanItem } from '../plan/plan.ts';
import { countAddresses, familyOf } from '../prefixes.ts';
import { regionNameOf } from '../serviceTags/regions.ts';
import type { TargetStatus } from '../targets/targetState.ts';
import { agree, compareText, counted, inWords, readable } from '../words.ts';
import type { Card, CardItem, DescribePrefix, TargetRow } from './overview.ts';
import { deadlineOfRow, type TargetFacts } from './targetRow.ts';

/** How many prefixes a card shows. */
const shownItems = 3;

export interface CardInput extends TargetFacts {
  readonly row: TargetRow;
  /** The plan of the last run. */
  readonly plan: Plan | undefined;
}

/** No card if nothing waits for a person. */
export function targetCards(input: CardInput, describe: DescribePrefix, now: Date): readonly Card[] {
  const { status } = input;
  if (status === 'paused' || status === 'planOnly') return [];
  if (status === 'blocked' || status === 'failed' || status === 'noEffect') return [stoppedCard(input, describe)];
  const cards = status === 'held' && input.plan ? heldCards(input, input.plan, describe, now) : [];
  return cards.length === 0 && input.row.isOverdue ? [overdueCard(input, describe)] : cards;
}

const stoppedTitles: Readonly<Partial<Record<TargetStatus, string>>> = {
  failed: 'The last update failed',
  noEffect: 'Its rules have no effect',
};

function stoppedCard(input: CardInput, describe: DescribePrefix): Card {
  const { status, reasons, row, state } = input;
  const [first, ...more] = reasons.map(({ message }) => message);
  const lacking = row.deadline === null ? [] : missingItems(input, describe);
  const title = stoppedTitles[status] ?? 'Blocked: the app can write nothing to it';
  return {
    ...commonFields(status === 'failed' ? 'failed' : 'blocked', input),
    tone: 'bad',
    title: lacking.length === 0 ? title : `${title}. It lacks ${counted(lacking.length, 'listed prefix')}:`,
    items: lacking.slice(0, shownItems),
    itemCount: lacking.length,
    text: [
      readable(first ?? state?.run.lastResult?.error ?? 'No reason is on record: see its last runs.'),
      ...more.slice(0, 1).map(readable),
      status === 'failed'
        ? 'The app tries again within the hour.'
        : 'Its rules stay as they are. The app looks at it again every hour.',
    ],
    deadline: row.deadline,
    actions: ['review', 'pause'],
  };
}

function heldCards(input: CardInput, plan: Plan, describe: DescribePrefix, now: Date): readonly Card[] {
  const items = plan.items.map((item) => ({
    ...item,
    firstListed: item.firstListed ?? describe(item.prefix).firstListed,
  }));
  const waiting = items.filter(({ fate }) => fate === 'needsApproval');
  const noRoom = items.filter(({ fate }) => fate === 'doesNotFit');
  return [
    ...(waiting.length > 0 && plan.verdict === 'held' ? [approvalCard(input, plan, waiting, now)] : []),
    ...(noRoom.length > 0 ? [noRoomCard(input, noRoom, now)] : []),
  ];
}

function approvalCard(input: CardInput, plan: Plan, items: readonly PlanItem[], now: Date): Card {
  const { target } = input;
  const adds = items.filter(({ change }) => change === 'add');
  const removes = items.length - adds.length;
  const parts = [
    ...(adds.length > 0 ? [`add ${counted(adds.length, 'prefix')}`] : []),
    ...(removes > 0 ? [`remove ${counted(removes, 'prefix')}`] : []),
  ];
  return {
    ...commonFields('approval', input),
    ...deadlineOfItems(input, now),
    title: `May the app ${parts.join(' and ')}?`,
    text: [
      ...reasonsOf(input, items),
      'The app applies everything else in the plan. It writes this part only after you approve it.',
    ],
    ...itemsOf(items),
    targets: [{ name: target.name, planId: plan.id }],
    actions: ['review', 'approve', 'pause'],
  };
}

function noRoomCard(input: CardInput, items: readonly PlanItem[], now: Date): Card {
  const { room, kind } = input.row;
  const unit = kind === 'nsgRule' ? 'prefix' : 'IP rule';
  const use = room ? ` In use: ${inWords(room.used)} of ${counted(room.limit, unit)}.` : '';
  return {
    ...commonFields('doesNotFit', input),
    ...deadlineOfItems(input, now),
    title: `${counted(items.length, 'prefix')} ${agree(items.length, 'does', 'do')} not fit`,
    text: [...reasonsOf(input, items), `An approval does not help: make room, or choose fewer regions.${use}`],
    ...itemsOf(items),
    actions: ['review', 'pause'],
  };
}

function overdueCard(input: CardInput, describe: DescribePrefix): Card {
  const { row } = input;
  const items = missingItems(input, describe);
  return {
    ...commonFields('overdue', input),
    tone: 'bad',
    title: `${counted(items.length, 'listed prefix')} ${agree(items.length, 'is', 'are')} not allowed yet`,
    text: row.isPinned
      ? [`${row.why} Resume it to let them in.`]
      : ['No run has written them yet. The app tries every hour; its last runs say why it could not.'],
    items: items.slice(0, shownItems),
    itemCount: items.length,
    deadline: row.deadline,
    actions: ['review', 'pause'],
  };
}

function missingItems({ missing }: CardInput, describe: DescribePrefix): CardItem[] {
  return missing.map(({ prefix, published }) => {
    const { region } = describe(prefix);
    return { change: 'add', prefix, region, addresses: addressesInWords(prefix), firstListed: published };
  });
}

/** Merges cards that ask for the same decision about several targets. */
export function mergeCards(cards: readonly Card[]): readonly Card[] {
  const merged = new Map<string, Card>();
  for (const card of cards) {
    const { kind, tone, title, text, items, itemCount } = card;
    const key = JSON.stringify([kind, tone, title, text, items, itemCount]);
    const same = merged.get(key);
    merged.set(key, same ? { ...same, ...firstTimes(same, card), targets: [...same.targets, ...card.targets] } : card);
  }
  return [...merged.values()];
}

function firstTimes(a: Card, b: Card): Pick<Card, 'since' | 'deadline'> {
  const first = (one: string | null, other: string | null) =>
    [one, other].filter((time) => time !== null).sort(compareText)[0] ?? null;
  return { since: first(a.since, b.since), deadline: first(a.deadline, b.deadline) };
}

/** Cards with tone `bad` first, then by deadline, then those that have waited longest. */
export function byDeadline(a: Card, b: Card): number {
  return (
    Number(b.tone === 'bad') - Number(a.tone === 'bad') ||
    compareText(a.deadline ?? '9', b.deadline ?? '9') ||
    compareText(a.since ?? '9', b.since ?? '9') ||
    compareText(a.id, b.id)
  );
}

function commonFields(kind: Card['kind'], { target, state }: Pick<CardInput, 'target' | 'state'>) {
  const { name } = target;
  const since = state?.run.lastResult?.since ?? null;
  return { id: `${kind} ${name}`, kind, targets: [{ name }], items: [], itemCount: 0, since, deadline: null };
}

function deadlineOfItems(input: CardInput, now: Date): Pick<Card, 'deadline' | 'tone'> {
  const deadline = deadlineOfRow(input);
  return { deadline: deadline?.toISOString() ?? null, tone: deadline && deadline < now ? 'bad' : 'warn' };
}

/**
 * The reasons that concern the items; if there are none, those of the single items. They are of the last run: the stored plan
 * may be a day older, and says what was ahead then.
 */
function reasonsOf({ reasons }: CardInput, items: readonly PlanItem[]): string[] {
  const codes = new Set(items.map(({ why }) => why?.code));
  const together = reasons.filter(({ code }) => codes.has(code)).map(({ message }) => message);
  const each = items.flatMap(({ why }) => (why ? [why.message] : []));
  return [...new Set(together.length > 0 ? together : each)].slice(0, 2).map(readable);
}

function itemsOf(items: readonly PlanItem[]): Pick<Card, 'items' | 'itemCount'> {
  const shown = items.slice(0, shownItems).map(({ prefix, tag, change = 'add', firstListed }) => ({
    change,
    prefix,
    region: tag === null ? null : regionNameOf(tag),
    addresses: addressesInWords(prefix),
    firstListed,
  }));
  return { items: shown, itemCount: items.length };
}

function addressesInWords(prefix: string): string {
  return inWords(countAddresses([prefix], familyOf(prefix)));
}
