/** Finds the resources with the Azure tag `service-tag-sync`: those that Azure lists, and managed ones that it omits. */
import pMap from 'p-map';
import { TargetBlockedError, toErrorMessage } from '../core/errors.ts';
import type { Clock, Logger, TaggedResource, TaggedResourceFinder, TaggedResourceMemory } from './ports.ts';

export interface TaggedResourceServices {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called when Azure is asked for the first time. */
  readonly loadFinder: () => Promise<TaggedResourceFinder>;
  readonly memory: TaggedResourceMemory;
}

/** The app sees an added or removed tag within this time. */
const rememberedForInMs = 10 * 60_000;

const readAgainForAtMostInMs = 60_000;
const parallelReads = 16;

/** While one caller asks Azure, the others get the result from before; the first time all wait for the same answer. */
export function createTaggedResourceReader(services: TaggedResourceServices): () => Promise<readonly TaggedResource[]> {
  let known: readonly TaggedResource[] | undefined;
  let pending: Promise<readonly TaggedResource[]> | undefined;
  let until = 0;

  async function ask(): Promise<readonly TaggedResource[]> {
    try {
      known = await readTaggedResources(services);
      until = services.clock.now().getTime() + rememberedForInMs;
      return known;
    } finally {
      pending = undefined;
    }
  }

  return async () => {
    if (known && (pending || services.clock.now().getTime() < until)) return known;
    pending ??= ask();
    return pending;
  };
}

/**
 * If Azure does not answer, the resources that were managed last stay targets. The memory is read each time, because
 * another process may have changed it.
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

/** Azure silently omits resources whose role was removed, so each missing resource is read before it is dropped. */
async function keepTagged(
  services: TaggedResourceServices,
  missing: readonly TaggedResource[],
): Promise<readonly TaggedResource[]> {
  const deadline = new Date(services.clock.now().getTime() + readAgainForAtMostInMs);
  const kept = await pMap(missing, (resource) => readAgain(services, resource, deadline), {
    concurrency: parallelReads,
  });
  return kept.filter((resource) => resource !== undefined);
}

/** Undefined if the resource or its tag is gone. After any other error it stays a target: its update reports what is wrong. */
async function readAgain(
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

/** Azure returns the same id in different letter cases. */
function toId({ resourceId }: TaggedResource): string {
  return resourceId.toLowerCase();
}
