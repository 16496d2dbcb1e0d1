/** A simulator of Azure Resource Manager: see README.md beside this file. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

import type { HttpClient } from '@azure/core-rest-pipeline';
import type { LockLevel } from './access.ts';
import { callDirectly } from './directCalls.ts';
import type { Fault, FaultMatcher } from './faults.ts';
import { HttpFront, type RequestRecord } from './httpServer.ts';
import { toNsgDocument, type Nsg } from './nsg.ts';
import { toRegistryDocument } from './registry.ts';
import { toNsg, toRegistry, toSettledRule, type NsgSeed, type RegistrySeed, type RuleSeed } from './seeds.ts';
import { requireServiceTagDocument } from './serviceTagsReleases.ts';
import { defaultSettings, type Settings } from './settings.ts';
import { Simulation } from './simulation.ts';

export interface SimulatorOptions extends Partial<Settings> {
  /** Default 0: any free port. */
  readonly port?: number;
}

export interface Simulator {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** Calls it in this thread, without a connection. Undefined: worlds connect to `url`. */
  readonly httpClient: HttpClient | undefined;
  /** Every request that has been answered or dropped, oldest first. */
  readonly requests: readonly RequestRecord[];
  configure(changes: Partial<Settings>): void;
  putSubscription(id: string, state?: 'Enabled' | 'Disabled'): void;
  /** Creates or replaces it, like somebody else's change: with a new ETag. */
  putNsg(seed: NsgSeed): void;
  putRule(nsgId: string, seed: RuleSeed): void;
  removeRule(nsgId: string, name: string): void;
  removeNsg(id: string): void;
  putRegistry(seed: RegistrySeed): void;
  removeRegistry(id: string): void;
  putLock(scope: string, level: LockLevel): void;
  removeLock(scope: string): void;
  /** Serves the document (a weekly file or an answer of the API) from now on in `location`, or everywhere for `*`. */
  setServiceTags(location: string, document: unknown): void;
  failNext(matcher: FaultMatcher, fault: Fault, times?: number): void;
  /** `sequence` counts every request, from 1. */
  failAt(sequence: number, fault: Fault): void;
  /** Removes all planned faults that have not happened yet. */
  forgetFaults(): void;
  /** The body that a GET would return now, without lag. */
  nsg(id: string): ReturnType<typeof toNsgDocument> | undefined;
  /** The body that a GET with an old api-version would return: with virtual network rules. */
  registry(id: string): ReturnType<typeof toRegistryDocument> | undefined;
  /** The IP rules that are in effect now. */
  effectiveIpRules(registryId: string): readonly string[];
  /** All resources as plain JSON, by id. */
  snapshotState(): StateSnapshot;
  stop(): Promise<void>;
}

export interface StateSnapshot {
  readonly nsgs: Readonly<Record<string, ReturnType<typeof toNsgDocument>>>;
  readonly registries: Readonly<Record<string, ReturnType<typeof toRegistryDocument>>>;
}

/** The last api-version that shows virtual network rules. */
const revealingApiVersion = '2021-08-01-preview';

export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const { port = 0, ...settings } = options;
  const simulation = new Simulation({ ...defaultSettings, ...settings });
  const front = new HttpFront(simulation);
  front.server.listen(port, '127.0.0.1');
  await once(front.server, 'listening');
  simulation.baseUrl = `http://127.0.0.1:${(front.server.address() as AddressInfo).port}`;
  return { ...seeding(simulation), ...inspection(simulation), ...serving(simulation, front) };
}

function serving(simulation: Simulation, front: HttpFront) {
  return {
    url: simulation.baseUrl,
    httpClient: callDirectly(front),
    requests: front.requests,
    configure: (changes: Partial<Settings>) => {
      simulation.settings = { ...simulation.settings, ...changes };
    },
    failNext: (matcher: FaultMatcher, fault: Fault, times = 1) => front.script.failNext(matcher, fault, times),
    failAt: (sequence: number, fault: Fault) => front.script.failAt(sequence, fault),
    forgetFaults: () => front.script.forget(),
    stop: async () => {
      if (!front.server.listening) return;
      front.server.close();
      front.server.closeAllConnections();
      await once(front.server, 'close');
    },
  };
}

function seeding(simulation: Simulation) {
  const { access } = simulation;
  const settle = () => simulation.operations.settle(simulation.now());
  const putNsg = (nsg: Nsg) => {
    settle();
    access.putResourceGroup(nsg.subscriptionId, nsg.resourceGroup);
    simulation.nsgs.set(nsg.id, nsg, simulation.now());
  };
  const changeRules = (nsgId: string, change: (rules: Nsg['rules']) => Nsg['rules']) => {
    settle();
    const nsg = simulation.nsgs.get(nsgId);
    if (!nsg) throw new Error(`There is no network security group ${nsgId}.`);
    simulation.nsgs.set(nsgId, { ...nsg, rules: change(nsg.rules), etag: simulation.newEtag() }, simulation.now());
  };
  const without = (rules: Nsg['rules'], name: string) =>
    rules.filter((rule) => rule.name.toLowerCase() !== name.toLowerCase());
  return {
    putSubscription: (id: string, state: 'Enabled' | 'Disabled' = 'Enabled') => access.putSubscription(id, state),
    putNsg: (seed: NsgSeed) => putNsg(toNsg(seed, simulation)),
    putRule: (nsgId: string, seed: RuleSeed) =>
      changeRules(nsgId, (rules) => [...without(rules, seed.name), toSettledRule(nsgId, seed)]),
    removeRule: (nsgId: string, name: string) => changeRules(nsgId, (rules) => without(rules, name)),
    removeNsg: (id: string) => simulation.nsgs.set(id, undefined, simulation.now()),
    putRegistry: (seed: RegistrySeed) => {
      settle();
      const registry = toRegistry(seed, simulation);
      access.putResourceGroup(registry.subscriptionId, registry.resourceGroup);
      simulation.registries.set(registry.id, registry, simulation.now());
    },
    removeRegistry: (id: string) => simulation.registries.set(id, undefined, simulation.now()),
    putLock: (scope: string, level: LockLevel) => access.putLock(scope, level),
    removeLock: (scope: string) => access.removeLock(scope),
    setServiceTags: (location: string, document: unknown) =>
      simulation.serviceTags.add(
        location,
        requireServiceTagDocument(document),
        simulation.now(),
        longestLag(simulation),
      ),
  };
}

function longestLag(simulation: Simulation): number {
  return Math.max(0, ...Object.values(simulation.settings.serviceTagsLagInMs));
}

function inspection(simulation: Simulation) {
  const settle = () => simulation.operations.settle(simulation.now());
  return {
    nsg: (id: string) => {
      settle();
      const nsg = simulation.nsgs.get(id);
      return nsg && toNsgDocument(nsg);
    },
    registry: (id: string) => {
      settle();
      const registry = simulation.registries.get(id);
      return registry && toRegistryDocument(registry, revealingApiVersion);
    },
    effectiveIpRules: (registryId: string) => {
      settle();
      const time = simulation.now() - simulation.settings.registryEffectInMs;
      const rules = simulation.registries.getAsOf(registryId, time)?.networkRuleSet.ipRules ?? [];
      return rules.map((rule) => rule.value);
    },
    snapshotState: (): StateSnapshot => {
      settle();
      const byId = <T extends { readonly id: string }>(items: readonly T[]) =>
        Object.fromEntries(items.map((item) => [item.id, item]));
      return structuredClone({
        nsgs: byId(simulation.nsgs.values().map(toNsgDocument)),
        registries: byId(
          simulation.registries.values().map((registry) => toRegistryDocument(registry, revealingApiVersion)),
        ),
      });
    },
  };
}
