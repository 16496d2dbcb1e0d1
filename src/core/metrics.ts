/** The metrics that the app reports, by name; docs/operations.md says what each is for. */
import type { CapacityUse } from './plan/capacityUse.ts';
import type { GoLiveClock } from './goLive.ts';
import type { UpdateRecord } from './ledger/runRecord.ts';
import type { SourceReport } from './serviceTags/snapshot.ts';
import { hourInMs } from './time.ts';
import { targetStatuses, type TargetStatus } from './targets/targetState.ts';

/** Counters are added up; gauges keep their last value. */
export const metrics = {
  pulls: { kind: 'counter', unit: '{pull}', description: 'Pulls of service tags, by outcome' },
  'snapshot.age_hours': { kind: 'gauge', unit: 'h', description: 'Hours since the current snapshot was published' },
  'source.healthy': {
    kind: 'gauge',
    unit: '1',
    description: '1 where a source gave a list that counts in the last pull, 0 where it failed or stood still',
  },
  'notifications.failed': {
    kind: 'counter',
    unit: '{notification}',
    description: 'Notifications that a webhook refused or did not answer, by host',
  },
  'deadline.days_left': {
    kind: 'gauge',
    unit: 'd',
    description: 'Days until Azure may use a prefix that a target still lacks; 7 where none is lacking',
  },
  'prefixes.added': { kind: 'counter', unit: '{prefix}', description: 'Prefixes added to a target' },
  'prefixes.removed': { kind: 'counter', unit: '{prefix}', description: 'Prefixes removed from a target' },
  targets: { kind: 'gauge', unit: '{target}', description: 'Targets, by status' },
  'arm.calls': { kind: 'counter', unit: '{call}', description: 'Calls to Azure Resource Manager, by kind' },
  'arm.retries': { kind: 'counter', unit: '{call}', description: 'Calls that were throttled or locked out, by code' },
  'quota.used': { kind: 'gauge', unit: '1', description: 'Share of the room for prefixes that a target uses' },
  'quota.weeks_until_full': {
    kind: 'gauge',
    unit: '{week}',
    description: 'Weeks until a target is full at its present growth; absent where it does not grow',
  },
} as const satisfies Readonly<Record<string, { kind: 'counter' | 'gauge'; unit: string; description: string }>>;

export type MetricName = keyof typeof metrics;

export const metricPrefix = 'acr_address_keeper.';

export interface Measurement {
  readonly metric: MetricName;
  readonly value: number;
  readonly attributes?: Readonly<Record<string, string>>;
}

/** `snapshotDate`: day of the release of the snapshot that is current after the pull. */
export function measurePull(
  outcome: 'changed' | 'unchanged' | 'failed',
  snapshotDate: string | undefined,
  now: Date,
): Measurement[] {
  const pull = { metric: 'pulls', value: 1, attributes: { outcome } } as const;
  if (snapshotDate === undefined) return [pull];
  const value = (now.getTime() - Date.parse(snapshotDate)) / hourInMs;
  return [pull, { metric: 'snapshot.age_hours', value }];
}

/** One gauge per source, so that the alert about a source ends with its first good pull. */
export function measureSources(sources: readonly SourceReport[]): Measurement[] {
  return sources.map(({ source, status }) => ({
    metric: 'source.healthy',
    value: status === 'healthy' ? 1 : 0,
    attributes: { source },
  }));
}

/** One update of one target. Counts only what was written: a `pending` run has written its additions, but not its removals. */
export function measureUpdate(record: UpdateRecord): Measurement[] {
  const target = record.chain;
  const isApplied = record.outcome === 'applied';
  const hasAdded = isApplied || (record.outcome === 'pending' && record.after !== undefined);
  const retries = new Map<string, number>();
  for (const { code } of record.arm?.retries ?? []) retries.set(code, (retries.get(code) ?? 0) + 1);
  return [
    ...count('prefixes.added', hasAdded ? (record.plan?.add.length ?? 0) : 0, { target }),
    ...count('prefixes.removed', isApplied ? (record.plan?.remove.length ?? 0) : 0, { target }),
    ...count('arm.calls', record.arm?.reads ?? 0, { kind: 'read' }),
    ...count('arm.calls', record.arm?.writes ?? 0, { kind: 'write' }),
    ...[...retries].flatMap(([code, value]) => count('arm.retries', value, { code })),
    ...(record.capacity ? measureQuota(target, record.capacity) : []),
  ];
}

/** All targets at once: a status that no target has is reported as 0, so that its alert ends. */
export function measureTargets(current: Iterable<TargetStatus>): Measurement[] {
  const counts = new Map<TargetStatus, number>(targetStatuses.map((status) => [status, 0]));
  for (const status of current) counts.set(status, (counts.get(status) ?? 0) + 1);
  return [...counts].map(([status, value]) => ({ metric: 'targets', value, attributes: { status } }));
}

/** One notification that was not delivered. */
export function measureUndelivered(host: string): Measurement[] {
  return [{ metric: 'notifications.failed', value: 1, attributes: { host } }];
}

export function measureGoLive(clock: GoLiveClock): Measurement[] {
  return [{ metric: 'deadline.days_left', value: clock.daysLeft }];
}

function measureQuota(target: string, { used, limit, weeksUntilFull }: CapacityUse): Measurement[] {
  const share: Measurement = { metric: 'quota.used', value: limit > 0 ? used / limit : 1, attributes: { target } };
  if (weeksUntilFull === null) return [share];
  return [share, { metric: 'quota.weeks_until_full', value: weeksUntilFull, attributes: { target } }];
}

function count(metric: MetricName, value: number, attributes: Readonly<Record<string, string>>): Measurement[] {
  return value === 0 ? [] : [{ metric, value, attributes }];
}
