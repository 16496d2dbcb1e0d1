/**
 * The built app in the local host, with many targets and the list as it stands at the end of the built-in history, dated
 * so many days before today: the host has the machine's clock.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seedResources } from '../../dev/seedResources.ts';
import { startServices, type LocalServices } from '../../dev/startServices.ts';
import { builtInHistory } from '../../src/core/history/builtInHistory.ts';
import { sortPrefixes } from '../../src/core/prefixes.ts';
import { parseTargetsFile } from '../../src/core/targets/targetsFile.ts';
import { dayInMs, toDay } from '../../src/core/time.ts';
import { builtApp } from '../support/builtApp.ts';

export interface Site {
  readonly services: LocalServices;
  readonly url: string;
  /** Publishes the list of the history's end, with prefixes of West Europe beside it or without a tag, as of some days ago. */
  publish(daysAgo: number, extra?: readonly string[], omittedTag?: string): Promise<void>;
  /** Pulls, and waits until what it asked for is done. */
  pull(): Promise<void>;
  /** Adds a target in Japan East that has room for so many rules, and waits for its first update. */
  addRegistry(name: string, maxRules: number): Promise<void>;
  ask(method: 'GET' | 'POST', path: string, body?: unknown): Promise<unknown>;
  stop(): Promise<void>;
}

/** The host key that the site asks for. */
export const key = 'key-of-the-caller';

export async function startSite(targetCount: number): Promise<Site> {
  const root = await builtApp();
  const folder = await mkdtemp(join(tmpdir(), 'site-'));
  const targetsFile = join(folder, 'targets.json');
  await writeFile(targetsFile, JSON.stringify(makeTargets(targetCount)));
  const options = { root, port: 0, once: true, source: undefined, targetsFile };
  const services = await startServices(options, () => undefined, { function: key, master: 'key-of-nobody' });
  const { url } = services.host;
  const ask: Site['ask'] = async (method, path, body) => {
    const headers = { 'x-functions-key': key, ...(body !== undefined && { 'content-type': 'application/json' }) };
    const response = await fetch(`${url}/api/${path}`, { method, headers, body: JSON.stringify(body) });
    return response.json();
  };
  let change = 1000;
  return {
    services,
    url,
    ask,
    publish: async (daysAgo, extra = [], omittedTag = '') => {
      const day = toDay(Date.now() - daysAgo * dayInMs);
      const name = `ServiceTags_Public_${day.replaceAll('-', '')}.json`;
      change += 1;
      await writeFile(join(services.inbox, name), JSON.stringify(await makeFile(change, extra, omittedTag)));
    },
    pull: async () => {
      await ask('POST', 'pull');
      await services.settle();
    },
    addRegistry: async (name, maxRules) => {
      const file = makeTargets(targetCount);
      const registry = { ...toRegistry(name, 'japaneast'), capacity: { maxRules } };
      const targets = [...file.targets, registry];
      await writeFile(targetsFile, JSON.stringify({ ...file, targets }));
      seedResources(services.simulator, parseTargetsFile({ targets: [registry] }, targetsFile).targets);
      await services.host.runNow('reconcileTargets');
      await services.settle();
    },
    stop: async () => {
      await services.stop();
      await rm(folder, { recursive: true });
    },
  };
}

const regions = [
  'westeurope',
  'northeurope',
  'eastus',
  'westus2',
  'swedencentral',
  'japaneast',
  'uksouth',
  'francecentral',
];
const subscription = '/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/firewalls/providers';

export function nsgId(name: string): string {
  return `${subscription}/Microsoft.Network/networkSecurityGroups/${name}`;
}

/** Every tenth is a registry, every seventh takes all regions; three are previews. */
function makeTargets(count: number) {
  const targets = Array.from({ length: count }, (_, index) => {
    const name = index === 0 ? 'webhook-receiver' : `firewall-${String(index).padStart(3, '0')}`;
    const region = regions[index % regions.length];
    const policy = index > 0 && index % 50 === 9 ? { policy: 'plan' } : {};
    if (index % 10 === 5) return { ...toRegistry(name, region), ...policy };
    return {
      name,
      kind: 'nsgRule',
      resourceId: nsgId(`nsg-${index}`),
      scenario: 'registryClients',
      regions: index % 7 === 3 ? 'all' : index === 0 ? ['westeurope', 'northeurope'] : [region],
      rule: { name: 'AllowAcr', priority: 300 },
      ...policy,
    };
  });
  return { defaults: { policy: 'sync', maxAddedAddresses: 100_000, maxAddedPrefixes: 4000 }, targets };
}

function toRegistry(name: string, region: string | undefined) {
  const resourceId = `${subscription}/Microsoft.ContainerRegistry/registries/${name.replace('-', '')}`;
  return { name, kind: 'registryNetworkRules', resourceId, regions: [region] };
}

/** Microsoft's weekly file, as far as the tag goes. */
async function makeFile(changeNumber: number, extra: readonly string[], omittedTag: string) {
  const listed = new Map<string, Set<string>>();
  for (const { tags } of (await builtInHistory('Public')).releases) {
    for (const [tag, delta] of Object.entries(tags)) {
      const prefixes = delta ? (listed.get(tag) ?? new Set<string>()) : new Set<string>();
      delta?.remove.forEach((prefix) => prefixes.delete(prefix));
      delta?.add.forEach((prefix) => prefixes.add(prefix));
      if (delta) listed.set(tag, prefixes);
      else listed.delete(tag);
    }
  }
  listed.delete(omittedTag);
  for (const tag of ['AzureContainerRegistry', 'AzureContainerRegistry.WestEurope'])
    extra.forEach((prefix) => listed.get(tag)?.add(prefix));
  const values = [...listed].map(([name, prefixes]) => ({
    name,
    id: name,
    properties: {
      changeNumber,
      region: name.includes('.') ? name.split('.')[1]?.toLowerCase() : '',
      regionId: 0,
      platform: 'Azure',
      systemService: 'AzureContainerRegistry',
      addressPrefixes: sortPrefixes(prefixes),
      networkFeatures: ['API', 'NSG', 'UDR', 'FW'],
    },
  }));
  return { changeNumber, cloud: 'Public', values };
}
