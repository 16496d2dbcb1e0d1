/** Notifies people, each time once: a plan waits for approval, a block, a failure, repaired drift, a near deadline. */
import { calculateGoLive, describeGoLive } from '../../core/goLive.ts';
import type { UpdateRecord } from '../../core/ledger/runRecord.ts';
import { planLists, type Plan } from '../../core/plan/plan.ts';
import { holdsIn, weighty, type Reason } from '../../core/reasons.ts';
import {
  hasDeadline,
  isApplied,
  type LastResult,
  type MissingPrefix,
  type TargetState,
} from '../../core/targets/targetState.ts';
import type { Target } from '../../core/targets/target.ts';
import { toDay } from '../../core/time.ts';
import { agree, asSentence, counted } from '../../core/words.ts';
import type { Notification, Notifier } from '../ports.ts';
import type { RecordedRun } from './recordRun.ts';
import { haveNoEffect } from './runResult.ts';

export async function notifyOfRun(notifier: Notifier, last: LastResult | undefined, run: RecordedRun): Promise<void> {
  for (const notification of notificationsOf(last, run)) await notifier.notify(notification);
  if (run.deadline) await notifier.notify(run.deadline);
}

export interface DeadlineNotice {
  /** `YYYY-MM-DD`, remembered so that people are notified once per day. */
  readonly day: string;
  readonly notification: Notification;
}

/** Once per day while Azure may soon use a prefix that the target lacks. */
export function deadlineNotice(
  target: Target,
  state: TargetState,
  missing: readonly MissingPrefix[],
  now: Date,
): DeadlineNotice | undefined {
  if (!hasDeadline(target, { isPaused: state.operator.paused !== undefined, isApplied: isApplied(state) }))
    return undefined;
  const listed = missing.filter((entry) => entry.published !== '');
  const clock = calculateGoLive(
    [{ target: target.name, missing: listed, ...(state.selection && { selectedSince: state.selection.since }) }],
    now,
  );
  const day = toDay(now);
  const isUrgent = clock.status === 'near' || clock.status === 'overdue';
  if (!isUrgent || state.run.deadlineAnnounced === day) return undefined;
  return {
    day,
    notification: {
      type: 'deadline.near',
      subject: target.name,
      message: describeGoLive(clock, now),
      data: { daysLeft: clock.daysLeft, prefixes: clock.prefixes.slice(0, 100) },
    },
  };
}

type News = Pick<RecordedRun, 'record' | 'alignedWith'>;

export function notificationsOf(last: LastResult | undefined, { record, alignedWith }: News): Notification[] {
  const { plan, outcome } = record;
  const isSameTarget = last?.alignedWith === undefined || last.alignedWith === alignedWith;
  const found: Notification[] = [];
  const isWithoutEffect = haveNoEffect(record);
  if (isWithoutEffect && last?.status !== 'noEffect') {
    found.push(toNotification('target.noEffect', record, 'the rules have no effect'));
  }
  if (outcome === 'blocked' && !isWithoutEffect && (last?.outcome !== 'blocked' || !sameReasons(last, record))) {
    found.push(toNotification('target.blocked', record, 'blocked, and nothing can be applied until someone acts'));
  }
  if (outcome === 'failed' && last?.status !== 'failed')
    found.push(toNotification('update.failed', record, 'the update failed'));
  if (plan?.verdict === 'held' && outcome !== 'blocked' && isNewHold(last, record)) {
    found.push(toNotification('plan.held', record, waitingText(plan)));
  }
  if (isSameTarget && isDriftRepair(last, record))
    found.push(toNotification('drift.repaired', record, driftInWords(plan)));
  return found;
}

/**
 * While the target is blocked, an approval would not help, so what waits is told when the block is over. A plan also gets a
 * new id when the rest of it was applied: that is no news.
 */
function isNewHold(last: LastResult | undefined, { plan, reasons }: UpdateRecord): boolean {
  if (last === undefined || last.outcome === 'blocked') return true;
  return plan?.id !== last.planId && whatIsHeld(reasons) !== whatIsHeld(last.reasons);
}

/** Without the messages: their numbers and tenses change while the same prefixes wait. */
function whatIsHeld(reasons: readonly Reason[]): string {
  return JSON.stringify(holdsIn(reasons).map(({ code, prefixes }) => [code, prefixes]));
}

/** False if everything that is missing is never allowed: then nobody can approve anything. */
function waitingText({ items, held }: Plan): string {
  const all = countOf(held);
  if (all === 0) return 'what is missing is never allowed, approved or not';
  const waiting = countOf(
    planLists(
      items.filter(({ fate }) => fate === 'needsApproval'),
      [],
    ).held,
  );
  const rest = all - waiting;
  const impossible = `${counted(rest, 'change')} cannot be made now`;
  if (waiting === 0) return impossible;
  const waits = `${counted(waiting, 'change')} ${agree(waiting, 'waits', 'wait')} for approval`;
  return rest > 0 ? `${waits}, and ${impossible}` : waits;
}

function countOf({ add, remove }: Plan['held']): number {
  return add.length + remove.length;
}

/** The target follows the same list as before: somebody else changed its rules. */
function driftInWords(plan: Plan | undefined): string {
  const count = plan?.add.length ?? 0;
  const what = count > 0 ? ` and added ${counted(count, 'missing prefix')}` : '';
  return `someone had changed the live rules; the app restored them${what}. Nothing to do, unless the change was meant: then pause the target`;
}

/**
 * True if the target was in sync with this snapshot before: then somebody has changed the live rules, unless the targets file
 * or the regions of a registry have changed meanwhile.
 */
function isDriftRepair(last: LastResult | undefined, { outcome, trigger, plan }: UpdateRecord): boolean {
  if (outcome !== 'applied' || trigger.reason !== 'reconcile' || !plan) return false;
  const isMissed = plan.add.length > 0 && last?.status === 'inSync' && last.snapshot === plan.snapshot;
  return plan.ruleDrift.length > 0 || isMissed;
}

function sameReasons(last: LastResult, record: UpdateRecord): boolean {
  const codes = (reasons: readonly { code: string }[]): string => reasons.map((reason) => reason.code).join();
  return codes(last.reasons) === codes(record.reasons);
}

function toNotification(type: Notification['type'], record: UpdateRecord, text: string): Notification {
  const reasons = weighty(record.reasons).map(({ message }) => asSentence(message));
  return {
    type,
    subject: record.chain,
    message: [`${record.chain}: ${text}.`, ...reasons].join(' '),
    data: {
      runId: record.id,
      outcome: record.outcome,
      reasons: record.reasons,
      ...(record.plan ? { planId: record.plan.id, snapshot: record.plan.snapshot } : {}),
    },
  };
}
