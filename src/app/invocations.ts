/** What the timer and queue triggers run: a story with its log, its trace and its figures. */
import { calculateGoLive } from '../core/goLive.ts';
import { measureGoLive, measurePull, measureTargets, measureUpdate } from '../core/metrics.ts';
import type { RunRecord } from '../core/runRecord.ts';
import { getApp, type App } from './composition.ts';
import { readNewestSnapshot } from './listing.ts';
import { withInvocationLog, type InvocationLog } from './logging.ts';
import type { UpdateMessage } from './ports.ts';
import { maxPostponements, toFraction, toPostponement } from './postpone.ts';
import { pullServiceTags, type PullResult } from './pullServiceTags.ts';
import { reconcileTargets } from './reconcileTargets.ts';
import { reportFailedUpdate } from './reportFailedUpdate.ts';
import { parseUpdateMessage } from './updateMessage.ts';
import { summarizeTargets } from './targetSummaries.ts';
import { updateTarget } from './updateTarget.ts';

/** What of an invocation the runs need. */
export interface Invocation extends InvocationLog {
  readonly traceContext?: { readonly traceParent?: string | undefined } | undefined;
}

export async function runPull(trigger: RunRecord['trigger'], invocation: Invocation): Promise<PullResult | 'busy'> {
  return inApp(invocation, async (app) =>
    app.telemetry.span('pullServiceTags', { parent: parentOf(invocation) }, async (span) => {
      const services = { ...app.services, queue: traced(app, span.traceparent) };
      const result = await pullServiceTags(services, trigger).catch((error: unknown) => {
        app.telemetry.record(measurePull('failed', undefined, app.services.clock.now()));
        throw error;
      });
      if (result === 'busy') app.logger.info('another pull is running: this one gives way');
      else app.telemetry.record(measurePull(result.outcome, result.date, app.services.clock.now()));
      return result;
    }),
  );
}

export async function runUpdate(body: unknown, invocation: Invocation): Promise<void> {
  await inApp(invocation, (app) => runUpdateIn(app, body, parentOf(invocation)));
}

/** One message of the queue `update-target`. */
export async function runUpdateIn(app: App, body: unknown, traceparent?: string): Promise<void> {
  const message = parseUpdateMessage(body);
  const attributes = { target: message.target, reason: message.reason };
  const parent = message.traceparent ?? traceparent;
  await app.telemetry.span('updateTarget', { parent, attributes }, async (span) => {
    const services = { ...app.services, queue: traced(app, span.traceparent) };
    const result = await updateTarget(services, message);
    if (result === 'busy') {
      app.logger.info('the target is being updated: asked for again later', attributes);
      await askAgain(services, message);
    } else if (result !== 'unknown') {
      span.set({ runId: result.id, outcome: result.outcome });
      app.telemetry.record(measureUpdate(result));
    }
  });
}

/** Another run has the target: what it read may be older than what this message tells of. */
async function askAgain({ queue, randomHex }: App['services'], message: UpdateMessage): Promise<void> {
  const postponement = toPostponement(message, toFraction(randomHex()));
  if (!postponement) throw new Error(`${message.target} has been leased by other runs ${maxPostponements} times`);
  await queue.send(postponement.message, postponement.delayInMs);
}

export async function runReconcile(invocation: Invocation): Promise<void> {
  await inApp(invocation, (app) => runReconcileIn(app, parentOf(invocation)));
}

/** The timer `reconcileTargets`. */
export async function runReconcileIn(app: App, traceparent?: string): Promise<void> {
  await app.telemetry.span('reconcileTargets', { parent: traceparent }, async (span) => {
    await reconcileTargets(app.services, span.traceparent);
    await measureAll(app);
  });
}

export async function runReport(body: unknown, invocation: Invocation): Promise<void> {
  await inApp(invocation, (app) => reportFailedUpdate(app.services, body));
}

/** The figures of all targets together, those included that no run has seen yet. */
async function measureAll({ services, telemetry }: App): Promise<void> {
  const newest = await readNewestSnapshot(services);
  const summaries = await summarizeTargets(services, await services.targets.read(), newest);
  const goLive = calculateGoLive(summaries, services.clock.now());
  telemetry.record([...measureTargets(summaries.map(({ status }) => status)), ...measureGoLive(goLive)]);
}

async function inApp<T>(invocation: Invocation, work: (app: App) => Promise<T>): Promise<T> {
  return withInvocationLog(invocation, async () => {
    const app = await getApp();
    try {
      return await work(app);
    } finally {
      await app.telemetry.flush();
    }
  });
}

function traced(app: App, traceparent: string | undefined): App['services']['queue'] {
  if (traceparent === undefined) return app.services.queue;
  return { send: (message, delayInMs) => app.services.queue.send({ traceparent, ...message }, delayInMs) };
}

function parentOf(invocation: Invocation): string | undefined {
  return invocation.traceContext?.traceParent;
}
