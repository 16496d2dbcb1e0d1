/** Parses the targets file: docs/contract.md, section 2. Every field of a parsed target is set. */
import type * as z from 'zod';
import { ConfigurationError } from '../errors.ts';
import { parseJsonc } from '../jsonc.ts';
import { createExclusiveUseCheck } from './exclusiveUses.ts';
import { isObject, parseWith, toTarget, type Fault } from './targetEntry.ts';
import { resourceTypes, type TargetKind } from './targetKinds.ts';
import { defaultsSchema, fileSchema, resourceIds, targetName, type Settings } from './targetSchema.ts';
import type { NsgRuleTarget, RegistryTarget, Target } from './target.ts';

/** A target without its resource: for resources that have the profile's name in their Azure tag. */
export type TargetProfile = Omit<NsgRuleTarget, 'name' | 'resourceId'> | Omit<RegistryTarget, 'name' | 'resourceId'>;

export interface TargetsFile {
  readonly targets: readonly Target[];
  readonly profiles: Readonly<Record<string, TargetProfile>>;
}

/** A resource whose Azure tag names a profile. */
export interface DiscoveredResource {
  readonly name: string;
  readonly resourceId: string;
  readonly kind: TargetKind;
}

/** Accepts comments and trailing commas. Throws ConfigurationError; `source` names the text in the message. */
export function parseTargetsText(text: string, source: string): TargetsFile {
  return parseTargetsFile(parseJsonc(text, source), source);
}

/** Everything that is wrong in a targets file. */
export class TargetsFileError extends ConfigurationError {
  readonly faults: readonly Fault[];
  constructor(field: string, message: string, faults: readonly Fault[]) {
    super(field, message);
    this.faults = faults;
  }
}

/** Throws one TargetsFileError that lists everything that is wrong. */
export function parseTargetsFile(json: unknown, source: string): TargetsFile {
  const faults: Fault[] = [];
  const file = parseWith(fileSchema, json, '', faults) ?? readableParts(json);
  const defaults = parseWith(defaultsSchema, file.defaults ?? {}, 'defaults', faults) ?? {};
  const targets = file.targets.map((entry, index) => toTarget(entry, `targets[${index}]`, defaults, faults));
  const profiles = toProfiles(file.profiles, defaults, faults);

  const found = targets.flatMap((target, index) => (target ? [{ target: withOwnRegions(target), index }] : []));
  const checkUses = createExclusiveUseCheck();
  faults.push(...found.flatMap(({ target, index }) => checkUses(target, `targets[${index}]`)));
  if (faults.length > 0) return refuse(faults, source);
  return { targets: found.map(({ target }) => target), profiles };
}

/** The readable parts of a file that is refused anyway, so that one message shows everything that is wrong. */
function readableParts(json: unknown): z.output<typeof fileSchema> {
  const { targets, profiles, defaults } = isObject(json) ? json : {};
  return { targets: Array.isArray(targets) ? targets : [], profiles: isObject(profiles) ? profiles : {}, defaults };
}

/** A discovered resource as a target. Throws ConfigurationError if the profile is for another kind. */
export function targetFromProfile(profile: TargetProfile, resource: DiscoveredResource): Target {
  const { name, resourceId, kind } = resource;
  const faults: Fault[] = [];
  parseWith(targetName, name, 'name', faults);
  parseWith(resourceIds[kind], resourceId, 'resourceId', faults);
  if (profile.kind !== kind) {
    faults.push({ path: 'kind', message: `the profile is for ${profile.kind}, the resource is ${kind}` });
  }
  if (faults.length > 0) return refuse(faults, `target "${name}" of a tagged resource`);
  return withOwnRegions({ ...profile, name, resourceId });
}

function toProfiles(
  entries: Readonly<Record<string, unknown>>,
  defaults: Settings,
  faults: Fault[],
): Record<string, TargetProfile> {
  const profiles: Record<string, TargetProfile> = {};
  for (const [name, entry] of Object.entries(entries)) {
    const path = `profiles.${name}`;
    parseWith(targetName, name, path, faults);
    const profile = toProfile(entry, path, defaults, faults);
    if (profile) profiles[name] = profile;
  }
  return profiles;
}

/** A made-up resource to check a profile with, before the first real one is found. */
function someResource(kind: TargetKind): string {
  return `/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/some/providers/${resourceTypes[kind]}/some`;
}

function toProfile(entry: unknown, path: string, defaults: Settings, faults: Fault[]): TargetProfile | undefined {
  const own = isObject(entry) ? ['name', 'resourceId'].filter((key) => key in entry) : [];
  faults.push(
    ...own.map((key) => ({ path: `${path}.${key}`, message: 'a profile has none: it comes from the resource' })),
  );
  const isRegistry = isObject(entry) && entry.kind === 'registryNetworkRules';
  const resourceId = someResource(isRegistry ? 'registryNetworkRules' : 'nsgRule');
  const target = toTarget(isObject(entry) ? { ...entry, name: 'some', resourceId } : entry, path, defaults, faults);
  return target && withoutResource({ ...target, ...(target.given && { given: { ...target.given, by: 'profile' } }) });
}

function withoutResource(target: Target): TargetProfile {
  const { name, resourceId, ...profile } = target;
  return profile;
}

/** Replaces `{ "ofRegistry": "self" }` by the id of the target's own registry. */
function withOwnRegions(target: Target): Target {
  const { regions } = target;
  const isOwn = typeof regions === 'object' && 'ofRegistry' in regions && regions.ofRegistry.toLowerCase() === 'self';
  return isOwn ? { ...target, regions: { ofRegistry: target.resourceId } } : target;
}

/** More faults than this in a long file are usually one mistake, repeated. */
const maxShown = 50;

function refuse(faults: readonly Fault[], source: string): never {
  const [first = { path: source, message: 'is wrong' }, ...others] = faults;
  const shown = others.slice(0, maxShown - 1).map(({ path, message }) => `${path}: ${message}`);
  const more = others.length > shown.length ? [`and ${others.length - shown.length} more`] : [];
  const message = [first.message, ...shown, ...more].join('; ');
  if (first.path === '') throw new TargetsFileError(source, message, faults);
  throw new TargetsFileError(first.path, `${message} (in ${source})`, faults);
}
