/** Which resources ask by their Azure tag to be managed: what Azure lists, and what was managed so far and is missing there. */
import pMap from 'p-map';
import { TargetBlockedError, toErrorMessage } from '../core/errors.ts';
import type { Clock, Logger, TaggedResource, TaggedResourceFinder, TaggedResourceMemory } from './ports.ts';

export interface TaggedResourceServices {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Loaded with the first question. */
  readonly loadFinder: () => Promise<TaggedResourceFinder>;
  readonly memory: TaggedResourceMemory;
}

/** A tag that was set or taken off shows within this time. */
const rememberedForInMs = 10 * 60_000;

const lookForAtMostInMs = 60_000;
const lookedAtAtOnce = 16;

/** While one asks Azure, the others go on with what was found before; the first time they wait for the same answer. */
export function createTaggedResourceReader(services: TaggedResourceServices): () => Promise<readonly TaggedResource[]> {
  let known: readonly TaggedResource[] | undefined;
  let asked: Promise<readonly TaggedResource[]> | undefined;
  let until = 0;

  async function ask(): Promise<readonly TaggedResource[]> {
    try {
      known = await readTaggedResources(services);
      until = services.clock.now().getTime() + rememberedForInMs;
      return known;
    } finally {
      asked = undefined;
    }
  }

  return async () => {
    if (known && (asked || services.clock.now().getTime() < until)) return known;
    asked ??= ask();
    return asked;
  };
}

/**
 * Where Azure does not answer, the resources that were managed last stay. The memory is read each time: another process
 * may have found what the app can no longer see.
 */
async function readTaggedResources(services: TaggedResourceServices): Promise<readonly TaggedResource[]> {
  const remembered = await services.memory.read();
  const listed = await list(services);
  if (!listed) return remembered;
  const ids = new Set(listed.map(toId));
  const missing = remembered.filter((resource) => !ids.has(toId(resource)));
  const resources = [...listed, ...(await keepTagged(services, missing))];
  if (JSON.stringify(resources) !== JSON.stringify(remembered)) await services.memory.write(resources);
  return resources;
}

async function list({ loadFinder, logger }: TaggedResourceServices): Promise<readonly TaggedResource[] | undefined> {
  try {
    return await (await loadFinder()).findTaggedResources();
  } catch (error) {
    logger.error('resources with the tag service-tag-sync cannot be listed', { error: toErrorMessage(error) });
    return undefined;
  }
}

/** Azure answers with fewer rows where a role was taken away, so a missing resource is looked at before it is let go. */
async function keepTagged(
  services: TaggedResourceServices,
  missing: readonly TaggedResource[],
): Promise<readonly TaggedResource[]> {
  const deadline = new Date(services.clock.now().getTime() + lookForAtMostInMs);
  const kept = await pMap(missing, (resource) => lookAt(services, resource, deadline), { concurrency: lookedAtAtOnce });
  return kept.filter((resource) => resource !== undefined);
}

/** Undefined where its tag was taken off or it is gone. An error says nothing of the tag: an update will say what is missing. */
async function lookAt(
  { loadFinder, logger }: TaggedResourceServices,
  resource: TaggedResource,
  deadline: Date,
): Promise<TaggedResource | undefined> {
  const { resourceId } = resource;
  try {
    const profile = await (await loadFinder()).readProfile(resource, deadline);
    if (profile !== undefined) return { ...resource, profile };
    logger.info('tag service-tag-sync was taken off: no target any more', { resourceId });
    return undefined;
  } catch (error) {
    const isGone = error instanceof TargetBlockedError && error.code === 'notFound';
    const message = isGone
      ? 'tagged resource is gone: no target any more'
      : 'tagged resource cannot be read: kept as a target';
    logger.warn(message, { resourceId, error: toErrorMessage(error) });
    return isGone ? undefined : resource;
  }
}

/** Azure writes one id in several letter cases. */
function toId({ resourceId }: TaggedResource): string {
  return resourceId.toLowerCase();
}
