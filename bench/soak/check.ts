/** Checks the end of a soak: every target is in sync, and the rules of others are unchanged. */
import type { Simulator } from '../../dev/simulator/simulator.ts';
import type { TargetStateStore } from '../../src/app/ports.ts';
import { subtractPrefixes } from '../../src/core/prefixes.ts';
import { selectPrefixes } from '../../src/core/serviceTags/selection.ts';
import type { ServiceTagsDocument } from '../../src/core/serviceTags/serviceTags.ts';
import type { Target } from '../../src/core/targets/target.ts';
import { foreignIp, foreignRule, nsgId, registryId, type Size } from './estate.ts';

export async function findFaults(
  simulator: Simulator,
  states: Pick<TargetStateStore, 'get' | 'listSummaries'>,
  targets: readonly Target[],
  document: ServiceTagsDocument,
  size: Size,
): Promise<string[]> {
  const summaries = await states.listSummaries();
  const outOfSync = targets.filter(({ name }) => summaries.get(name)?.status !== 'inSync');
  return [
    ...(await Promise.all(outOfSync.map(({ name }) => explain(name, states)))),
    ...targets.flatMap((target) => differences(target, liveOf(simulator, target), document)),
    ...lostForeignRules(simulator, size),
  ];
}

async function explain(name: string, states: Pick<TargetStateStore, 'get'>): Promise<string> {
  const { status = 'unknown', reasons = [] } = (await states.get(name))?.run.lastResult ?? {};
  return [`${name}: status ${status}`, ...reasons.map(({ message }) => message)].join(' ');
}

function differences(target: Target, live: readonly string[], document: ServiceTagsDocument): string[] {
  const { serviceTag, addressFamilies: families, regions } = target;
  if (regions !== 'all' && 'ofRegistry' in regions) throw new Error(`${target.name}: regions are not read live here`);
  const wanted = selectPrefixes(document, { serviceTag, families, regions }).prefixes;
  const missing = subtractPrefixes(wanted, live).length;
  const surplus = subtractPrefixes(live, wanted).length;
  return missing + surplus === 0 ? [] : [`${target.name}: ${missing} prefixes missing, ${surplus} too many`];
}

function liveOf(simulator: Simulator, target: Target): readonly string[] {
  if (target.kind === 'registryNetworkRules') {
    const rules = simulator.registry(target.resourceId)?.properties.networkRuleSet.ipRules ?? [];
    return rules.map(({ value }) => value).filter((value) => value !== foreignIp.value);
  }
  const names = [target.rule.name, `${target.rule.name}-ipv6`];
  const rules = simulator.nsg(target.resourceId)?.properties.securityRules ?? [];
  return rules.filter(({ name }) => names.includes(name)).flatMap(({ properties }) => properties.sourceAddressPrefixes);
}

function lostForeignRules(simulator: Simulator, size: Size): string[] {
  const nsgs = Array.from({ length: size.nsgs }, (_, index) => nsgId(index, size)).filter((id) => {
    const rule = simulator.nsg(id)?.properties.securityRules.find(({ name }) => name === foreignRule.name);
    return rule?.properties.sourceAddressPrefixes.join() !== foreignRule.properties.sourceAddressPrefixes.join();
  });
  const registries = Array.from({ length: size.registries }, (_, index) => registryId(index, size)).filter((id) => {
    const rules = simulator.registry(id)?.properties.networkRuleSet.ipRules ?? [];
    return !rules.some(({ value }) => value === foreignIp.value);
  });
  return [...nsgs, ...registries].map((id) => `${id}: a rule of somebody else is lost`);
}
