/** What the timer and queue triggers run: a pull, an update or a reconciliation with its log, trace and metrics. */
import { calculateGoLive } from '../core/goLive.ts';
import { measureGoLive, measureTargets } from '../core/metrics.ts';
import type { TimerName } from '../core/timers.ts';
import type { Target } from '../core/targets/target.ts';
import { InvalidDocumentError, toErrorMessage } from '../core/errors.ts';
import { getApp, type App } from './composition.ts';
import { withInvocationLog, type InvocationLog } from './logging.ts';
import { flushing, measuredRuns } from './measuredRuns.ts';
import type { UpdateMessage } from './ports.ts';
import { maxPostponements, toFraction, toPostponement } from './update/postpone.ts';
import { pullServiceTags, type PullResult } from './pullServiceTags.ts';
import { reconcileTargets } from './reconcileTargets.ts';
import { reportFailedUpdate, reportUnreadableMessage } from './reportFailedUpdate.ts';
import { readUpdateMessage } from './update/updateMessage.ts';
import type { ActionServices } from './targetActions.ts';
import { summarizeTargets } from './update/targetSummaries.ts';
import { updateTarget } from './updateTarget.ts';

/** The part of an invocation that the runs need. */
export interface Invocation extends InvocationLog {
  readonly traceContext?: { readonly traceParent?: string | undefined } | undefined;
}

/** The timer `pullServiceTags`. */
export async function runPull(invocation: Invocation): Promise<PullResult | 'busy'> {
  return inApp(invocation, async (app) => {
    await recordTimer(app, 'pullServiceTags');
    const result = await measuredRuns(app, parentOf(invocation)).pull((services) =>
      pullServiceTags(services, { reason: 'timer' }),
    );
    if (result === 'busy') app.services.logger.info('another pull is running: this one gives way');
    return result;
  });
}

export async function runUpdate(body: unknown, invocation: Invocation): Promise<void> {
  await inApp(invocation, (app) => runUpdateIn(app, body, parentOf(invocation)));
}

/** One message of the queue `update-target`. */
export async function runUpdateIn(app: App, body: unknown, traceparent?: string): Promise<void> {
  const message = readUpdateMessage(body);
  // Not thrown: another try would not make the message readable.
  if (message instanceof InvalidDocumentError) return reportUnreadableMessage(app.services, body, message);
  await measuredRuns(app, message.traceparent ?? traceparent).update(message, async (services) => {
    const result = await updateTarget(services, message);
    if (result === 'busy') {
      const { target: targetId, reason } = message;
      app.services.logger.info('the target is being updated: asked for again later', { targetId, reason });
      await sendAgainLater(services, message);
    }
    return result;
  });
}

/** Sends the message again: the run that has the target now may have read the list before this message was sent. */
async function sendAgainLater({ queue, randomHex }: ActionServices, message: UpdateMessage): Promise<void> {
  const postponement = toPostponement(message, toFraction(randomHex()));
  if (!postponement) throw new Error(`${message.target} has been leased by other runs ${maxPostponements} times`);
  await queue.send(postponement.message, postponement.delayInMs);
}

export async function runReconcile(invocation: Invocation): Promise<void> {
  await inApp(invocation, async (app) => {
    await recordTimer(app, 'reconcileTargets');
    await runReconcileIn(app, parentOf(invocation));
  });
}

/** Lets `health` notice a timer that does not fire. If the time cannot be stored, the run goes on. */
export async function recordTimer({ services }: Pick<App, 'services'>, name: TimerName): Promise<void> {
  const { timers, clock, logger } = services;
  const at = clock.now().toISOString();
  try {
    const before = await timers.read(name).catch(() => undefined);
    await timers.put(name, { version: 1, since: before?.since ?? at, at, schedule: timers.schedules[name] });
  } catch (error) {
    logger.warn('It could not be recorded that the timer fired', { timer: name, error: toErrorMessage(error) });
  }
}

/** The timer `reconcileTargets`. */
export async function runReconcileIn(app: App, traceparent?: string): Promise<void> {
  await app.telemetry.span('reconcileTargets', { parent: traceparent }, async (span) => {
    await measure(app, await reconcileTargets(app.services, span.traceparent));
  });
}

export async function runReport(body: unknown, invocation: Invocation): Promise<void> {
  await inApp(invocation, (app) => reportFailedUpdate(app.services, body));
}

/**
 * Records the metrics of all targets, including those without a run. Records none if the targets file does not exist:
 * missing metrics raise the alert `reconcile-late`, while metrics of zero targets would look healthy.
 */
async function measure({ services, telemetry }: App, targets: readonly Target[]): Promise<void> {
  if (targets.length === 0 && (await services.isTargetsFileMissing?.())) return;
  const summaries = await summarizeTargets(services, targets);
  const goLive = calculateGoLive(
    summaries.filter(({ hasDeadline }) => hasDeadline),
    services.clock.now(),
  );
  telemetry.record([...measureTargets(summaries.map(({ status }) => status)), ...measureGoLive(goLive)]);
}

async function inApp<T>(invocation: Invocation, work: (app: App) => Promise<T>): Promise<T> {
  return withInvocationLog(invocation, async () => {
    const app = await getApp();
    return flushing(app.telemetry, () => work(app));
  });
}

function parentOf(invocation: Invocation): string | undefined {
  return invocation.traceContext?.traceParent;
}
