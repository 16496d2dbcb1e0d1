/** Which runs people hear of: new holds, new blocks, new failures, repaired drift. The same state is announced once. */
import type { RunRecord } from '../../core/ledger/runRecord.ts';
import type { LastResult } from '../../core/targets/targetState.ts';
import { counted } from '../../core/words.ts';
import type { Notification, Notifier } from '../ports.ts';

export async function notifyOfRun(notifier: Notifier, last: LastResult | undefined, record: RunRecord): Promise<void> {
  for (const notification of notificationsOf(last, record)) await notifier.notify(notification);
}

export function notificationsOf(last: LastResult | undefined, record: RunRecord): Notification[] {
  const { plan, outcome } = record;
  const isNewPlan = plan !== undefined && plan.id !== last?.planId;
  const found: Notification[] = [];
  if (outcome === 'blocked' && (last?.status !== 'blocked' || !sameReasons(last, record))) {
    found.push(toNotification('target.blocked', record, 'blocked: nothing can be applied'));
  }
  if (outcome === 'failed' && last?.status !== 'failed')
    found.push(toNotification('update.failed', record, 'the update failed'));
  if (plan?.verdict === 'held' && isNewPlan) {
    const count = plan.held.add.length + plan.held.remove.length;
    const text = `${counted(count, 'change')} ${count === 1 ? 'waits' : 'wait'} for an approval`;
    found.push(toNotification('plan.held', record, text));
  }
  if (isDriftRepair(last, record))
    found.push(toNotification('drift.repaired', record, 'the live rules were put right'));
  return found;
}

/** All was well, the snapshot is the same, and yet there was something to put right: the live rules had been changed. */
function isDriftRepair(last: LastResult | undefined, { outcome, trigger, plan }: RunRecord): boolean {
  if (outcome !== 'applied' || trigger.reason !== 'reconcile' || !plan) return false;
  const isMissed = plan.add.length > 0 && last?.status === 'inSync' && last.snapshot === plan.snapshot;
  return plan.ruleDrift.length > 0 || isMissed;
}

function sameReasons(last: LastResult, record: RunRecord): boolean {
  const codes = (reasons: readonly { code: string }[]): string => reasons.map((reason) => reason.code).join();
  return codes(last.reasons) === codes(record.reasons);
}

function toNotification(type: Notification['type'], record: RunRecord, text: string): Notification {
  const reasons = record.reasons.map((reason) => reason.message);
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
