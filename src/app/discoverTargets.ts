/** Targets of the targets file, and of the resources that carry the Azure tag `service-tag-sync`. */
import { createHash } from 'node:crypto';
import { toErrorMessage } from '../core/errors.ts';
import type { Target } from '../core/target.ts';
import type { Clock, Logger, TaggedResource, TaggedResourceMemory, TargetsSource } from './ports.ts';

/** What of the targets file discovery needs. `P` is a profile. */
export interface ProfiledTargets<P> {
  readonly targets: readonly Target[];
  readonly profiles: Readonly<Record<string, P>>;
}

export interface DiscoveryServices<P> {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly readFile: () => Promise<ProfiledTargets<P>>;
  readonly findTaggedResources: () => Promise<readonly TaggedResource[]>;
  readonly memory: TaggedResourceMemory;
  /** Throws where the profile does not fit the resource. */
  readonly toTarget: (profile: P, resource: TaggedResource & { readonly name: string }) => Target;
  /** Throws where two targets claim one rule. */
  readonly checkClaims: (targets: readonly Target[]) => void;
}

/** A tag that was set or taken off shows within this time. */
const rememberedForInMs = 10 * 60_000;

/**
 * Without profiles nothing is asked of Azure. A resource whose tag is gone is a target no more; its rules stay as they
 * are. Where Azure does not answer, the resources that were found last stay targets.
 */
export function createDiscoveringSource<P>(services: DiscoveryServices<P>): TargetsSource {
  let known: readonly TaggedResource[] | undefined;
  let until = 0;

  async function refresh(): Promise<readonly TaggedResource[]> {
    const now = services.clock.now().getTime();
    if (known && now < until) return known;
    until = now + rememberedForInMs;
    known = await findOrRemember(services, known);
    return known;
  }

  return {
    read: async () => {
      const file = await services.readFile();
      if (Object.keys(file.profiles).length === 0) return file.targets;
      const found = await refresh();
      return found.reduce((targets, resource) => addTarget(services, file.profiles, targets, resource), file.targets);
    },
  };
}

async function findOrRemember<P>(
  { findTaggedResources, memory, logger }: DiscoveryServices<P>,
  known: readonly TaggedResource[] | undefined,
): Promise<readonly TaggedResource[]> {
  const found = await findTaggedResources().catch((error: unknown) => {
    logger.error('resources with the tag service-tag-sync cannot be listed', { error: toErrorMessage(error) });
    return undefined;
  });
  const remembered = known ?? (await memory.read());
  if (!found) return remembered;
  const resources = found.map(({ resourceId, kind, profile }) => ({ resourceId, kind, profile }));
  if (JSON.stringify(resources) !== JSON.stringify(remembered)) await memory.write(resources);
  return resources;
}

/** A resource that cannot be a target is left out with a word in the log: it must not cost the others. */
function addTarget<P>(
  services: DiscoveryServices<P>,
  profiles: Readonly<Record<string, P>>,
  targets: readonly Target[],
  resource: TaggedResource,
): readonly Target[] {
  try {
    const profile = Object.hasOwn(profiles, resource.profile) ? profiles[resource.profile] : undefined;
    if (profile === undefined) {
      const known = Object.keys(profiles).join(', ');
      throw new Error(`tag service-tag-sync: "${resource.profile}" is no profile, accepted are: ${known}`);
    }
    const added = [...targets, services.toTarget(profile, { ...resource, name: discoveredName(resource) })];
    services.checkClaims(added);
    return added;
  } catch (error) {
    services.logger.warn('tagged resource left out', { resourceId: resource.resourceId, error: toErrorMessage(error) });
    return targets;
  }
}

/** The resource's name as far as a target's name takes it, and 8 hex digits of its id: `nsg-hooks-1a2b3c4d`. */
export function discoveredName({ resourceId }: Pick<TaggedResource, 'resourceId'>): string {
  const id = resourceId.toLowerCase();
  const name = (id.split('/').at(-1) ?? '').replaceAll(/[^a-z0-9]+/g, '-').slice(0, 31);
  return `${name}-${createHash('sha256').update(id).digest('hex').slice(0, 8)}`;
}
