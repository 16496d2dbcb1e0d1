/** Tells people once a day that the week runs out in which a target must let in what was published. */
import { calculateGoLive, describeGoLive } from '../../core/goLive.ts';
import type { TargetState, WaitingPrefix } from '../../core/targets/targetState.ts';
import { toDay } from '../../core/time.ts';
import type { Notification } from '../ports.ts';

export interface DeadlineNotice {
  /** `YYYY-MM-DD`, remembered so that it is said once a day. */
  readonly day: string;
  readonly notification: Notification;
}

export function deadlineNotice(
  state: TargetState,
  waiting: readonly WaitingPrefix[],
  now: Date,
): DeadlineNotice | undefined {
  const clock = calculateGoLive(
    [{ target: state.target, waiting: waiting.filter((entry) => entry.published !== '') }],
    now,
  );
  const day = toDay(now);
  const isUrgent = clock.status === 'near' || clock.status === 'overdue';
  if (!isUrgent || state.deadlineAnnounced === day) return undefined;
  return {
    day,
    notification: {
      type: 'deadline.near',
      subject: state.target,
      message: `${state.target}: ${describeGoLive(clock)}`,
      data: { daysLeft: clock.daysLeft, prefixes: clock.prefixes.slice(0, 100) },
    },
  };
}
