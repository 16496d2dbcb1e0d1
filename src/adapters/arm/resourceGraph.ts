/** Finds resources with the Azure tag `service-tag-sync` (through Azure Resource Graph), or reads it from one resource. */
import * as z from 'zod';
import type { TaggedResource } from '../../app/ports.ts';
import { InvalidDocumentError } from '../../core/errors.ts';
import { resourceTypes, targetKinds, type TargetKind } from '../../core/targets/targetKinds.ts';
import type { ArmClients } from './client.ts';
import { parseResourceId } from './resourceId.ts';

const tagName = 'service-tag-sync';

const kinds: ReadonlyMap<string, TargetKind> = new Map(
  targetKinds.map((kind) => [resourceTypes[kind].toLowerCase(), kind]),
);

// Azure ignores the letter case of tag names, but `tags['…']` does not. So the query searches the tags as one text.
const query = `resources
| where type in~ (${[...kinds.keys()].map((type) => `'${type}'`).join(', ')})
| where tostring(tags) contains '${tagName}'
| project id, type, tags
| order by id asc`;

// A tag without a value may be null, and so may the tags of a resource that has none.
const rowSchema = z.object({ id: z.string(), type: z.string(), tags: z.record(z.string(), z.unknown()).nullish() });
const rowsSchema = z.array(rowSchema);
const maxPages = 1_000;

/**
 * Searches all subscriptions that the app's identity can read. Azure leaves out resources that the identity cannot read,
 * without an error. Changes appear some minutes late.
 */
export async function findTaggedResources(clients: ArmClients): Promise<readonly TaggedResource[]> {
  const client = await clients.resourceGraphClient();
  const resources: TaggedResource[] = [];
  const usedTokens = new Set<string>();
  let skipToken: string | undefined;
  do {
    const page = await client.resources({
      query,
      options: { resultFormat: 'objectArray', top: 1_000, ...(skipToken !== undefined && { skipToken }) },
    });
    resources.push(...parseRows(page.data).flatMap(toTaggedResource));
    skipToken = page.skipToken === '' ? undefined : page.skipToken;
    if (skipToken !== undefined) checkSkipToken(skipToken, usedTokens);
  } while (skipToken !== undefined);
  return resources;
}

/** Throws InvalidDocumentError if a page links back to an earlier one: the loop would not end. */
function checkSkipToken(skipToken: string, usedTokens: Set<string>): void {
  if (usedTokens.has(skipToken))
    throw new InvalidDocumentError('Azure Resource Graph: $skipToken: leads back to a page that was read');
  if (usedTokens.size >= maxPages) throw new InvalidDocumentError(`Azure Resource Graph: more than ${maxPages} pages`);
  usedTokens.add(skipToken);
}

/** Returns the profile that the resource's tag names now, undefined if it has no such tag. */
export async function readProfile(
  clients: ArmClients,
  { resourceId, kind }: TaggedResource,
): Promise<string | undefined> {
  const { subscriptionId, resourceGroup, name } = parseResourceId(resourceId, kind);
  const { tags } =
    kind === 'nsgRule'
      ? await (await clients.networkClient(subscriptionId)).networkSecurityGroups.get(resourceGroup, name)
      : await (await clients.registryClient(subscriptionId)).registries.get(resourceGroup, name);
  return profileOf(tags ?? {});
}

function parseRows(data: unknown): z.infer<typeof rowsSchema> {
  const { data: rows, error } = rowsSchema.safeParse(data);
  if (rows) return rows;
  const issue = error.issues[0];
  const path = issue?.path.join('.') ?? '';
  throw new InvalidDocumentError(`Azure Resource Graph: ${path}: ${issue?.message ?? 'not rows'}`, path);
}

function toTaggedResource({ id, type, tags }: z.infer<typeof rowsSchema>[number]): TaggedResource[] {
  const kind = kinds.get(type.toLowerCase());
  const profile = profileOf(tags ?? {});
  return kind && profile !== undefined ? [{ resourceId: id, kind, profile }] : [];
}

/** Returns undefined for a missing tag and for an empty value, which names no profile. */
function profileOf(tags: Readonly<Record<string, unknown>>): string | undefined {
  const value = Object.entries(tags).find(([name]) => name.toLowerCase() === tagName)?.[1];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
