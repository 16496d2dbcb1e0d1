/** Stores in memory behind the ports, and releases of a small list, for tests of the query API. */
import { contentHash, toSnapshotId } from '../../../src/core/serviceTags/contentHash.ts';
import { parseContinuation, toContinuation } from '../../../src/adapters/blob/continuation.ts';
import { RequestError } from '../../../src/core/errors.ts';
import type { Plan } from '../../../src/core/plan/plan.ts';
import { sortPrefixes } from '../../../src/core/prefixes.ts';
import type { RunRecord } from '../../../src/core/ledger/runRecord.ts';
import { diffTags, type SnapshotDiff } from '../../../src/core/serviceTags/serviceTagDiff.ts';
import { appendSnapshot, startHistory } from '../../../src/core/history/appendRelease.ts';
import { builtInHistory } from '../../../src/core/history/builtInHistory.ts';
import type { Cloud, ServiceTag, ServiceTagsDocument } from '../../../src/core/serviceTags/serviceTags.ts';
import type { PullStatus } from '../../../src/core/ledger/pullStatus.ts';
import type { Snapshot, SnapshotPointer, TagQuarantine } from '../../../src/core/serviceTags/snapshot.ts';
import type { NsgRuleTarget, Target } from '../../../src/core/targets/target.ts';
import { emptyState, type LastResult, type TargetState } from '../../../src/core/targets/targetState.ts';
import type { HistoryDecisions, HistoryStore } from '../../../src/app/ports.ts';
import { buildQueries } from '../../../src/app/queries.ts';
import type { QueryServices } from '../../../src/app/queries/queryServices.ts';
import type { ApiApp } from '../../../src/app/api/route.ts';
import type { TargetActions } from '../../../src/app/targetActions.ts';
import * as fixtures from '../../core/plan/planFixtures.ts';

export type Tags = Readonly<Record<string, readonly string[]>>;

export function makeDocument(tags: Tags, changeNumber = 1): ServiceTagsDocument {
  const values = Object.entries(tags)
    .map(([name, prefixes]): ServiceTag => {
      const [service = '', ...suffix] = name.split('.');
      const isPart = suffix[0] === 'Backend';
      return {
        name,
        region: isPart ? '' : codeOf(suffix.join('.').toLowerCase()),
        systemService: service,
        changeNumber,
        addressPrefixes: sortPrefixes(prefixes),
      };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  return { cloud: 'Public', changeNumber, values };
}

/** As Microsoft has it: for a dozen regions the code is not the location. */
function codeOf(suffix: string): string {
  return suffix === 'norwayeast' ? 'norwaye' : suffix;
}

export function makeSnapshot(document: ServiceTagsDocument, date: string, previous?: string): Snapshot {
  const hash = contentHash(document);
  return {
    id: toSnapshotId('Public', date, document.changeNumber, hash),
    cloud: 'Public',
    date,
    changeNumber: document.changeNumber,
    contentHash: hash,
    pulledAt: `${date}T06:30:00.000Z`,
    tagCount: document.values.length,
    prefixCount: document.values.reduce((sum, tag) => sum + tag.addressPrefixes.length, 0),
    ...(previous !== undefined && { previous }),
    quarantine: [],
    sources: [],
    disagreements: [],
    warnings: [],
    document,
  };
}

export class MemorySnapshots {
  readonly all: Snapshot[] = [];
  readonly calls: string[] = [];
  isDown = false;
  refusal: Error | undefined;
  pullStatus: PullStatus | undefined;
  #pointer: { readonly pointer: SnapshotPointer; readonly etag: string } | undefined;

  publish(tags: Tags, date: string, quarantine: readonly TagQuarantine[] = []): Snapshot {
    const document = makeDocument(tags, this.all.length + 1);
    const snapshot = { ...makeSnapshot(document, date, this.all.at(-1)?.id), quarantine };
    this.all.push(snapshot);
    this.#pointer = { pointer: toPointer(snapshot), etag: `"${this.all.length}"` };
    return snapshot;
  }

  readPointer(
    _cloud: string,
    unlessEtag?: string,
  ): Promise<'notModified' | { pointer: SnapshotPointer; etag: string } | undefined> {
    return this.#answer('readPointer', () =>
      this.#pointer?.etag === unlessEtag && unlessEtag !== undefined ? 'notModified' : this.#pointer,
    );
  }

  get(_cloud: string, id: string): Promise<Snapshot | undefined> {
    return this.#answer(`get ${id}`, () => this.all.find((snapshot) => snapshot.id === id));
  }

  list(): Promise<readonly Snapshot[]> {
    return this.#answer('list', () => this.all.toReversed());
  }

  readPullStatus(): Promise<PullStatus | undefined> {
    return this.#answer('readPullStatus', () => this.pullStatus);
  }

  async #answer<T>(call: string, make: () => T): Promise<T> {
    this.calls.push(call);
    await Promise.resolve();
    if (this.refusal) throw this.refusal;
    if (this.isDown) throw new Error('connect ECONNREFUSED 52.146.2.1:443 (AccountKey=secret)');
    return make();
  }
}

function toPointer(snapshot: Snapshot): SnapshotPointer {
  const { id, cloud, contentHash: hash, date, changeNumber, pulledAt } = snapshot;
  return { cloud, snapshot: id, contentHash: hash, date, changeNumber, since: pulledAt };
}

/** The history that pulls would have recorded of the snapshots. */
export class MemoryHistories implements HistoryStore {
  decisions: HistoryDecisions | undefined;
  readonly #snapshots: MemorySnapshots;

  constructor(snapshots: MemorySnapshots) {
    this.#snapshots = snapshots;
  }
  async read(cloud: Cloud, unlessEtag?: string): ReturnType<HistoryStore['read']> {
    await Promise.resolve();
    if (this.#snapshots.isDown) throw new Error('connect ECONNREFUSED 52.146.2.1:443');
    const etag = `"${this.#snapshots.all.length}"`;
    if (etag === unlessEtag) return 'notModified';
    const start = startHistory(await builtInHistory(cloud), []);
    return { document: this.#snapshots.all.reduce(appendSnapshot, start), etag };
  }
  readEtag(): Promise<undefined> {
    return Promise.resolve(undefined);
  }
  replace(): Promise<'replaced'> {
    return Promise.resolve('replaced');
  }
  putUnchanged(): Promise<void> {
    return Promise.resolve();
  }
  listUnchanged(): Promise<[]> {
    return Promise.resolve([]);
  }
  readDecisions(): Promise<{ decisions: HistoryDecisions; etag: string } | undefined> {
    return Promise.resolve(this.decisions && { decisions: this.decisions, etag: '"1"' });
  }
  replaceDecisions(decisions: HistoryDecisions): Promise<'replaced'> {
    this.decisions = decisions;
    return Promise.resolve('replaced');
  }
}

export const nsgTarget: NsgRuleTarget = fixtures.nsgTarget({
  name: 'webhook-receiver',
  resourceId: '/subscriptions/0/resourceGroups/rg/providers/Microsoft.Network/networkSecurityGroups/nsg-hooks',
  rule: { ...fixtures.nsgTarget().rule, name: 'AllowAcrWebhooks' },
});

const acrItem = { tag: 'AzureContainerRegistry', region: null, addresses: 256, why: null };
const goneItem = { ...acrItem, tag: null, firstListed: null, deadline: null, since: '2026-07-13T06:00:00.000Z' };

export const plan: Plan = {
  version: 1,
  id: 'ab'.repeat(32),
  target: 'webhook-receiver',
  snapshot: 'Public-20260720-3-0123456789ab',
  items: [
    {
      ...acrItem,
      prefix: '20.42.66.0/24',
      fate: 'add',
      since: null,
      firstListed: '2026-07-20',
      deadline: '2026-07-27T00:00:00.000Z',
      until: null,
    },
    {
      ...goneItem,
      prefix: '52.146.2.0/24',
      fate: 'kept',
      why: { code: 'removalGrace', message: 'It has not been listed since 13 Jul 2026.' },
      until: '2026-07-27T06:00:00.000Z',
    },
    {
      ...goneItem,
      prefix: '52.151.100.0/24',
      fate: 'needsApproval',
      change: 'remove',
      why: { code: 'removalLimit', message: 'One removal of two is more than 2 percent.' },
      until: null,
    },
  ],
  add: ['20.42.66.0/24'],
  remove: [],
  retain: ['52.146.2.0/24'],
  foreign: [],
  held: { add: [], remove: ['52.151.100.0/24'] },
  ruleDrift: [],
  verdict: 'held',
  reasons: [{ code: 'removalLimit', message: 'One removal of two is more than 2 percent.' }],
};

export function makeRun(startedAt: string, rest: Partial<RunRecord> = {}): RunRecord {
  const stamp = new Date(startedAt).toISOString().replaceAll(/[-:.]/g, '');
  return {
    id: `${stamp}-webhook-receiver-0123abcd`,
    chain: 'webhook-receiver',
    startedAt,
    finishedAt: startedAt,
    durationInMs: 10,
    trigger: { reason: 'selectionChanged' },
    outcome: 'applied',
    reasons: [],
    ...rest,
  };
}

export class MemoryLedger {
  readonly records: RunRecord[] = [];

  get(id: string): Promise<RunRecord | undefined> {
    return Promise.resolve(this.records.find((record) => record.id === id));
  }

  list(query: {
    chain?: string;
    until?: string;
    limit: number;
    continuation?: string;
  }): Promise<{ items: RunRecord[]; continuation?: string }> {
    const from = query.continuation;
    const start = from === undefined ? 0 : Number(parseContinuation('runs', from, (after) => /^\d+$/.test(after)));
    const found = this.records
      .filter((record) => query.chain === undefined || record.chain === query.chain)
      .filter((record) => query.until === undefined || record.startedAt <= query.until)
      .sort((a, b) => (a.id < b.id ? 1 : -1));
    const end = start + query.limit;
    return Promise.resolve({
      items: found.slice(start, end),
      ...(end < found.length && { continuation: toContinuation('runs', String(end)) }),
    });
  }
}

export class FakeActions implements TargetActions {
  readonly calls: unknown[][] = [];
  approval: Error | undefined;

  planTarget(name: string): Promise<Plan> {
    this.calls.push(['plan', name]);
    if (name !== plan.target)
      return Promise.reject(new RequestError(404, 'unknown-target', `no target is named "${name}"`));
    return Promise.resolve(plan);
  }
  approvePlan(name: string, planId: string, by: string): Promise<{ target: string; message: string }> {
    if (this.approval) return Promise.reject(this.approval);
    return this.#done(['approve', name, planId, by], name);
  }
  rollbackTarget(name: string, snapshot: string, by: string): Promise<{ target: string; message: string }> {
    return this.#done(['rollback', name, snapshot, by], name);
  }
  resumeTarget(name: string, by: string): Promise<{ target: string; message: string }> {
    return this.#done(['resume', name, by], name);
  }
  pauseTarget(name: string, by: string): Promise<{ target: string; message: string }> {
    return this.#done(['pause', name, by], name);
  }
  pullNow(by: string): ReturnType<TargetActions['pullNow']> {
    this.calls.push(['pull', by]);
    return Promise.resolve({ outcome: 'unchanged', message: 'Nothing new.' });
  }
  rejectRelease(id: string, reason: string, by: string): ReturnType<TargetActions['rejectRelease']> {
    return this.#decided(['reject', id, reason, by]);
  }
  takeBackRejection(id: string, by: string): ReturnType<TargetActions['takeBackRejection']> {
    return this.#decided(['takeBack', id, by]);
  }
  retireTag(tag: string, by: string): ReturnType<TargetActions['retireTag']> {
    return this.#decided(['retire', tag, by]);
  }
  #decided(call: unknown[]): ReturnType<TargetActions['retireTag']> {
    this.calls.push(call);
    return Promise.resolve({ message: 'Done.', runId: '20260720T120000000Z-pull-00000001', snapshot: 'x' });
  }
  #done(call: unknown[], target: string): Promise<{ target: string; message: string }> {
    this.calls.push(call);
    return Promise.resolve({ target, message: 'Done.' });
  }
}

export class FakeClock {
  time: number;
  constructor(iso: string) {
    this.time = Date.parse(iso);
  }
  now(): Date {
    return new Date(this.time);
  }
  sleep(): Promise<void> {
    return Promise.resolve();
  }
  pass(seconds: number): void {
    this.time += seconds * 1000;
  }
}

export interface World {
  readonly app: ApiApp;
  readonly snapshots: MemorySnapshots;
  readonly changes: Map<string, SnapshotDiff>;
  readonly states: Map<string, TargetState>;
  readonly ledger: MemoryLedger;
  readonly actions: FakeActions;
  readonly clock: FakeClock;
  targets: readonly Target[];
  readonly warnings: unknown[];
}

/** Three releases: one prefix added, then another added and one removed, with a tag that leaves. */
export const releases: readonly (readonly [Tags, string])[] = [
  [
    {
      AzureContainerRegistry: ['20.42.66.0/24', '52.151.100.0/24', '2603:1030:20e:3::480/122'],
      'AzureContainerRegistry.WestEurope': ['52.151.100.0/24'],
      'AzureContainerRegistry.EastUS': ['20.42.66.0/24'],
      'AzureFrontDoor.Backend': ['52.203.113.0/25', '52.203.113.128/25'],
      'AzureCloud.westeurope': ['52.151.100.0/22'],
      Retired: ['52.146.2.0/24'],
    },
    '2026-07-06',
  ],
  [
    {
      AzureContainerRegistry: ['20.42.66.0/23', '52.151.100.0/24', '2603:1030:20e:3::480/122'],
      'AzureContainerRegistry.WestEurope': ['52.151.100.0/24'],
      'AzureContainerRegistry.EastUS': ['20.42.66.0/24', '20.42.67.0/24'],
      'AzureFrontDoor.Backend': ['52.203.113.0/25', '52.203.113.128/25'],
      'AzureCloud.westeurope': ['52.151.100.0/22'],
      Retired: ['52.146.2.0/24'],
    },
    '2026-07-13',
  ],
  [
    {
      AzureContainerRegistry: ['20.42.66.0/23', '2603:1030:20e:3::480/122', '2603:1030:40c:3::/122'],
      'AzureContainerRegistry.WestEurope': ['2603:1030:40c:3::/122'],
      'AzureContainerRegistry.EastUS': ['20.42.66.0/24', '20.42.67.0/24'],
      'AzureFrontDoor.Backend': ['52.203.113.0/25', '52.203.113.128/25'],
      'AzureCloud.westeurope': ['52.151.100.0/22'],
    },
    '2026-07-20',
  ],
];

export function makeWorld(published = releases): World {
  const snapshots = new MemorySnapshots();
  const changes = new Map<string, SnapshotDiff>();
  for (const [tags, date] of published) {
    const before = snapshots.all.at(-1);
    const after = snapshots.publish(tags, date);
    changes.set(after.id, diffTags(before?.document, after.document));
  }
  const states = new Map<string, TargetState>();
  const ledger = new MemoryLedger();
  const actions = new FakeActions();
  const clock = new FakeClock('2026-07-21T12:00:00Z');
  const warnings: unknown[] = [];
  const logger = {
    info: () => undefined,
    warn: (...line: unknown[]) => void warnings.push(line),
    error: (...line: unknown[]) => void warnings.push(line),
  };
  const world = {
    snapshots,
    changes,
    states,
    ledger,
    actions,
    clock,
    warnings,
    targets: [nsgTarget] as readonly Target[],
  };
  const services: QueryServices = {
    cloud: 'Public',
    clock,
    logger,
    snapshots,
    changes: { get: (_cloud, id) => Promise.resolve(changes.get(id)) },
    histories: new MemoryHistories(snapshots),
    states: {
      get: (name) => Promise.resolve(states.get(name)),
      listSummaries: () =>
        Promise.resolve(
          new Map(
            [...states].flatMap(
              ([
                name,
                {
                  run: { lastResult, seen },
                },
              ]) => {
                if (!lastResult) return [];
                const { status, since } = lastResult;
                const snapshot = seen?.snapshot ?? snapshots.all.at(-1)?.id ?? '';
                const missing = (seen?.missing ?? []).slice(0, 1);
                return [[name, { status, since, missing, snapshot, isApplied: true }] as const];
              },
            ),
          ),
        ),
    },
    ledger,
    targets: { read: () => Promise.resolve(world.targets) },
    updatesPaused: false,
    maxPullAgeInHours: 48,
  };
  return Object.assign(world, {
    app: { queries: buildQueries(services), loadActions: () => Promise.resolve(actions) },
  });
}

export const lastResult: LastResult = {
  runId: '20260720T070000000Z-webhook-receiver-0123abcd',
  at: '2026-07-20T07:00:00.000Z',
  outcome: 'applied',
  status: 'inSync',
  since: '2026-07-20T07:00:00.000Z',
  reasons: [],
  snapshot: 'Public-20260720-3-0123456789ab',
  planId: plan.id,
  counts: { add: 1, remove: 0, retain: 0, held: 0 },
};

export function makeState(rest: Partial<TargetState> = {}): TargetState {
  return {
    ...emptyState('webhook-receiver', 'site-a'),
    ownership: {
      prefixes: [{ prefix: '20.42.66.0/24', since: '2026-07-06T07:00:00.000Z' }],
      rules: ['AllowAcrWebhooks'],
    },
    run: { lastResult, outbox: [] },
    ...rest,
  };
}
