/** Runs pulls and updates with a trace and metrics, for triggers and for HTTP requests alike. */
import { measurePull, measureSources, measureUpdate } from '../core/metrics.ts';
import type { UpdateRecord } from '../core/ledger/runRecord.ts';
import type { Telemetry } from './ports.ts';
import type { PullResult } from './pullServiceTags.ts';
import type { ActionRuns, ActionServices } from './targetActions.ts';

export interface MeasuredApp {
  readonly services: ActionServices;
  readonly telemetry: Telemetry;
}

/** Each run has a span below `parent`. The queue messages that it sends carry the trace on. */
export function measuredRuns({ services, telemetry }: MeasuredApp, parent?: string) {
  return {
    pull: (work: (traced: ActionServices) => Promise<PullResult | 'busy'>) =>
      telemetry.span('pullServiceTags', { parent }, async (span) => {
        const result = await work(tracedServices(services, span.traceparent)).catch((error: unknown) => {
          telemetry.record(measurePull('failed', undefined, services.clock.now()));
          throw error;
        });
        if (result === 'busy') return result;
        const { outcome, date, sources } = result;
        telemetry.record([...measurePull(outcome, date, services.clock.now()), ...measureSources(sources)]);
        return result;
      }),
    update: <T extends UpdateRecord | string>(
      { target, reason }: { readonly target: string; readonly reason: string },
      work: (traced: ActionServices) => Promise<T>,
    ) =>
      telemetry.span('updateTarget', { parent, attributes: { targetId: target, reason } }, async (span) => {
        const result = await work(tracedServices(services, span.traceparent));
        if (typeof result === 'string') return result;
        span.set({ runId: result.id, outcome: result.outcome });
        telemetry.record(measureUpdate(result));
        return result;
      }),
  };
}

/** For actions of the API, whose telemetry no trigger flushes. */
export function measuredActionRuns(app: MeasuredApp): ActionRuns {
  const runs = measuredRuns(app);
  return {
    pull: (work) => flushing(app.telemetry, () => runs.pull(work)),
    update: (request, work) => flushing(app.telemetry, () => runs.update(request, work)),
  };
}

/** Sends the telemetry after the work, even if the work fails. */
export async function flushing<T>(telemetry: Telemetry, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } finally {
    await telemetry.flush();
  }
}

function tracedServices(services: ActionServices, traceparent: string | undefined): ActionServices {
  if (traceparent === undefined) return services;
  const { queue } = services;
  return { ...services, queue: { send: (message, delayInMs) => queue.send({ traceparent, ...message }, delayInMs) } };
}
