/**
 * Sends traces and metrics through OpenTelemetry to Azure Monitor.
 *
 * The first span or flush of a process loads the SDK, so a start does not wait for it (docs/adr/0022-telemetry.md says
 * how long that takes).
 */
import { toErrorMessage } from '../core/errors.ts';
import type { Measurement } from '../core/metrics.ts';
import { redact } from '../core/redact.ts';
import { withTimeLimit } from '../core/timeLimit.ts';
import type { Logger, Telemetry, TelemetryAttributes, TelemetrySpan } from '../app/ports.ts';
import type { TelemetrySdk } from './telemetrySdk.ts';

export interface TelemetryOptions {
  /** Loads and starts the SDK; called once, at first use. Undefined: nothing is sent. */
  readonly start: (() => Promise<TelemetrySdk>) | undefined;
  readonly logger: Logger;
  readonly flushTimeoutInMs?: number;
}

export function createTelemetry({ start, logger, flushTimeoutInMs = 5000 }: TelemetryOptions): Telemetry {
  return start ? new SdkTelemetry(start, logger, flushTimeoutInMs) : silentTelemetry;
}

/** Sends nothing, but passes the host's trace on to the work. */
export const silentTelemetry: Telemetry = {
  span: (_name, { parent }, work) => work({ traceparent: parent, set: () => undefined }),
  record: () => undefined,
  flush: () => Promise.resolve(),
};

class SdkTelemetry implements Telemetry {
  readonly #start: () => Promise<TelemetrySdk>;
  readonly #logger: Logger;
  readonly #flushTimeoutInMs: number;
  #sdk: Promise<TelemetrySdk | undefined> | undefined;
  #measurements: Measurement[] = [];

  constructor(start: () => Promise<TelemetrySdk>, logger: Logger, flushTimeoutInMs: number) {
    this.#start = start;
    this.#logger = logger;
    this.#flushTimeoutInMs = flushTimeoutInMs;
  }

  async span<T>(
    name: string,
    options: { readonly parent?: string | undefined; readonly attributes?: TelemetryAttributes },
    work: (span: TelemetrySpan) => Promise<T>,
  ): Promise<T> {
    const sdk = await this.#load();
    if (!sdk) return silentTelemetry.span(name, options, work);
    const span = sdk.startSpan(name, options.parent);
    span.set(redactAttributes(options.attributes ?? {}));
    try {
      return await work({
        traceparent: span.traceparent,
        set: (attributes) => {
          span.set(redactAttributes(attributes));
        },
      });
    } catch (error) {
      span.fail(redact(toErrorMessage(error)));
      throw error;
    } finally {
      span.end();
    }
  }

  record(measurements: readonly Measurement[]): void {
    this.#measurements.push(...measurements);
  }

  async flush(): Promise<void> {
    const sdk = await this.#load();
    const measurements = this.#measurements;
    this.#measurements = [];
    if (!sdk) return;
    try {
      sdk.record(measurements);
      await withTimeLimit(sdk.flush(), this.#flushTimeoutInMs);
    } catch (error) {
      this.#logger.warn('telemetry was not sent', { error: redact(toErrorMessage(error)) });
    }
  }

  #load(): Promise<TelemetrySdk | undefined> {
    this.#sdk ??= this.#start().catch((error: unknown) => {
      this.#logger.warn('telemetry is off: it could not be started', { error: redact(toErrorMessage(error)) });
      return undefined;
    });
    return this.#sdk;
  }
}

function redactAttributes(attributes: TelemetryAttributes): TelemetryAttributes {
  return Object.fromEntries(
    Object.entries(attributes).map(([key, value]) => [key, typeof value === 'string' ? redact(value) : value]),
  );
}
