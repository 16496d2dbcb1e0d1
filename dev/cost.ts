/**
 * `npm run cost -- --targets 100`: estimates what the app writes in a year and what that costs. Measures the real code
 * with Azurite and a simulated Azure over one day without news and one release, and multiplies the result.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';
import { parseArgs } from 'node:util';
import { readWeeklyDocument } from '../bench/weeklyDocument.ts';
import type { ServiceTagsDocument } from '../src/core/serviceTags/serviceTags.ts';
import type { Target } from '../src/core/targets/target.ts';
import { parseTargetsFile } from '../src/core/targets/targetsFile.ts';
import { startAzurite } from './azurite.ts';
import { seedResources } from './seedResources.ts';
import { startWorld, type World } from './world.ts';

const hourInMs = 60 * 60 * 1000;
const measuredTargets = 4;

/** US dollars: list prices of West Europe with local redundancy, without the free monthly amounts. Yours may differ. */
export const prices = {
  storedGigabyteMonth: 0.02,
  tenThousandWrites: 0.054,
  tenThousandReads: 0.0043,
  tenThousandQueueCalls: 0.004,
  loggedGigabyte: 2.76,
  gigabyteSecond: 0.000026,
  millionInvocations: 0.4,
  /** One log alert that is evaluated every 15 minutes or less often. */
  alertMonth: 0.5,
};
const alerts = 12;
/** One trace, its metrics and one line of the host's log, in bytes as Azure bills them. */
const loggedBytesPerUpdate = 6_000;
/** One row of StorageBlobLogs. */
const loggedBytesPerWrite = 1_500;
/** Memory of an instance times the shortest time that is charged per update. Updates run in parallel. */
const gigabyteSecondsPerUpdate = 2 * 0.5;

interface Usage {
  readonly writes: number;
  readonly reads: number;
  /** Container → bytes of new blobs and new versions. */
  readonly bytes: Readonly<Record<string, number>>;
}

export interface Year {
  readonly targets: number;
  readonly updates: number;
  /** Bytes that a year adds; snapshots are never deleted. */
  readonly snapshotBytes: number;
  /** Bytes that a year adds; the ledger is kept for years. */
  readonly ledgerBytes: number;
  /** Bytes of old versions of states at any time: those of 30 days. */
  readonly stateBytes: number;
  readonly costs: Readonly<Record<string, number>>;
  readonly total: number;
}

/** `folder` has real weekly files. Undefined: uses a generated document of the same size. */
export async function estimateYear(targets: number, folder?: string): Promise<Year> {
  const azurite = await startAzurite();
  try {
    const world = await startWorld({
      connectionString: azurite.connectionString,
      start: new Date('2026-01-05T00:00:00Z'),
      targets: makeTargets(),
    });
    try {
      return await measureYear(world, targets, readWeeklyDocument(folder).document);
    } finally {
      await world.stop();
    }
  } finally {
    await azurite.stop();
  }
}

async function measureYear(world: World, targets: number, document: ServiceTagsDocument): Promise<Year> {
  seedResources(world.simulator, makeTargets());
  await publish(world, document, 1);
  const day = await counting(() => passQuietDay(world));
  world.clock.advance(6 * 24 * hourInMs);
  const release = await counting(() => publish(world, document, 2));
  return toYear(targets, day, release);
}

/** Four pulls without news, and one reconcile per hour. */
async function passQuietDay(world: World): Promise<void> {
  for (let hour = 0; hour < 24; hour += 1) {
    if (hour % 6 === 0) await world.pull();
    await world.reconcile();
    world.clock.advance(hourInMs);
  }
}

async function publish(world: World, { values, ...rest }: ServiceTagsDocument, week: number): Promise<void> {
  const acr = Array.from({ length: 1_100 + week }, (_, index) => `52.${index >> 8}.${index & 255}.0/29`);
  const ofRegion = acr.filter((_, index) => index % 60 === 0);
  const tag = (name: string, addressPrefixes: readonly string[]) => ({
    name,
    region: '',
    systemService: 'AzureContainerRegistry',
    changeNumber: week,
    addressPrefixes,
  });
  const own = [tag('AzureContainerRegistry', acr), tag('AzureContainerRegistry.WestEurope', ofRegion)];
  const others = values.filter(({ name }) => !name.startsWith('AzureContainerRegistry'));
  const document = { ...rest, changeNumber: week, values: [...own, ...others] };
  const date = world.clock.now().toISOString().slice(0, 10);
  const download = { source: 'download', date, origin: 'cost', document, warnings: [] };
  world.setSources({ name: 'download', fetch: () => Promise.resolve(download) });
  await world.pull();
  await world.drain();
}

/** Half of them have the whole tag in an NSG, the other half one region in a registry. */
function makeTargets(): readonly Target[] {
  const group = '/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/cost/providers';
  const targets = Array.from({ length: measuredTargets }, (_, index) =>
    index % 2 === 0
      ? {
          name: `nsg-${index}`,
          kind: 'nsgRule',
          resourceId: `${group}/Microsoft.Network/networkSecurityGroups/nsg-${index}`,
          scenario: 'webhooks',
          regions: 'all',
          rule: { name: 'AllowAcr', priority: 300, ipv6Priority: 301 },
          policy: 'sync',
        }
      : {
          name: `registry-${index}`,
          kind: 'registryNetworkRules',
          resourceId: `${group}/Microsoft.ContainerRegistry/registries/registry${index}`,
          scenario: 'tasks',
          regions: ['westeurope'],
          policy: 'sync',
        },
  );
  return parseTargetsFile({ targets }, 'cost').targets;
}

/** Counts the requests that this process sends to storage during `work`. */
async function counting(work: () => Promise<void>): Promise<Usage> {
  const usage = { writes: 0, reads: 0, bytes: {} as Record<string, number> };
  const count = (message: unknown): void => {
    const { request } = message as { readonly request: ClientRequest };
    const [, account, container = ''] = request.path.split(/[/?]/);
    if (account !== 'devstoreaccount1') return;
    if (request.method === 'GET' || request.method === 'HEAD') usage.reads += 1;
    else usage.writes += 1;
    if (request.method !== 'PUT' || request.path.includes('comp=')) return;
    usage.bytes[container] = (usage.bytes[container] ?? 0) + Number(request.getHeader('content-length') ?? 0);
  };
  subscribe('http.client.request.start', count);
  try {
    await work();
  } finally {
    unsubscribe('http.client.request.start', count);
  }
  return usage;
}

function toYear(targets: number, day: Usage, release: Usage): Year {
  const scale = targets / measuredTargets;
  const perYear = (of: (usage: Usage) => number): number => 365 * of(day) + 52 * of(release);
  const bytesOf = (container: string) => (usage: Usage) => usage.bytes[container] ?? 0;
  const updates = targets * (365 * 24 + 52);
  const writes = scale * perYear(({ writes: count }) => count);
  const reads = scale * perYear(({ reads: count }) => count);
  const snapshotBytes = perYear(bytesOf('service-tags'));
  const ledgerBytes = scale * perYear(bytesOf('ledger'));
  const stateBytes = (scale * perYear(bytesOf('targets')) * 30) / 365;
  const gigabytes = (snapshotBytes + ledgerBytes + stateBytes) / 1e9;
  // Each message is sent, received and deleted; each of the two queues is polled six times per minute when it is empty.
  const queueCalls = 3 * updates + 2 * 6 * 60 * 24 * 365;
  const loggedBytes = loggedBytesPerUpdate * updates + loggedBytesPerWrite * writes;
  const costs = {
    'storage: space': 12 * gigabytes * prices.storedGigabyteMonth,
    'storage: writes': (writes / 10_000) * prices.tenThousandWrites,
    'storage: reads': (reads / 10_000) * prices.tenThousandReads,
    'storage: queues': (queueCalls / 10_000) * prices.tenThousandQueueCalls,
    logs: (loggedBytes / 1e9) * prices.loggedGigabyte,
    functions: updates * gigabyteSecondsPerUpdate * prices.gigabyteSecond + (updates / 1e6) * prices.millionInvocations,
    alerts: 12 * alerts * prices.alertMonth,
  };
  const total = Object.values(costs).reduce((sum, cost) => sum + cost, 0);
  return { targets, updates, snapshotBytes, ledgerBytes, stateBytes, costs, total };
}

export function renderYear({ targets, updates, snapshotBytes, ledgerBytes, stateBytes, costs, total }: Year): string {
  const size = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
  const lines = [
    `${targets} targets, ${updates.toLocaleString('en-GB')} updates per year`,
    '',
    `snapshots, kept       ${size(snapshotBytes).padStart(12)}`,
    `ledger, kept          ${size(ledgerBytes).padStart(12)}`,
    `old states, 30 days   ${size(stateBytes).padStart(12)}`,
    '',
    ...Object.entries(costs).map(
      ([what, cost]) => `${what.padEnd(22)}${cost.toFixed(2).padStart(9)} US dollars per year`,
    ),
    `${'all'.padEnd(22)}${total.toFixed(2).padStart(9)} US dollars per year`,
  ];
  return `${lines.join('\n')}\n`;
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { targets: { type: 'string', default: '100' }, files: { type: 'string' }, help: { type: 'boolean' } },
  });
  const targets = Number(values.targets);
  if (values.help || !Number.isInteger(targets) || targets < 1) {
    console.log('npm run cost -- [--targets 100] [--files DIR of weekly files, to measure with the newest of them]');
    process.exitCode = values.help ? 0 : 2;
  } else {
    console.log(renderYear(await estimateYear(targets, values.files)));
  }
}
