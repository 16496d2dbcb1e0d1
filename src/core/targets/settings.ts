/** The settings that apply to a target, and where each comes from. */
import type { Target } from './target.ts';

export type SettingOrigin = 'target' | 'profile' | 'defaults' | 'scenario' | 'builtIn';

/** Names of the settings that the targets file has for a target: `maxRemovedCount`, `rule.priority`. */
export interface GivenSettings {
  /** Where its own settings are written. */
  readonly by: 'target' | 'profile';
  readonly own: readonly string[];
  readonly defaults: readonly string[];
}

export interface Setting {
  /** As in the targets file. */
  readonly name: string;
  readonly value: unknown;
  readonly from: SettingOrigin;
}

export function toGiven(entry: unknown, defaults: unknown): GivenSettings {
  return { by: 'target', own: namesOf(entry), defaults: namesOf(defaults) };
}

/** In the order of the targets file. */
export function settingsOf(target: Target): readonly Setting[] {
  const { policy, paused, serviceTag, regions, addressFamilies, scenario, limits } = target;
  const { maxAddedAddresses = bySize, maxAddedPrefixes = bySize, ...others } = limits;
  const values = {
    policy,
    paused,
    serviceTag,
    regions,
    addressFamilies,
    ...(scenario && { scenario }),
    ...others,
    maxAddedAddresses,
    maxAddedPrefixes,
    ...(target.kind === 'nsgRule'
      ? { rule: target.rule, adopt: target.adopt }
      : { capacity: { ...target.capacity, maxRules: target.capacity.maxRules ?? 'as the registry says' } }),
  };
  return flatten(values).map(([name, value]) => ({ name, value, from: originOf(target, name) }));
}

const bySize = 'by the size of the tag';

const filledByScenario = ['rule.direction', 'rule.portRanges'];

function originOf({ given, scenario }: Target, name: string): SettingOrigin {
  if (given?.own.includes(name)) return given.by;
  if (given?.defaults.includes(name)) return 'defaults';
  return scenario && filledByScenario.includes(name) ? 'scenario' : 'builtIn';
}

function namesOf(value: unknown): readonly string[] {
  return flatten(value).map(([name]) => name);
}

/** `regions` is one setting, however it is written. */
function flatten(value: unknown, path = ''): (readonly [string, unknown])[] {
  const isGroup = typeof value === 'object' && value !== null && !Array.isArray(value) && path !== 'regions';
  if (!isGroup) return [[path, value]];
  return Object.entries(value).flatMap(([key, member]) => flatten(member, path === '' ? key : `${path}.${key}`));
}
