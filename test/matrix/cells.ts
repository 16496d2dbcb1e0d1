/** One cell of the matrix: an update of a target in which one thing goes wrong, and what came of it. */
import { expect } from '@jest/globals';
import { foreignIp, foreignRule } from '../../bench/soak/estate.ts';
import type { World } from '../../dev/world.ts';
import { updateTarget } from '../../src/app/updateTarget.ts';
import { toErrorMessage } from '../../src/core/errors.ts';
import type { UpdateRecord } from '../../src/core/ledger/runRecord.ts';
import type { NsgRuleTarget, RegistryTarget, Target } from '../../src/core/targets/target.ts';
import { openLimits } from '../core/plan/planFixtures.ts';
import { acr, expectWholeLedger, hooks, prod, publish, type Worlds } from '../app/stories.ts';
import type { WorldOptions } from '../../dev/world.ts';
import { isFullRun } from '../support/fullRun.ts';

export const listed = ['20.42.66.0/24', '40.74.100.0/24', '2603:1030:8::/112'];
const ipv4 = listed.filter((prefix) => !prefix.includes(':'));

export const kinds: readonly (readonly [Target['kind'], NsgRuleTarget | RegistryTarget])[] = [
  ['nsgRule', hooks({ limits: openLimits })],
  ['registryNetworkRules', prod({ limits: openLimits, regions: 'all' })],
];

/**
 * Whether the cell of a step and a fault, by their numbers, is run with a kind of target. `npm run test:full` runs all of
 * them; else each kind meets each fault in every 13th step, and the other kind meets it four steps later.
 */
export function isRun(kind: Target['kind'], step: number, fault: number): boolean {
  const number = kinds.findIndex(([name]) => name === kind);
  return isFullRun || (step + fault + 4 * number) % 13 === 0;
}

/** Runs cells one after another, all of them even if one fails. */
export async function runCells<T>(cells: readonly T[], run: (cell: T) => Promise<void>): Promise<void> {
  const failures: unknown[] = [];
  for (const cell of cells) await run(cell).catch((failure: unknown) => failures.push(failure));
  if (failures.length > 0) throw new AggregateError(failures, failures.map(toErrorMessage).join('\n'));
}

/** In sync, beside a rule of somebody else. */
export async function openWorld(worlds: Worlds, target: Target, options: Partial<WorldOptions> = {}): Promise<World> {
  const world = await worlds.open({ targets: [target], ...options });
  if (target.kind === 'nsgRule') world.simulator.putRule(target.resourceId, foreignRule);
  else setIpRules(world, target.resourceId, []);
  await publish(world, target.regions === 'all' ? { [acr]: listed } : { [acr]: listed, [`${acr}.WestEurope`]: listed });
  expectInSync(world, target);
  return world;
}

/** Somebody takes away what the app wrote, so that the next update has all of it to write. */
export function takeAway(world: World, target: Target): void {
  world.clock.advance(60_000);
  if (target.kind === 'registryNetworkRules') return setIpRules(world, target.resourceId, []);
  for (const suffix of ['', '-ipv6']) world.simulator.removeRule(target.resourceId, `${target.rule.name}${suffix}`);
}

function setIpRules(world: World, id: string, values: readonly string[]): void {
  const ipRules = [foreignIp, ...values.map((value) => ({ action: 'Allow' as const, value }))];
  world.simulator.putRegistry({ id, networkRuleSet: { defaultAction: 'Deny', ipRules } });
}

export function expectInSync(world: World, target: Target): void {
  if (target.kind === 'registryNetworkRules') {
    const { networkRuleSet, provisioningState } = world.simulator.registry(target.resourceId)!.properties;
    expect(provisioningState).toBe('Succeeded');
    expect(networkRuleSet).toMatchObject({ defaultAction: 'Deny' });
    expect(networkRuleSet.ipRules).toEqual([foreignIp, ...ipv4.map((value) => ({ action: 'Allow', value }))]);
    return;
  }
  const rules = world.simulator.nsg(target.resourceId)!.properties.securityRules;
  const shown = rules.map(({ name, properties }) => [name, properties.sourceAddressPrefixes]).sort();
  expect(shown).toEqual([
    ['AllowAcr', ipv4],
    ['AllowAcr-ipv6', listed.slice(ipv4.length)],
    ['AllowOffice', foreignRule.properties.sourceAddressPrefixes],
  ]);
  expect(rules.every(({ properties }) => properties.provisioningState === 'Succeeded')).toBe(true);
}

export interface CellResult {
  /** Outcomes of the update and, where one was needed, of what followed it. */
  readonly outcomes: readonly string[];
  /** Of all runs of the cell, oldest first. */
  readonly records: readonly UpdateRecord[];
  /** Codes of the retries that the first record names. */
  readonly retries: readonly string[];
  /** All that the first record says of what went wrong. */
  readonly told: string;
  /** Writes that Azure accepted, whether or not their answer came. */
  readonly writes: number;
}

/** The update with its fault; then, where the target is not right yet, one reconciliation without. */
export async function runCell(
  world: World,
  target: Target,
  services = world.services,
  endFault: () => Promise<void> = () => Promise.resolve(),
): Promise<CellResult> {
  const since = world.clock.now().toISOString();
  const before = world.simulator.requests.length;
  const outcomes = [await update(target, services)];
  await endFault();
  await world.queue.drain(() => Promise.resolve());
  if (!isRight(world, target) || outcomes[0] !== 'applied') {
    world.clock.advance(20 * 60_000);
    outcomes.push(await update(target, world.services));
    await world.queue.drain(() => Promise.resolve());
  }
  const { items } = await world.services.ledger.list({ chain: target.name, limit: 10 });
  const records = (items as UpdateRecord[]).filter(({ startedAt }) => startedAt >= since).reverse();
  const writes = world.simulator.requests
    .slice(before)
    .filter(
      ({ method, status, fault }) =>
        isWrite(method) && status < 400 && (status > 0 || fault === 'dropAfter') && fault !== 'raw',
    );
  const first = records[0];
  const retries = first?.arm?.retries.map(({ code }) => code) ?? [];
  const told = [...retries, ...(first?.reasons ?? []).map(({ message }) => message), first?.details?.error].join(' ');
  return { outcomes, records, retries, told, writes: writes.length };
}

function isWrite(method: string): boolean {
  return method === 'PUT' || method === 'PATCH' || method === 'DELETE';
}

async function update(target: Target, services: World['services']): Promise<string> {
  try {
    const result = await updateTarget(services, { target: target.name, reason: 'reconcile' });
    return typeof result === 'string' ? result : result.outcome;
  } catch {
    return 'failed';
  }
}

function isRight(world: World, target: Target): boolean {
  try {
    expectInSync(world, target);
    return true;
  } catch {
    return false;
  }
}

/** Right at the end, the ledger whole, and each record as true as what Azure shows. */
export async function expectGoodEnd(world: World, target: Target, result: CellResult): Promise<void> {
  expectInSync(world, target);
  await expectWholeLedger(world);
  expect(['applied', 'unchanged']).toContain(result.outcomes.at(-1));
  const state = await world.services.states.get(target.name);
  expect(state?.run).not.toHaveProperty('inFlight');
  expect(state?.run.lastResult?.status).toBe('inSync');
  expect(state?.ownership.prefixes.map(({ prefix }) => prefix)).toEqual(target.kind === 'nsgRule' ? listed : ipv4);
  // What was taken away came back once, and the ledger ends with what is there.
  expect(result.records.filter(({ after, before }) => holdsAll(after) && !holdsAll(before)).length).toBeLessThan(2);
  expect(holdsAll(result.records.at(-1)?.after)).toBe(true);

  function holdsAll(rules: UpdateRecord['after']): boolean {
    const held = (rules ?? []).flatMap(({ prefixes }) => prefixes);
    return (target.kind === 'nsgRule' ? listed : ipv4).every((prefix) => held.includes(prefix));
  }
}

const rows: string[] = [];

/** For the table that is printed at the end. */
export function noteCell(step: string, kind: string, fault: string, { outcomes, retries, writes }: CellResult): void {
  const codes = [...new Set(retries)].join(', ') || '–';
  rows.push(`| ${kind} | ${step} | ${fault} | ${outcomes.join(' → ')} | ${writes} | ${codes} |`);
}

export function matrixTable(title: string): string {
  const head = [
    '| kind | step | fault | outcome | writes accepted | retries |',
    '| --- | --- | --- | --- | --- | --- |',
  ];
  return [`# ${title}`, '', ...head, ...rows, ''].join('\n');
}
