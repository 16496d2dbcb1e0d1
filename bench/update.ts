/**
 * `node bench/update.ts [--targets 100] [--rounds 3]`: measures one update of one target: calls to Azure Resource
 * Manager, requests to storage, and the processor time of an update that writes, compared with one that finds everything
 * in sync; and the requests of a pull to storage. The simulated Azure and storage run in other processes, so that their
 * processor time does not count.
 */
import { fork } from 'node:child_process';
import { subscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import type { ClientRequest } from 'node:http';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { startAzurite } from '../dev/azurite.ts';
import type { Simulator } from '../dev/simulator/simulator.ts';
import { startWorld, type World } from '../dev/world.ts';
import type { UpdateRecord } from '../src/core/ledger/runRecord.ts';
import type { NsgRuleTarget, RegistryTarget, Target } from '../src/core/targets/target.ts';
import { parseTargetsText } from '../src/core/targets/targetsFile.ts';

const goals = { nsgRule: { reads: 2, writes: 1 }, registryNetworkRules: { reads: 3, writes: 1 }, cpuInMs: 15 };
const { values } = parseArgs({
  options: { targets: { type: 'string', default: '100' }, rounds: { type: 'string', default: '3' } },
});
const [count, rounds] = [Number(values.targets), Number(values.rounds)];
const subscription = '00000000-0000-0000-0000-000000000001';
const group = `/subscriptions/${subscription}/resourceGroups/rg/providers`;

function makeTargets(): readonly Target[] {
  const limits = { maxAddedAddresses: 4_294_967_296, widestPrefix: { ipv4: 8, ipv6: 32 } };
  const nsgs = Array.from({ length: count }, (_, index) => ({
    name: `hooks-${index}`,
    kind: 'nsgRule',
    resourceId: `${group}/Microsoft.Network/networkSecurityGroups/nsg-${index}`,
    scenario: 'webhooks',
    regions: ['westeurope'],
    addressFamilies: ['ipv4'],
    rule: { name: 'AllowAcr', priority: 300 },
  }));
  const registries = Array.from({ length: count }, (_, index) => ({
    name: `prod-${index}`,
    kind: 'registryNetworkRules',
    resourceId: `${group}/Microsoft.ContainerRegistry/registries/prod${index}`,
    regions: ['westeurope'],
  }));
  const file = { defaults: { policy: 'sync', ...limits }, targets: [...nsgs, ...registries] };
  return parseTargetsText(JSON.stringify(file), 'bench').targets;
}

let requestCount = 0;
subscribe('http.client.request.start', (message) => {
  const { request } = message as { readonly request: ClientRequest };
  if (request.path.startsWith('/devstoreaccount1/')) requestCount += 1;
});

/** Returns how many requests to storage the work sends. */
async function counted(work: () => Promise<unknown>): Promise<number> {
  const before = requestCount;
  await work();
  return requestCount - before;
}

interface Timed {
  /** Processor time of this process per update. */
  readonly ms: number;
  /** Requests to storage per update. */
  readonly requests: number;
  readonly records: readonly UpdateRecord[];
}

async function timed(work: () => Promise<readonly UpdateRecord[]>): Promise<Timed> {
  const before = process.cpuUsage();
  let records: readonly UpdateRecord[] = [];
  const requests = await counted(async () => {
    records = await work();
  });
  const { user, system } = process.cpuUsage(before);
  return { ms: (user + system) / 1_000 / records.length, requests: requests / records.length, records };
}

let week = 0;
/** Publishes and pulls a list with one more prefix than before. The pull queues updates but does not run them. */
async function publish(world: World): Promise<void> {
  week += 1;
  const date = new Date(Date.UTC(2026, 5, 1) + week * 7 * 86_400_000);
  world.clock.advance(Math.max(0, date.getTime() - world.clock.now().getTime()) + 60_000);
  const prefixes = Array.from({ length: 10 + week }, (_, index) => `20.50.${2 * index}.0/24`);
  const tag = (name: string, region: string) => ({
    name,
    region,
    systemService: 'AzureContainerRegistry',
    changeNumber: week,
    addressPrefixes: prefixes,
  });
  const values = [tag('AzureContainerRegistry', ''), tag('AzureContainerRegistry.WestEurope', 'westeurope')];
  world.setSources({
    name: 'bench',
    fetch: () =>
      Promise.resolve({
        document: { cloud: 'Public', changeNumber: week, values },
        date: date.toISOString().slice(0, 10),
        origin: 'bench',
        warnings: [],
      } as never),
  });
  await world.pull();
}

const azurite = await startAzurite();
const simulator = fork(new URL('updateSimulator.ts', import.meta.url), [String(count), subscription]);
try {
  const [url] = (await once(simulator, 'message')) as [string];
  const targets = makeTargets();
  const world = await startWorld({
    connectionString: azurite.connectionString,
    start: new Date('2026-06-01T00:00:00Z'),
    targets: [],
    simulator: { url } as Simulator,
  });
  const kinds: readonly [Target['kind'], readonly Target[]][] = [
    ['nsgRule', targets.filter((target): target is NsgRuleTarget => target.kind === 'nsgRule')],
    [
      'registryNetworkRules',
      targets.filter((target): target is RegistryTarget => target.kind === 'registryNetworkRules'),
    ],
  ];
  world.setTargets(targets);
  await publish(world);
  await world.drain();
  const figures = new Map<string, { writing: number; inSync: number }>();
  for (let round = 0; round < rounds; round += 1) {
    for (const [kind, ofKind] of kinds) {
      world.setTargets(ofKind);
      const news = await counted(() => publish(world));
      const writing = await timed(() => world.drain());
      const inSync = await timed(() => world.reconcile());
      const idle = (await counted(() => world.reconcile())) / ofKind.length;
      const quiet = await counted(() => world.pull());
      const [record] = writing.records;
      const calls = record?.arm;
      const polls = 1;
      const isRight = calls?.writes === goals[kind].writes && calls.reads - polls <= goals[kind].reads;
      if (record?.outcome !== 'applied' || !isRight)
        throw new Error(
          `${kind}: ${record?.outcome ?? 'nothing'}, ${JSON.stringify({ calls, reasons: record?.reasons })}`,
        );
      figures.set(`${kind} ${round}`, { writing: writing.ms, inSync: inSync.ms });
      const ratio = (writing.ms / inSync.ms).toFixed(2);
      console.log(
        `${kind}: ${calls.reads - polls} reads + ${calls.writes} write (and ${polls} poll); ${writing.ms.toFixed(1)} ms of processor time, in sync ${inSync.ms.toFixed(1)} ms, ratio ${ratio}`,
      );
      console.log(
        `requests to storage: ${writing.requests.toFixed(1)}, in sync ${inSync.requests.toFixed(1)}, later ${idle.toFixed(1)}; a pull with news ${news}, without ${quiet}`,
      );
    }
  }
  const best = Math.min(...[...figures.values()].map(({ writing }) => writing));
  console.log(`${availableParallelism()} cores; best of ${figures.size}: ${best.toFixed(1)} ms, goal ${goals.cpuInMs}`);
  await world.stop();
} finally {
  simulator.kill();
  await azurite.stop();
}
