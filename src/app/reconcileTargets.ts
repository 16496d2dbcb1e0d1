/** Every target is looked at for drift: one message each, spread so that a thousand do not ask Azure at once. */
import type { Target } from '../core/targets/target.ts';
import type { Logger, TargetsSource, UpdateQueue } from './ports.ts';
import { sendAll } from './sendAll.ts';

export interface ReconcileServices {
  readonly targets: TargetsSource;
  readonly queue: UpdateQueue;
  readonly logger: Logger;
}

/**
 * Azure Resource Manager allows 250 reads at once per subscription and identity, and 25 more per second: the first
 * targets are looked at at once, and most of the bucket is left to others.
 */
const atOnce = 100;
const perSubscriptionAndSecond = 20;

/** Names of the targets that were queued. */
export async function reconcileTargets(services: ReconcileServices, traceparent?: string): Promise<readonly string[]> {
  const targets = spread(await services.targets.read());
  await sendAll(
    services.queue,
    targets.map(({ name, delayInMs }) => ({
      message: { target: name, reason: 'reconcile', ...(traceparent ? { traceparent } : {}) },
      delayInMs,
    })),
  );
  services.logger.info('targets queued for reconciliation', { count: targets.length });
  return targets.map(({ name }) => name);
}

/** A subscription's targets one behind the other, the subscriptions side by side. */
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
