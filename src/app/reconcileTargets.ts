/** Queues a check of every target for drift: one message per target, spread so that not all of them call Azure at once. */
import type { Target } from '../core/targets/target.ts';
import type { Logger, TargetsSource, UpdateQueue } from './ports.ts';
import { sendAll } from './sendAll.ts';

export interface ReconcileServices {
  readonly targets: TargetsSource;
  readonly queue: UpdateQueue;
  readonly logger: Logger;
}

/**
 * Azure Resource Manager allows 250 reads at once per subscription and identity, and 25 more per second. These figures
 * stay below that, so that other clients of the identity can still read.
 */
const atOnce = 100;
const perSubscriptionAndSecond = 20;

/** Returns the queued targets. */
export async function reconcileTargets(services: ReconcileServices, traceparent?: string): Promise<readonly Target[]> {
  const targets = await services.targets.read();
  await sendAll(
    services.queue,
    spread(targets).map(({ name, delayInMs }) => ({
      message: { target: name, reason: 'reconcile', ...(traceparent ? { traceparent } : {}) },
      delayInMs,
    })),
  );
  services.logger.info('targets queued for reconciliation', { count: targets.length });
  return targets;
}

/** Delays the targets of a subscription one after the other; the subscriptions do not wait for each other. */
function spread(targets: readonly Target[]): { readonly name: string; readonly delayInMs: number }[] {
  const counts = new Map<string, number>();
  return targets.map(({ name, resourceId }) => {
    const subscription = resourceId.split('/')[2]?.toLowerCase() ?? '';
    const before = counts.get(subscription) ?? 0;
    counts.set(subscription, before + 1);
    const seconds = Math.ceil((before + 1 - atOnce) / perSubscriptionAndSecond);
    return { name, delayInMs: Math.max(0, seconds) * 1_000 };
  });
}
