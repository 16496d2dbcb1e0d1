/** Converts NSG rules between our types and the SDK's, and compares them. Pure. */
import type { SecurityRule } from '@azure/arm-network';
import type { CurrentRule } from '../../app/ports.ts';
import { canonicalPrefix, dropContained, familyOf, isPrefix, sortPrefixes } from '../../core/prefixes.ts';
import { type NsgRuleTarget, type OwnRule, ownRulesOf } from '../../core/targets/target.ts';
import { describeOwner, toMark } from './nsgRuleMark.ts';

export function findRule(rules: readonly SecurityRule[], name: string): SecurityRule | undefined {
  return rules.find((rule) => rule.name?.toLowerCase() === name.toLowerCase());
}

/**
 * The target's rules with the priorities at which they can be written: an existing rule keeps its priority if another
 * rule has the wanted one.
 */
export function placeableRules(target: NsgRuleTarget, rules: readonly SecurityRule[]): readonly OwnRule[] {
  return ownRulesOf(target).map((own) => {
    const { priority, direction } = findRule(rules, own.name) ?? {};
    if (priority === undefined || !sameText(direction, target.rule.direction)) return own;
    return priorityHolder(target, own, rules) ? { ...own, priority } : own;
  });
}

/** Returns the rule that is not the target's and has the priority (and direction) that the target's rule wants. */
export function priorityHolder(
  target: NsgRuleTarget,
  { priority }: OwnRule,
  rules: readonly SecurityRule[],
): SecurityRule | undefined {
  const names = ownRulesOf(target).map(({ name }) => name.toLowerCase());
  return rules.find(
    (rule) =>
      rule.priority === priority &&
      sameText(rule.direction, target.rule.direction) &&
      !names.includes(rule.name?.toLowerCase() ?? ''),
  );
}

/** Converts a live rule (undefined: it does not exist) into what planning needs: its prefixes, mark and differences. */
export function toCurrentRule(
  target: NsgRuleTarget,
  own: OwnRule,
  live: SecurityRule | undefined,
  ownerId: string,
): CurrentRule {
  if (!live) return { rule: own.name, prefixes: [], mark: undefined, drift: [] };
  const { direction } = target.rule;
  // A rule in the opposite direction has its addresses on the other side: take none of them over.
  const isTurned = live.direction !== undefined && !sameText(live.direction, direction);
  const remote = [...remoteAddresses(live, direction), ...remoteGroups(live, direction)];
  return {
    rule: own.name,
    prefixes: isTurned ? [] : sortPrefixes(remote.filter(isPrefix)),
    mark: toMark(live.description, ownerId),
    // If the target no longer has this address family, its rule only loses prefixes: other differences do not matter.
    ...(target.addressFamilies.includes(own.family)
      ? driftOf(live, toSecurityRule(target, own, [], ownerId))
      : { drift: [] }),
    nonPrefixes: isTurned ? [`${live.direction} traffic`] : remote.filter((text) => !isPrefix(text)),
    ...(isTurned ? { isTurned } : {}),
  };
}

/** Builds the whole rule, because a PUT replaces all of it. Azure accepts either the singular or the plural field. */
export function toSecurityRule(
  target: NsgRuleTarget,
  own: OwnRule,
  prefixes: readonly string[],
  ownerId: string,
): SecurityRule {
  const { rule } = target;
  const otherFamily = prefixes.find((prefix) => familyOf(prefix) !== own.family);
  if (otherFamily !== undefined) {
    throw new Error(`${target.name}: ${otherFamily} is not ${own.family}, so ${own.name} cannot hold it`);
  }
  const remote = dropContained(prefixes);
  return {
    description: describeOwner(ownerId, target.name),
    protocol: rule.protocol,
    access: rule.access,
    direction: rule.direction,
    priority: own.priority,
    sourcePortRange: '*',
    // The plural field does not accept `*`.
    ...(rule.portRanges.length === 1
      ? { destinationPortRange: rule.portRanges[0] ?? '*' }
      : { destinationPortRanges: [...rule.portRanges] }),
    ...(rule.direction === 'Inbound'
      ? { sourceAddressPrefixes: remote, destinationAddressPrefix: rule.localAddressPrefix }
      : { sourceAddressPrefix: rule.localAddressPrefix, destinationAddressPrefixes: remote }),
  };
}

/** Addresses, tags and `*` on the remote side: source if inbound, destination if outbound. */
function remoteAddresses(rule: SecurityRule, direction: NsgRuleTarget['rule']['direction']): string[] {
  return direction === 'Inbound' ? sourcesOf(rule) : destinationsOf(rule);
}

function remoteGroups(rule: SecurityRule, direction: NsgRuleTarget['rule']['direction']): string[] {
  const groups =
    direction === 'Inbound' ? rule.sourceApplicationSecurityGroups : rule.destinationApplicationSecurityGroups;
  return (groups ?? []).map(({ id = '' }) => `application security group ${id.split('/').at(-1) ?? ''}`);
}

/** How many of the NSG's 4,000 entries per side the other rules, of both directions, leave free. A tag counts as one. */
export function maxRulesBeside(target: NsgRuleTarget, others: readonly SecurityRule[]): number {
  const used = others.flatMap((rule) => remoteAddresses(rule, target.rule.direction)).length;
  return Math.max(0, 4_000 - used);
}

/** Equal for rules that mean the same, regardless of order, letter case and spelling of addresses. */
export function fingerprintOf(rule: SecurityRule | undefined): string {
  if (!rule) return 'absent';
  const facts = [
    rule.priority,
    rule.direction,
    rule.access,
    rule.protocol,
    rule.description ?? '',
    listed(sourcePortsOf(rule)),
    listed(destinationPortsOf(rule)),
    listed(sourcesOf(rule)),
    listed(destinationsOf(rule)),
    rule.sourceApplicationSecurityGroups?.length ?? 0,
    rule.destinationApplicationSecurityGroups?.length ?? 0,
  ];
  return JSON.stringify(facts).toLowerCase();
}

/** True if the rule is as we wrote it and Azure has not failed to apply it. */
export function isInPlace(rule: SecurityRule | undefined, fingerprint: string): boolean {
  return fingerprintOf(rule) === fingerprint && rule?.provisioningState !== 'Failed';
}

/** Lists how the live rule differs from the wanted one. Remote addresses are left out: the plan compares those. */
function driftOf(live: SecurityRule, wanted: SecurityRule): Pick<CurrentRule, 'drift' | 'accessDrift'> {
  const inbound = wanted.direction === 'Inbound';
  const tags = remoteAddresses(live, inbound ? 'Inbound' : 'Outbound').filter((address) => !isPrefix(address));
  const access = [
    difference('direction', live.direction, wanted.direction),
    difference('access', live.access, wanted.access),
    difference('protocol', live.protocol, wanted.protocol),
    difference('source ports', listed(sourcePortsOf(live)), listed(sourcePortsOf(wanted))),
    difference('ports', listed(destinationPortsOf(live)), listed(destinationPortsOf(wanted))),
  ].filter((text) => text !== undefined);
  const others = [
    inbound
      ? difference('destination', listed(destinationsOf(live)), listed(destinationsOf(wanted)))
      : difference('source', listed(sourcesOf(live)), listed(sourcesOf(wanted))),
    difference(inbound ? 'source' : 'destination', listed(tags), 'address prefixes', tags.length === 0),
    difference('source application security groups', live.sourceApplicationSecurityGroups?.length ?? 0, 0),
    difference('destination application security groups', live.destinationApplicationSecurityGroups?.length ?? 0, 0),
    difference('provisioning state', live.provisioningState, 'Succeeded', live.provisioningState !== 'Failed'),
    difference('description', live.description ?? '', wanted.description),
  ];
  const priority = difference('priority', live.priority, wanted.priority);
  const drift = [priority, ...access, ...others].filter((text) => text !== undefined);
  return { drift, ...(access.length > 0 && { accessDrift: access }) };
}

function difference(field: string, live: unknown, wanted: unknown, same = sameText(live, wanted)): string | undefined {
  return same ? undefined : `${field}: ${String(live)}, wanted ${String(wanted)}`;
}

export function sameText(a: unknown, b: unknown): boolean {
  return String(a).toLowerCase() === String(b).toLowerCase();
}

/** The same text for the same set, regardless of order and spelling of addresses. */
function listed(values: readonly string[]): string {
  return [...new Set(values.map((value) => (isPrefix(value) ? canonicalPrefix(value) : value)))].sort().join(', ');
}

function sourcesOf(rule: SecurityRule): string[] {
  return both(rule.sourceAddressPrefix, rule.sourceAddressPrefixes);
}

function destinationsOf(rule: SecurityRule): string[] {
  return both(rule.destinationAddressPrefix, rule.destinationAddressPrefixes);
}

function sourcePortsOf(rule: SecurityRule): string[] {
  return both(rule.sourcePortRange, rule.sourcePortRanges);
}

function destinationPortsOf(rule: SecurityRule): string[] {
  return both(rule.destinationPortRange, rule.destinationPortRanges);
}

/** Azure answers with the singular field, the plural field, or both of which one is empty. */
function both(singular: string | undefined, plural: readonly string[] | undefined): string[] {
  return [...(singular ? [singular] : []), ...(plural ?? [])];
}
