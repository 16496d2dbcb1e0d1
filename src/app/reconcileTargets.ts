/** Every target is looked at for drift: one message each, spread so that a thousand do not ask Azure at once. */
import type { Logger, TargetsSource, UpdateQueue } from './ports.ts';

export interface ReconcileServices {
  readonly targets: TargetsSource;
  readonly queue: UpdateQueue;
  readonly logger: Logger;
}

/** Azure Resource Manager refills 25 reads a second for each subscription and principal. */
const messagesPerSecond = 20;

/** Names of the targets that were queued. */
export async function reconcileTargets(services: ReconcileServices, traceparent?: string): Promise<readonly string[]> {
  const targets = await services.targets.read();
  for (const [index, target] of targets.entries()) {
    const delayInMs = Math.floor(index / messagesPerSecond) * 1000;
    await services.queue.send(
      { target: target.name, reason: 'reconcile', ...(traceparent ? { traceparent } : {}) },
      delayInMs,
    );
  }
  services.logger.info('targets queued for reconciliation', { count: targets.length });
  return targets.map((target) => target.name);
}
