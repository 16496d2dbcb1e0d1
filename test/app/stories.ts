/** What the stories are told with: worlds that stop by themselves, weekly documents, and a look at what came of them. */
import { afterEach, expect } from '@jest/globals';
import { seedResources } from '../../dev/seedResources.ts';
import type { RuleProperties } from '../../dev/simulator/ruleShape.ts';
import { startWorld, type World, type WorldOptions } from '../../dev/world.ts';
import type { ServiceTagsSource } from '../../src/app/ports.ts';
import { verifyChain, type ChainCheck } from '../../dev/verifyChain.ts';
import { parseServiceTags } from '../../src/core/serviceTags/parseServiceTags.ts';
import type { Chain } from '../../src/core/ledger/outbox.ts';
import { isPullOf } from '../../src/core/ledger/pullStatus.ts';
import type { RunRecord, UpdateRecord } from '../../src/core/ledger/runRecord.ts';
import type { Cloud } from '../../src/core/serviceTags/serviceTags.ts';
import type { NsgRuleTarget, RegistryTarget } from '../../src/core/targets/target.ts';
import { nsgTarget, registryTarget } from '../core/plan/planFixtures.ts';
import { useBlobs } from '../support/blobsInThread.ts';
import { recentHistory } from '../support/recentHistory.ts';
import { isFullRun } from '../support/fullRun.ts';

export const dayInMs = 24 * 60 * 60 * 1000;
export const acr = 'AzureContainerRegistry';

/** Two targets of one document: the whole tag in an NSG, one region in a registry. */
export const hooks = (overrides: Partial<NsgRuleTarget> = {}): NsgRuleTarget => nsgTarget(overrides);
export const prod = (overrides: Partial<RegistryTarget> = {}): RegistryTarget => registryTarget(overrides);

export interface Worlds {
  /** With the resources of its targets: an empty NSG, a registry that denies by default. */
  open(options?: Partial<WorldOptions>): Promise<World>;
  freshConnectionString(): string;
}

export interface WorldsOptions {
  /** Worlds begin with every release that is built in, as a new deployment does. By default with the two newest. */
  readonly wholeHistory?: boolean;
}

export function useWorlds({ wholeHistory = false }: WorldsOptions = {}): Worlds {
  const accounts = useBlobs();
  const open: World[] = [];
  let ledgers = 0;
  afterEach(async () => {
    const ended = open.splice(0);
    try {
      for (const world of ended) {
        if (isFullRun || ledgers % 4 === 0) await expectWholeLedger(world);
        ledgers += 1;
      }
    } finally {
      for (const world of ended) await world.stop();
    }
  });
  return {
    freshConnectionString: () => accounts.freshConnectionString(),
    async open(options = {}) {
      const { connectionString = accounts.freshConnectionString() } = options;
      const world = await startWorld({
        connectionString,
        storage: accounts.directly(connectionString),
        start: new Date('2026-01-05T12:00:00Z'),
        targets: [hooks()],
        ...options,
      });
      seedResources(world.simulator, options.targets ?? [hooks()]);
      open.push(world);
      if (!wholeHistory) await storeRecentHistory(world);
      return world;
    },
  };
}

/** Of seventy tags the few that stories are about. Storage that has a history keeps it. */
export async function storeRecentHistory({ services }: World): Promise<void> {
  const recent = await recentHistory(services.cloud);
  const releases = recent.releases.map((release) => ({
    ...release,
    tags: Object.fromEntries(Object.entries(release.tags).filter(([name]) => toldTags.has(name))),
  }));
  await services.histories.replace({ ...recent, releases }, undefined);
}

const toldTags = new Set([acr, ...['EastUS', 'ItalyNorth', 'WestEurope'].map((region) => `${acr}.${region}`)]);

export type TagLists = Readonly<Record<string, readonly string[]>>;

/** A document in the exact shape of the weekly file. */
export function weeklyDocument(tags: TagLists, changeNumber = 1, cloud: Cloud = 'Public'): unknown {
  return {
    changeNumber,
    cloud,
    values: Object.entries(tags).map(([name, addressPrefixes]) => ({
      name,
      id: name,
      properties: {
        changeNumber,
        region: name.split('.')[1]?.toLowerCase() ?? '',
        regionId: 0,
        platform: 'Azure',
        systemService: name.split('.')[0],
        addressPrefixes,
        networkFeatures: ['API', 'NSG'],
      },
    })),
  };
}

export interface SourceOptions {
  readonly name?: string;
  /** `YYYY-MM-DD`; undefined: the source knows none, as the Discovery API. */
  readonly date?: string | undefined;
  readonly changeNumber?: number;
  readonly cloud?: Cloud;
}

/** A source of a document, through the product's own parser. */
export function source(tags: TagLists, options: SourceOptions = {}): ServiceTagsSource {
  const { name = 'download', date, changeNumber = 1, cloud = 'Public' } = options;
  const parsed = parseServiceTags(weeklyDocument(tags, changeNumber, cloud), cloud);
  return { name, fetch: () => Promise.resolve({ source: name, date, origin: `test:${name}`, ...parsed }) };
}

export function deadSource(name = 'download'): ServiceTagsSource {
  return { name, fetch: () => Promise.reject(new Error(`source ${name}: no answer`)) };
}

/** Pulls the tags as the file of the clock's day, and handles all that follows from it. */
export async function publish(world: World, tags: TagLists, changeNumber = 1): Promise<UpdateRecord[]> {
  world.setSources(source(tags, { date: dayOf(world), changeNumber }));
  await world.pull();
  return world.drain();
}

/** The same a week later. */
export async function publishNextWeek(world: World, tags: TagLists, changeNumber = 1): Promise<UpdateRecord[]> {
  world.clock.advance(7 * dayInMs);
  return publish(world, tags, changeNumber);
}

export function dayOf(world: World): string {
  return world.clock.now().toISOString().slice(0, 10);
}

export interface ShownRule {
  readonly name: string;
  readonly prefixes: readonly string[];
  readonly properties: Readonly<Record<string, unknown>>;
}

/** The rules of an NSG, by name. */
export function rulesOf(world: World, target: NsgRuleTarget = hooks()): Readonly<Record<string, ShownRule>> {
  const rules = world.simulator.nsg(target.resourceId)?.properties.securityRules ?? [];
  return Object.fromEntries(
    rules.map((rule) => {
      const properties = rule.properties as Readonly<Record<string, unknown>>;
      const remote = target.rule.direction === 'Inbound' ? 'source' : 'destination';
      const prefixes = (properties[`${remote}AddressPrefixes`] ?? []) as readonly string[];
      return [rule.name, { name: rule.name, prefixes, properties }];
    }),
  );
}

/** A rule as somebody else would write it. */
export function ruleOfOthers(changes: Partial<RuleProperties> = {}): RuleProperties {
  return {
    protocol: 'Tcp',
    access: 'Allow',
    direction: 'Inbound',
    priority: 300,
    sourcePortRange: '*',
    destinationPortRange: '443',
    sourceAddressPrefixes: ['192.0.2.0/24'],
    destinationAddressPrefix: 'VirtualNetwork',
    ...changes,
  };
}

/** Changes a live rule behind the app's back, as the portal does; undefined takes a field away. */
export function editRule(
  world: World,
  changes: Readonly<Partial<Record<keyof RuleProperties, unknown>>>,
  name = 'AllowAcr',
  target = hooks(),
): void {
  const rule = rulesOf(world, target)[name];
  if (!rule) throw new Error(`there is no rule ${name}`);
  const { provisioningState, ...properties } = rule.properties;
  const merged = Object.entries({ ...properties, ...changes }).filter(([, value]) => value !== undefined);
  world.simulator.putRule(target.resourceId, {
    name,
    properties: Object.fromEntries(merged) as unknown as RuleProperties,
  });
}

/** Replaces a registry's IP rules behind the app's back. */
export function editIpRules(
  world: World,
  change: (rules: readonly string[]) => readonly string[],
  target = prod(),
): void {
  const rules = change(ipRulesOf(world, target)).map((value) => ({ action: 'Allow' as const, value }));
  world.simulator.putRegistry({ id: target.resourceId, networkRuleSet: { defaultAction: 'Deny', ipRules: rules } });
}

/** What the two rules of a target hold, IPv4 first. */
export function prefixesIn(world: World, target: NsgRuleTarget = hooks()): string[] {
  const rules = rulesOf(world, target);
  const { name } = target.rule;
  return [...(rules[name]?.prefixes ?? []), ...(rules[`${name}-ipv6`]?.prefixes ?? [])];
}

export function ipRulesOf(world: World, target: RegistryTarget = prod()): string[] {
  return world.simulator.registry(target.resourceId)?.properties.networkRuleSet.ipRules.map((rule) => rule.value) ?? [];
}

/** PUT, PATCH and DELETE that reached Azure so far. */
export function writesOf(world: World): string[] {
  return world.simulator.requests
    .filter(({ method }) => method === 'PUT' || method === 'PATCH' || method === 'DELETE')
    .map(({ method, path }) => `${method} ${path.split('/').slice(-2).join('/')}`);
}

export function codesOf(record: RunRecord | undefined): string[] {
  return (record?.reasons ?? []).map((reason) => reason.code);
}

/** Of a target, oldest first. */
export async function recordsOf(world: World, target: string): Promise<UpdateRecord[]> {
  return await chainOf(world, target);
}

/** Of one chain, oldest first. */
export async function chainOf(world: World, chain: string): Promise<RunRecord[]> {
  return recordsIn(world, { chain });
}

async function recordsIn(world: World, query: { readonly chain?: string }): Promise<RunRecord[]> {
  const records: RunRecord[] = [];
  let continuation: string | undefined;
  do {
    const page = await world.services.ledger.list({ ...query, limit: 50, ...(continuation ? { continuation } : {}) });
    records.push(...page.items);
    continuation = page.continuation;
  } while (continuation !== undefined);
  return records.reverse();
}

export async function checkLedger(world: World, chain: string): Promise<ChainCheck> {
  return checkChain(world, chain, await chainOf(world, chain));
}

async function checkChain(world: World, chain: string, records: readonly RunRecord[]): Promise<ChainCheck> {
  const own = records.filter((record) => chain !== 'pull' || isPullOf(world.services.cloud, record));
  return verifyChain(own, await evidenceOf(world, chain));
}

async function evidenceOf(world: World, chain: string): Promise<Parameters<typeof verifyChain>[1]> {
  const { states, snapshots, cloud } = world.services;
  const read: Promise<Partial<Chain> | undefined> =
    chain === 'pull' ? snapshots.readPullStatus(cloud) : states.get(chain).then((state) => state?.run);
  const { ledgerHead: head, outbox = [] } = (await read.catch(() => undefined)) ?? {};
  return { ...(head ? { head } : {}), owed: outbox.map(({ id }) => id) };
}

/** After every fourth scenario, and after each in a full run: each chain is whole, and ends where the state says. */
export async function expectWholeLedger(world: World): Promise<void> {
  const targets = await world.services.targets.read();
  const records = await recordsIn(world, {});
  for (const chain of ['pull', ...targets.map((target) => target.name)]) {
    const check = await checkChain(
      world,
      chain,
      records.filter((record) => record.chain === chain),
    );
    expect({ chain, ...check }).toEqual({ chain, ok: true, breaks: [] });
  }
}
