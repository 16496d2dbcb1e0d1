import { describe, expect, test } from '@jest/globals';
import { AggregationTemporality, InMemoryMetricExporter } from '@opentelemetry/sdk-metrics';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace-base';
import { startAzureMonitor } from '../../src/adapters/azureMonitor.ts';
import { createTelemetry, silentTelemetry } from '../../src/adapters/telemetry.ts';
import { parseTraceparent, startTelemetrySdk } from '../../src/adapters/telemetrySdk.ts';
import type { Telemetry } from '../../src/app/ports.ts';
import { calculateGoLive } from '../../src/core/goLive.ts';
import {
  measureGoLive,
  measureSources,
  measureUndelivered,
  measurePull,
  measureTargets,
  measureUpdate,
  metricPrefix,
  metrics,
} from '../../src/core/metrics.ts';
import type { RunRecord } from '../../src/core/ledger/runRecord.ts';
import { collectLogs } from '../support/collectLogs.ts';
import { plainHttpClient, startIngestion } from '../support/ingestion.ts';

function startInMemory() {
  const spans = new InMemorySpanExporter();
  const points = new InMemoryMetricExporter(AggregationTemporality.DELTA);
  const { logger, lines } = collectLogs();
  const telemetry = createTelemetry({
    start: () => Promise.resolve(startTelemetrySdk({ spans, metrics: points }, 'func-test')),
    logger,
  });
  return { telemetry, spans, points, lines };
}

function pointsOf(points: InMemoryMetricExporter): [string, number, Record<string, unknown>][] {
  return points
    .getMetrics()
    .flatMap((batch) => batch.scopeMetrics)
    .flatMap((scope) => scope.metrics)
    .flatMap((metric) =>
      metric.dataPoints.map((point): [string, number, Record<string, unknown>] => [
        metric.descriptor.name,
        point.value as number,
        point.attributes,
      ]),
    );
}

const hostTrace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

const updateRecord: RunRecord = {
  id: '20250303T123000000Z-hooks-0011aabb',
  chain: 'hooks',
  startedAt: '2025-03-03T12:30:00.000Z',
  finishedAt: '2025-03-03T12:30:02.000Z',
  durationInMs: 2000,
  trigger: { reason: 'selectionChanged' },
  outcome: 'applied',
  reasons: [],
  plan: {
    version: 1,
    items: [],
    id: 'p1',
    target: 'hooks',
    snapshot: 's1',
    add: ['192.0.2.0/26', '198.51.100.0/24'],
    remove: [],
    retain: [],
    foreign: [],
    held: { add: [], remove: [] },
    ruleDrift: [],
    verdict: 'apply',
    reasons: [],
  },
  arm: {
    reads: 2,
    writes: 1,
    retries: [
      { call: 'putRule', code: 'RetryableErrorDueToAnotherOperation', waitedInMs: 10 },
      { call: 'putRule', code: 'RetryableErrorDueToAnotherOperation', waitedInMs: 20 },
    ],
  },
};

describe('one trace from pull to rule', () => {
  test('the update is a child of the pull, across the queue message', async () => {
    const { telemetry, spans } = startInMemory();

    const traceparent = await telemetry.span('pullServiceTags', { parent: hostTrace }, (span) =>
      Promise.resolve(span.traceparent),
    );
    await telemetry.span(
      'updateTarget',
      { parent: traceparent, attributes: { runId: updateRecord.id, targetId: 'hooks' } },
      (span) => {
        span.set({ outcome: 'applied' });
        return Promise.resolve();
      },
    );
    await telemetry.flush();

    const [pull, update] = spans.getFinishedSpans();
    expect(pull?.spanContext().traceId).toBe('0af7651916cd43dd8448eb211c80319c');
    expect(pull?.parentSpanContext?.spanId).toBe('b7ad6b7169203331');
    expect(update?.spanContext().traceId).toBe(pull?.spanContext().traceId);
    expect(update?.parentSpanContext?.spanId).toBe(pull?.spanContext().spanId);
    expect(update?.attributes).toEqual({ runId: updateRecord.id, targetId: 'hooks', outcome: 'applied' });
    expect(traceparent).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01$/);
  });

  test('work that fails marks its span and throws on', async () => {
    const { telemetry, spans } = startInMemory();

    const run = telemetry.span('updateTarget', {}, () => Promise.reject(new Error('403 AuthorizationFailed')));

    await expect(run).rejects.toThrow('403 AuthorizationFailed');
    await telemetry.flush();
    expect(spans.getFinishedSpans()[0]?.status).toEqual({ code: 2, message: '403 AuthorizationFailed' });
  });

  test.each(['', 'nonsense', '00-00000000000000000000000000000000-b7ad6b7169203331-01', '01-a-b-c'])(
    'a parent that is none (%j) starts a trace of its own',
    async (parent) => {
      const { telemetry } = startInMemory();

      const traceparent = await telemetry.span('pull', { parent }, (span) => Promise.resolve(span.traceparent));

      expect(parseTraceparent(parent)).toBeUndefined();
      expect(parseTraceparent(traceparent ?? '')).toBeDefined();
    },
  );

  test('without a place to send to, the trace of the host is handed on', async () => {
    const telemetry = createTelemetry({ start: undefined, logger: collectLogs().logger });

    const traceparent = await telemetry.span('pull', { parent: hostTrace }, (span) =>
      Promise.resolve(span.traceparent),
    );

    expect(telemetry).toBe(silentTelemetry);
    expect(traceparent).toBe(hostTrace);
  });
});

describe('metrics', () => {
  test('every figure of a run arrives under its name', async () => {
    const { telemetry, points } = startInMemory();
    const now = new Date('2025-03-06T12:00:00Z');
    const clock = calculateGoLive(
      [{ target: 'hooks', missing: [{ prefix: '192.0.2.0/26', published: '2025-03-03' }] }],
      now,
    );

    const { arm, plan, ...quiet } = updateRecord;

    telemetry.record([
      ...measurePull('changed', '2025-03-03', now),
      ...measureUpdate({ ...updateRecord, plan: { ...updateRecord.plan!, remove: ['203.0.113.0/24'] } }),
      ...measureTargets(['inSync', 'inSync', 'held']),
      ...measureGoLive(clock),
      ...measureSources([{ source: 'download', status: 'healthy' }]),
      ...measureUndelivered('example.com'),
      ...measureUpdate({ ...quiet, chain: 'prod-registry', capacity: { used: 60, limit: 100, weeksUntilFull: 12 } }),
    ]);
    await telemetry.flush();

    const received = pointsOf(points);
    expect(received).toEqual(
      expect.arrayContaining([
        ['acr_address_keeper.pulls', 1, { outcome: 'changed' }],
        ['acr_address_keeper.snapshot.age_hours', 84, {}],
        ['acr_address_keeper.deadline.days_left', 3.5, {}],
        ['acr_address_keeper.prefixes.added', 2, { target: 'hooks' }],
        ['acr_address_keeper.prefixes.removed', 1, { target: 'hooks' }],
        ['acr_address_keeper.targets', 2, { status: 'inSync' }],
        ['acr_address_keeper.targets', 1, { status: 'held' }],
        ['acr_address_keeper.targets', 0, { status: 'failed' }],
        ['acr_address_keeper.arm.calls', 2, { kind: 'read' }],
        ['acr_address_keeper.arm.calls', 1, { kind: 'write' }],
        ['acr_address_keeper.arm.retries', 2, { code: 'RetryableErrorDueToAnotherOperation' }],
        ['acr_address_keeper.source.healthy', 1, { source: 'download' }],
        ['acr_address_keeper.notifications.failed', 1, { host: 'example.com' }],
        ['acr_address_keeper.quota.used', 0.6, { target: 'prod-registry' }],
        ['acr_address_keeper.quota.weeks_until_full', 12, { target: 'prod-registry' }],
      ]),
    );
    const names = Object.keys(metrics).map((name) => `${metricPrefix}${name}`);
    expect([...new Set(received.map(([name]) => name))].sort()).toEqual(names.sort());
  });

  test('a target that does not grow has a share of its room, and no week in which it is full', () => {
    const measured = measureUpdate({ ...updateRecord, capacity: { used: 60, limit: 100, weeksUntilFull: null } });

    expect(measured.filter(({ metric }) => metric.startsWith('quota'))).toEqual([
      { metric: 'quota.used', value: 0.6, attributes: { target: 'hooks' } },
    ]);
  });

  test('a run that wrote nothing counts no prefix', () => {
    const measured = measureUpdate({ ...updateRecord, outcome: 'held' });

    expect(measured.filter(({ metric }) => metric.startsWith('prefixes'))).toEqual([]);
  });

  test('a pull before the first snapshot has no age', () => {
    expect(measurePull('failed', undefined, new Date())).toEqual([
      { metric: 'pulls', value: 1, attributes: { outcome: 'failed' } },
    ]);
  });
});

describe('telemetry never stands in the way', () => {
  test('an SDK that cannot start is reported once, without the secret, and work goes on', async () => {
    const { logger, lines } = collectLogs();
    const telemetry = createTelemetry({
      start: () => Promise.reject(new Error('InstrumentationKey=0c8f1f9e-1111-4000-8000-000000000000 is refused')),
      logger,
    });

    const results = [await spanOf(telemetry), await spanOf(telemetry)];
    await telemetry.flush();

    expect(results).toEqual([7, 7]);
    expect(lines).toEqual([expect.stringContaining('InstrumentationKey=***')]);
  });

  test('an exporter that hangs is given up after the time it has', async () => {
    const { logger, lines } = collectLogs();
    const hanging = startTelemetrySdk(
      { spans: new InMemorySpanExporter(), metrics: new InMemoryMetricExporter(AggregationTemporality.DELTA) },
      'func-test',
    );
    const telemetry = createTelemetry({
      start: () => Promise.resolve({ ...hanging, flush: () => new Promise<void>(() => undefined) }),
      logger,
      flushTimeoutInMs: 20,
    });

    await telemetry.flush();

    expect(lines).toEqual([expect.stringContaining('no answer within 20 ms')]);
  });
});

describe('nothing secret is sent', () => {
  test('attributes and errors of spans are redacted', async () => {
    const { telemetry, spans, points, lines } = startInMemory();
    const key = `${'Ab3/'.repeat(21)}xY==`;

    await telemetry
      .span('pull', { attributes: { origin: 'https://st.example/f.json?sig=Zm9vYmFy' } }, (span) => {
        span.set({ storage: `AccountName=st;AccountKey=${key}` });
        throw new Error(`authorization: Bearer eyJhbGciOi.eyJhdWQi.c2ln for ${key}`);
      })
      .catch(() => undefined);
    await telemetry.flush();

    const emitted = JSON.stringify([
      spans.getFinishedSpans().map((span) => [span.name, span.attributes, span.status, span.events]),
      pointsOf(points),
      lines,
    ]);
    expect(emitted).toContain('***');
    expect(emitted).not.toMatch(/Zm9vYmFy|Ab3\/|eyJhbGci/);
  });
});

describe('Azure Monitor', () => {
  test('spans and metrics reach the ingestion endpoint of the connection string', async () => {
    const ingestion = await startIngestion();
    process.env.APPLICATION_INSIGHTS_NO_STATSBEAT = 'true';
    const telemetry = createTelemetry({
      start: () =>
        startAzureMonitor({
          connectionString: ingestion.connectionString,
          role: 'func-test',
          client: plainHttpClient(),
        }),
      logger: collectLogs().logger,
    });

    try {
      await telemetry.span('updateTarget', { parent: hostTrace, attributes: { targetId: 'hooks' } }, () =>
        Promise.resolve(),
      );
      telemetry.record(measureTargets(['inSync']));
      await telemetry.flush();
    } finally {
      await ingestion.stop();
    }

    const text = ingestion.received.join('\n');
    expect(text).toContain('"name":"updateTarget"');
    expect(text).toContain('0af7651916cd43dd8448eb211c80319c');
    expect(text).toContain('acr_address_keeper.targets');
    expect(text).toContain('func-test');
  });
});

function spanOf(telemetry: Telemetry): Promise<number> {
  return telemetry.span('pull', {}, () => Promise.resolve(7));
}
