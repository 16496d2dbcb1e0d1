/** Targets from the targets file, and from resources with the Azure tag `service-tag-sync`. */
import { createHash } from 'node:crypto';
import { ConfigurationError, toErrorMessage } from '../core/errors.ts';
import type { Target } from '../core/targets/target.ts';
import { createExclusiveUseCheck } from '../core/targets/exclusiveUses.ts';
import type { targetFromProfile, TargetProfile, TargetsFile } from '../core/targets/targetsFile.ts';
import type { Logger, TaggedResource, TargetsSource } from './ports.ts';
import { createTaggedResourceReader, type TaggedResourceServices } from './taggedResources.ts';

export interface DiscoveryServices extends TaggedResourceServices {
  /** Returns the same object as long as the file does not change. */
  readonly readFile: () => Promise<TargetsFile>;
}

/** If the file has no profiles, Azure is not asked. A resource that loses its tag is no longer a target; its rules stay. */
export function createDiscoveringSource(services: DiscoveryServices): TargetsSource {
  const readResources = createTaggedResourceReader(services);
  let known: (Origins & { readonly targets: readonly Target[] }) | undefined;

  return {
    async read() {
      const file = await services.readFile();
      if (Object.keys(file.profiles).length === 0) return file.targets;
      const resources = await readResources();
      // Loads the schemas too, which an app without profiles does not need.
      const { targetFromProfile } = await import('../core/targets/targetsFile.ts');
      if (known?.file !== file || known.resources !== resources) {
        const origins = { file, resources };
        known = { ...origins, targets: joinTargets(origins, targetFromProfile, services.logger) };
      }
      return known.targets;
    },
  };
}

interface Origins {
  readonly file: TargetsFile;
  readonly resources: readonly TaggedResource[];
}

/** Leaves out a resource that cannot be a target, with a warning in the log, so that all others stay targets. */
function joinTargets(
  { file, resources }: Origins,
  toTarget: typeof targetFromProfile,
  logger: Logger,
): readonly Target[] {
  const checkClaims = createExclusiveUseCheck();
  for (const target of file.targets) checkClaims(target, 'the targets file');
  const targets = [...file.targets];
  for (const resource of resources) {
    try {
      const target = toTarget(profileOf(file, resource), { ...resource, name: discoveredName(resource) });
      const [fault] = checkClaims(target, 'the tagged resource');
      if (fault) throw new ConfigurationError(fault.path, fault.message);
      targets.push(target);
    } catch (error) {
      logger.warn('tagged resource left out', { resourceId: resource.resourceId, error: toErrorMessage(error) });
    }
  }
  return targets;
}

function profileOf({ profiles }: TargetsFile, { profile: name }: TaggedResource): TargetProfile {
  const profile = Object.hasOwn(profiles, name) ? profiles[name] : undefined;
  if (profile) return profile;
  const accepted = Object.keys(profiles).join(', ');
  throw new ConfigurationError('tag service-tag-sync', `"${name}" is no profile, accepted are: ${accepted}`);
}

/** The start of the resource's name in valid characters, and 8 hex digits of the hash of its id: `nsg-hooks-1a2b3c4d`. */
export function discoveredName({ resourceId }: Pick<TaggedResource, 'resourceId'>): string {
  const id = resourceId.toLowerCase();
  const name = (id.split('/').at(-1) ?? '').replaceAll(/[^a-z0-9]+/g, '-').slice(0, 31);
  return `${name}-${createHash('sha256').update(id).digest('hex').slice(0, 8)}`;
}
