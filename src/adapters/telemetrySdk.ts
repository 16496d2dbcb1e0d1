/** The OpenTelemetry SDK that adapters/telemetry.ts uses. Imported on first use only. */
import { ROOT_CONTEXT, SpanStatusCode, trace, type SpanContext } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider, PeriodicExportingMetricReader, type PushMetricExporter } from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, BatchSpanProcessor, type SpanExporter } from '@opentelemetry/sdk-trace-base';
import { metricPrefix, metrics, type Measurement, type MetricName } from '../core/metrics.ts';
import type { TelemetryAttributes } from '../app/ports.ts';

export interface TelemetrySdk {
  startSpan(name: string, parent: string | undefined): SdkSpan;
  record(measurements: readonly Measurement[]): void;
  flush(): Promise<void>;
}

export interface SdkSpan {
  readonly traceparent: string;
  set(attributes: TelemetryAttributes): void;
  fail(message: string): void;
  end(): void;
}

export interface TelemetryExporters {
  readonly spans: SpanExporter;
  readonly metrics: PushMetricExporter;
}

const scope = 'acr-address-keeper';

/** `role` is the name of the Function App, by which queries distinguish deployments. */
export function startTelemetrySdk(exporters: TelemetryExporters, role: string): TelemetrySdk {
  const resource = resourceFromAttributes({ 'service.name': role, 'service.namespace': scope });
  const tracers = new BasicTracerProvider({ resource, spanProcessors: [new BatchSpanProcessor(exporters.spans)] });
  const reader = new PeriodicExportingMetricReader({ exporter: exporters.metrics, exportIntervalMillis: 60_000 });
  const meters = new MeterProvider({ resource, readers: [reader] });
  const tracer = tracers.getTracer(scope);
  const instruments = createInstruments(meters);

  return {
    startSpan(name, parent) {
      const parentContext = parent === undefined ? undefined : parseTraceparent(parent);
      const context = parentContext ? trace.setSpanContext(ROOT_CONTEXT, parentContext) : ROOT_CONTEXT;
      const span = tracer.startSpan(name, {}, context);
      return {
        traceparent: formatTraceparent(span.spanContext()),
        set: (attributes) => void span.setAttributes(attributes),
        fail: (message) => void span.setStatus({ code: SpanStatusCode.ERROR, message }),
        end: () => {
          span.end();
        },
      };
    },
    record(measurements) {
      for (const { metric, value, attributes } of measurements) instruments.get(metric)?.(value, attributes);
    },
    async flush() {
      await Promise.all([tracers.forceFlush(), meters.forceFlush()]);
    },
  };
}

type Attributes = Readonly<Record<string, string>> | undefined;
type Instrument = (value: number, attributes: Attributes) => void;

function createInstruments(meters: MeterProvider): ReadonlyMap<MetricName, Instrument> {
  const meter = meters.getMeter(scope);
  return new Map(
    Object.entries(metrics).map(([key, { kind, unit, description }]): [MetricName, Instrument] => {
      const name = `${metricPrefix}${key}`;
      if (kind === 'counter') {
        const counter = meter.createCounter(name, { unit, description });
        return [
          key as MetricName,
          (value, attributes) => {
            counter.add(value, attributes);
          },
        ];
      }
      const gauge = meter.createGauge(name, { unit, description });
      return [
        key as MetricName,
        (value, attributes) => {
          gauge.record(value, attributes);
        },
      ];
    }),
  );
}

/** Parses `00-<32 hex>-<16 hex>-<flags>` (https://www.w3.org/TR/trace-context). Returns undefined for anything else. */
export function parseTraceparent(text: string): SpanContext | undefined {
  const match = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(text);
  const [, traceId, spanId, flags] = match ?? [];
  if (!traceId || !spanId || !flags || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  // Set the sampled flag: runs are few, and every run that changed a firewall must be in the traces.
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) | 1, isRemote: true };
}

function formatTraceparent({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
}
