/** Each alert asks for what is there: tables, columns, figures and their properties, as the exporter sends them. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { startAzureMonitor } from '../../src/adapters/azureMonitor.ts';
import {
  measureGoLive,
  measurePull,
  measureSources,
  measureTargets,
  measureUpdate,
  metricPrefix,
  metrics,
  type Measurement,
} from '../../src/core/metrics.ts';
import type { RunRecord } from '../../src/core/ledger/runRecord.ts';
import { routes } from '../../src/app/api/routes.ts';
import { plainHttpClient, startIngestion } from '../support/ingestion.ts';

const root = path.resolve(import.meta.dirname, '../..');

interface Alert {
  readonly name: string;
  readonly table: string;
  readonly columns: readonly string[];
  readonly figure: string | undefined;
  readonly properties: readonly string[];
}

const alerts = readAlerts(readFileSync(path.join(root, 'infra/modules/alerts.bicep'), 'utf8'));

function readAlerts(text: string): Alert[] {
  return [...text.matchAll(/^ {4}name: '([a-z-]+)'$.*?^ {4}query: '([^\n]+)'$/gms)].map(
    ([, name = '', source = '']) => {
      const query = source.replaceAll('${metric}', metricPrefix.replace(/\.$/, ''));
      const code = query.replaceAll(/"[^"]*"/g, '');
      const named = [...code.matchAll(/\b([A-Z]\w*) =(?!=)/g)].map((match) => match[1]);
      const [table = '', ...words] = code.match(/(?<![\w.])[A-Z]\w*/g) ?? [];
      return {
        name,
        table,
        columns: [...new Set(words)].filter((word) => !named.includes(word)),
        figure: /Name == "acr_address_keeper\.([\w.]+)"/.exec(query)?.[1],
        properties: [...code.matchAll(/Properties\.(\w+)/g)].map((match) => match[1] ?? ''),
      };
    },
  );
}

const record: RunRecord = {
  id: '20250303T123000000Z-hooks-0011aabb',
  chain: 'hooks',
  startedAt: '2025-03-03T12:30:00.000Z',
  finishedAt: '2025-03-03T12:30:02.000Z',
  durationInMs: 2000,
  trigger: { reason: 'reconcile' },
  outcome: 'unchanged',
  reasons: [],
  capacity: { used: 60, limit: 100, weeksUntilFull: 6 },
};

const measured: readonly Measurement[] = [
  ...measureSources([{ source: 'download', status: 'stale' }]),
  { metric: 'notifications.failed', value: 1, attributes: { host: 'hooks.example.org' } },
  ...measurePull('changed', '2025-03-03', new Date('2025-03-06T12:00:00Z')),
  ...measureUpdate(record),
  ...measureTargets(['failed', 'held']),
  ...measureGoLive({ status: 'near', daysLeft: 2, prefixes: [] }),
];

/** A row of AppMetrics: https://learn.microsoft.com/azure/azure-monitor/reference/tables/appmetrics. */
type Row = Readonly<Record<string, unknown>> & { readonly Properties: Readonly<Record<string, string>> };

interface Envelope {
  readonly time: string;
  readonly data: {
    readonly baseData: {
      readonly metrics?: readonly { name: string; value: number; count?: number; min?: number; max?: number }[];
      readonly properties: Readonly<Record<string, string>>;
    };
  };
}

function toRows({ time, data }: Envelope): [string, Row][] {
  return (data.baseData.metrics ?? []).map(({ name, value, count, min, max }) => [
    name,
    {
      TimeGenerated: time,
      Name: name,
      Sum: value,
      ...(count === undefined ? {} : { ItemCount: count }),
      ...(min === undefined ? {} : { Min: min }),
      ...(max === undefined ? {} : { Max: max }),
      Properties: data.baseData.properties,
    },
  ]);
}

async function send(measurements: readonly Measurement[]): Promise<Map<string, Row>> {
  const ingestion = await startIngestion();
  process.env.APPLICATION_INSIGHTS_NO_STATSBEAT = 'true';
  const sdk = await startAzureMonitor({
    connectionString: ingestion.connectionString,
    role: 'func-test',
    client: plainHttpClient(),
  });
  try {
    sdk.record(measurements);
    await sdk.flush();
  } finally {
    await ingestion.stop();
  }
  return new Map(ingestion.received.flatMap((body) => (JSON.parse(body) as Envelope[]).flatMap(toRows)));
}

describe('the queries of infra/modules/alerts.bicep', () => {
  let rows: Map<string, Row>;

  beforeAll(async () => {
    rows = await send(measured);
  });

  test('are all looked at', () => {
    expect(alerts.map(({ name }) => name)).toEqual([
      'pull-late',
      'reconcile-late',
      'list-old',
      'source-failing',
      'deadline-near',
      'poison-message',
      'targets-failed',
      'no-effect',
      'targets-held',
      'deliveries-failed',
      'server-errors',
      'quota-near',
      'not-reachable',
    ]);
  });

  test.each(alerts.filter(({ table }) => table === 'AppMetrics'))(
    '$name asks for columns and properties that its figure has',
    ({ columns, figure = '', properties }) => {
      const row = rows.get(`${metricPrefix}${figure}`);

      expect(Object.keys(metrics)).toContain(figure);
      expect(Object.keys(row ?? {})).toEqual(expect.arrayContaining([...columns]));
      expect(Object.keys(row?.Properties ?? {})).toEqual(expect.arrayContaining([...properties]));
      expect(columns).toContain('Sum');
    },
  );

  // Requests are reported by the host: https://learn.microsoft.com/azure/azure-monitor/reference/tables/apprequests.
  // Availability tests by Azure: https://learn.microsoft.com/azure/azure-monitor/reference/tables/appavailabilityresults.
  const tables: Readonly<Record<string, readonly string[]>> = {
    AppRequests: ['Name', 'ResultCode', 'TimeGenerated'],
    AppAvailabilityResults: ['Success', 'TimeGenerated'],
  };

  test.each(alerts.filter(({ table }) => table !== 'AppMetrics'))('$name asks for columns of $table', (alert) => {
    expect(tables[alert.table]).toEqual(expect.arrayContaining([...alert.columns]));
  });

  test('server-errors leaves out functions that exist', () => {
    const bicep = readFileSync(path.join(root, 'infra/modules/alerts.bicep'), 'utf8');
    const query = /name: 'server-errors'.*?query: '([^\n]+)'/s.exec(bicep)?.[1] ?? '';
    const named = [...query.matchAll(/"(\w+)"/g)].map((match) => match[1]);

    expect(named).toEqual(['getHealth', 'getFeed', 'getPrefixes']);
    expect(Object.keys(routes)).toEqual(expect.arrayContaining(named));
  });

  test('poison-message asks for a function that exists', () => {
    const bicep = readFileSync(path.join(root, 'infra/modules/alerts.bicep'), 'utf8');
    const asked = /AppRequests \| where Name == "(\w+)"/.exec(bicep)?.[1] ?? '';

    expect(readFileSync(path.join(root, 'src/functions/reportFailedUpdate.ts'), 'utf8')).toContain(`'${asked}'`);
  });
});
