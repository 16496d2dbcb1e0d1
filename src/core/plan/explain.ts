/** Explains a plan: one sentence per prefix, and one per group of prefixes with the same reason. */
import type { Decided } from './decide.ts';
import type { Fitted } from './fit.ts';
import { partition, type LiveRules } from './own.ts';
import type { PlanItem } from './plan.ts';
import type { PlanInput } from './planInput.ts';
import type { Room } from './room.ts';
import { deadlineOfRow, sentence, staysWhileBlocked, waitsForBlocker } from './rowSentences.ts';
import { countSentence, explainShortage } from './shortage.ts';
import { countAddresses, familyOf, prefixesOf } from '../prefixes.ts';
import { reasonFor, type Reason, type ReasonCode } from '../reasons.ts';

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
    ...reasonFor(waiting[0]?.fate.why ?? 'quarantined', prefixesOf(waiting), waitsForBlocker(waiting, context)),
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
    since: absence?.omittedBy?.seenAt ?? absence?.since ?? null,
    firstListed: listed?.firstListed?.date ?? null,
    deadline: (isMissing ? deadlineOfRow(row) : undefined) ?? null,
    until: fate.until ?? null,
  };
}
