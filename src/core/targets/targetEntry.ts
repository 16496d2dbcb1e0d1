/** Turns one entry of the targets file into a target: parses the fields, merges the defaults, applies the scenario. */
import type * as z from 'zod';
import { toDotPath } from 'zod/v4/core';
import { similarName } from '../nearest.ts';
import { addressFamilies, isPrefix, parsePrefix, type AddressFamily } from '../prefixes.ts';
import { normalizeRegion } from '../serviceTags/regions.ts';
import { defaultLimits, type NsgRuleSettings, type NsgRuleTarget, type RegionSelector } from './target.ts';
import type { RegistryTarget, SafetyLimits, Target } from './target.ts';
import { show } from './targetFields.ts';
import { toGiven } from './settings.ts';
import { targetKinds, type TargetKind } from './targetKinds.ts';
import { entrySchemas, type NsgRuleEntry, type RegistryEntry, type RuleEntry, type Settings } from './targetSchema.ts';

/** Something wrong in the file; faults are collected, so that one reading shows them all. */
export interface Fault {
  readonly path: string;
  readonly message: string;
}

/** What a scenario sets in a rule: in all but the last, ACR makes the calls; in the last, ACR is called. */
const scenarios = {
  imageImport: { direction: 'Inbound', portRanges: ['443'] },
  webhooks: { direction: 'Inbound', portRanges: ['443'] },
  tasks: { direction: 'Inbound', portRanges: ['443'] },
  registryClients: { direction: 'Outbound', portRanges: ['443'] },
} as const;

/** Undefined if it added to `faults`. */
export function toTarget(entry: unknown, path: string, defaults: Settings, faults: Fault[]): Target | undefined {
  if (!isObject(entry)) {
    faults.push({ path, message: `${show(entry)}, accepted an object` });
    return undefined;
  }
  const kind = toKind(entry.kind, path, faults);
  if (kind === undefined) return undefined;
  const before = faults.length;
  const target =
    kind === 'nsgRule' ? toNsgRule(entry, path, defaults, faults) : toRegistry(entry, path, defaults, faults);
  return target && faults.length === before ? { ...target, given: toGiven(entry, defaults) } : undefined;
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function toKind(value: unknown, path: string, faults: Fault[]): TargetKind | undefined {
  const kind = targetKinds.find((candidate) => candidate === value);
  if (kind !== undefined) return kind;
  const near = typeof value === 'string' ? similarName(value, targetKinds) : undefined;
  const hint = near === undefined ? '' : `, did you mean ${near}?`;
  faults.push({ path: `${path}.kind`, message: `${show(value)}, accepted ${targetKinds.join(', ')}${hint}` });
  return undefined;
}

/** Parses with one schema, and adds what is wrong to `faults` under `path`. */
export function parseWith<T>(schema: z.ZodType<T>, value: unknown, path: string, faults: Fault[]): T | undefined {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  for (const issue of result.error.issues) {
    const keys = toDotPath(issue.path);
    faults.push({ path: [path, keys].filter((part) => part !== '').join('.'), message: issue.message });
  }
  return undefined;
}

function toNsgRule(entry: unknown, path: string, defaults: Settings, faults: Fault[]): NsgRuleTarget | undefined {
  const parsed = parseWith(entrySchemas.nsgRule, entry, path, faults);
  if (!parsed) return undefined;
  const families = addressFamilies.filter((family) => parsed.addressFamilies.includes(family));
  const rule = toRule(parsed, families, `${path}.rule`, faults);
  return rule && { kind: 'nsgRule', ...toCommon(parsed, families, defaults), adopt: parsed.adopt, rule };
}

function toRegistry(entry: unknown, path: string, defaults: Settings, faults: Fault[]): RegistryTarget | undefined {
  const parsed = parseWith(entrySchemas.registryNetworkRules, entry, path, faults);
  if (!parsed) return undefined;
  const capacity = toCapacity(parsed.capacity, `${path}.capacity`, faults);
  return { kind: 'registryNetworkRules', ...toCommon(parsed, ['ipv4'], defaults), capacity };
}

function toCommon(entry: NsgRuleEntry | RegistryEntry, families: readonly AddressFamily[], defaults: Settings) {
  const { name, resourceId, serviceTag, scenario } = entry;
  return {
    name,
    resourceId,
    serviceTag,
    regions: toRegions(entry.regions),
    addressFamilies: families,
    policy: entry.policy ?? defaults.policy ?? 'plan',
    paused: entry.paused ?? defaults.paused ?? false,
    limits: toLimits(entry, defaults),
    ...(scenario === undefined ? {} : { scenario }),
  };
}

function toRegions(regions: RegionSelector): RegionSelector {
  return Array.isArray(regions) ? [...new Set((regions as readonly string[]).map(normalizeRegion))].sort() : regions;
}

type AdditionLimit = 'maxAddedAddresses' | 'maxAddedPrefixes';

function toLimits(entry: Settings, defaults: Settings): SafetyLimits {
  const pick = (key: Exclude<keyof SafetyLimits, 'widestPrefix' | AdditionLimit>): number =>
    entry[key] ?? defaults[key] ?? defaultLimits[key];
  const maxAdded = (key: AdditionLimit): Partial<SafetyLimits> => {
    const limit = entry[key] ?? defaults[key];
    return limit === undefined ? {} : { [key]: limit };
  };
  const widest = (family: AddressFamily): number =>
    entry.widestPrefix?.[family] ?? defaults.widestPrefix?.[family] ?? defaultLimits.widestPrefix[family];
  return {
    removalGraceDays: pick('removalGraceDays'),
    removalConfirmations: pick('removalConfirmations'),
    maxRemovedPercent: pick('maxRemovedPercent'),
    maxRemovedCount: pick('maxRemovedCount'),
    widestPrefix: { ipv4: widest('ipv4'), ipv6: widest('ipv6') },
    ...maxAdded('maxAddedAddresses'),
    ...maxAdded('maxAddedPrefixes'),
    limitWindowDays: pick('limitWindowDays'),
  };
}

function toCapacity(capacity: RegistryEntry['capacity'], path: string, faults: Fault[]): RegistryTarget['capacity'] {
  const { maxRules, fit, maxExtraAddresses } = capacity;
  if (fit === 'supernet' && maxExtraAddresses === undefined) {
    faults.push({
      path: `${path}.maxExtraAddresses`,
      message:
        'missing, accepted 0-4294967296: fit supernet opens addresses that Microsoft does not list; say how many may be',
    });
  }
  if (fit === 'exact' && (maxExtraAddresses ?? 0) > 0) {
    faults.push({
      path: `${path}.maxExtraAddresses`,
      message: `${maxExtraAddresses}, accepted with fit supernet only`,
    });
  }
  return { maxRules, fit, maxExtraAddresses: maxExtraAddresses ?? 0 };
}

function toRule(
  entry: NsgRuleEntry,
  families: readonly AddressFamily[],
  path: string,
  faults: Fault[],
): NsgRuleSettings | undefined {
  const { rule } = entry;
  const scenario = entry.scenario && scenarios[entry.scenario];
  const direction = rule.direction ?? scenario?.direction;
  const portRanges = rule.portRanges ?? scenario?.portRanges;
  const orScenario = `or a scenario (${Object.keys(scenarios).join(', ')}) that fills it`;
  if (!direction)
    faults.push({ path: `${path}.direction`, message: `missing, accepted Inbound, Outbound, ${orScenario}` });
  if (!portRanges)
    faults.push({ path: `${path}.portRanges`, message: `missing, accepted a list such as ["443"], ${orScenario}` });
  if (!direction || !portRanges) return undefined;
  checkPorts(portRanges, `${path}.portRanges`, faults);
  const ipv6Priority = toIpv6Priority(rule, families, `${path}.ipv6Priority`, faults);
  const localAddressPrefix = toLocalAddress(rule.localAddressPrefix, families, `${path}.localAddressPrefix`, faults);
  return { ...rule, direction, portRanges: toPortRanges(portRanges), ipv6Priority, localAddressPrefix };
}

/** Does not depend on the families, so that a target that gives up one family does not move the rule of the other. */
function toIpv6Priority(rule: RuleEntry, families: readonly AddressFamily[], path: string, faults: Fault[]): number {
  const { priority, ipv6Priority } = rule;
  if (families.includes('ipv6') && ipv6Priority === undefined && priority === 4096) {
    faults.push({ path, message: 'missing, and priority + 1 is 4097, accepted 100-4096' });
  }
  if (families.length > 1 && ipv6Priority === priority) {
    faults.push({ path, message: `${ipv6Priority}, accepted any but the priority of the IPv4 rule` });
  }
  return ipv6Priority ?? priority + 1;
}

/** As Azure answers: each once and without leading zeros. Otherwise the live rule would seem to be changed by somebody. */
function toPortRanges(ranges: readonly string[]): readonly string[] {
  return [...new Set(ranges.map((range) => range.replaceAll(/\b0+(?=\d)/g, '')))];
}

function checkPorts(ranges: readonly string[], path: string, faults: Fault[]): void {
  if (ranges.length === 0) faults.push({ path, message: '[], accepted a list such as ["443"]' });
  if (ranges.length > 1 && ranges.includes('*')) {
    faults.push({ path, message: `${show(ranges)}, accepted "*" alone or ports without it` });
  }
  for (const [index, range] of ranges.entries()) {
    const [from = 0, to = from] = range === '*' ? [] : range.split('-').map(Number);
    if (from <= to && to <= 65_535) continue;
    faults.push({
      path: `${path}[${index}]`,
      message: `${show(range)}, accepted ports within 0-65535, the lower one first`,
    });
  }
}

/** A service tag or `*` unchanged, a CIDR canonical. Azure refuses a rule whose two sides are of different families. */
function toLocalAddress(text: string, families: readonly AddressFamily[], path: string, faults: Fault[]): string {
  if (text === '*' || /^[a-z][\w.]*$/i.test(text)) return text;
  if (!isPrefix(text)) {
    faults.push({ path, message: `${show(text)}, accepted "VirtualNetwork", "*", a service tag or a CIDR` });
    return text;
  }
  const prefix = parsePrefix(text);
  if (prefix.hadHostBits)
    faults.push({ path, message: `${show(text)}, accepted without host bits: ${show(prefix.text)}` });
  if (families.some((family) => family !== prefix.family)) {
    faults.push({ path, message: `${show(text)}, accepted with addressFamilies ["${prefix.family}"] only` });
  }
  return prefix.text;
}
