import * as z from 'zod';
import { InvalidDocumentError } from '../../core/errors.ts';
import type { Target } from '../../core/target.ts';
import type { ArmClients } from './client.ts';
import { toLocation } from './resourceId.ts';

/** A resource whose Azure tag asks to be managed; the tag's value names a profile of the targets file. */
export interface TaggedResource {
  readonly resourceId: string;
  readonly kind: Target['kind'];
  readonly profile: string;
  readonly location: string;
}

const tagName = 'service-tag-sync';

const kinds: Readonly<Record<string, Target['kind']>> = {
  'microsoft.network/networksecuritygroups': 'nsgRule',
  'microsoft.containerregistry/registries': 'registryNetworkRules',
};

const query = `resources
| where type in~ (${Object.keys(kinds)
  .map((type) => `'${type}'`)
  .join(', ')})
| where isnotempty(tags['${tagName}'])
| project id, type, location, tags
| order by id asc`;

const rowsSchema = z.array(
  z.object({
    id: z.string(),
    type: z.string(),
    location: z.string(),
    tags: z.record(z.string(), z.string()),
  }),
);

/** Of the given subscriptions, or of all that the app's identity can read. */
export async function findTaggedResources(
  clients: ArmClients,
  subscriptions?: readonly string[],
): Promise<readonly TaggedResource[]> {
  const client = await clients.resourceGraphClient();
  const found: TaggedResource[] = [];
  let skipToken: string | undefined;
  do {
    const page = await client.resources({
      query,
      ...(subscriptions && { subscriptions: [...subscriptions] }),
      options: { resultFormat: 'objectArray', top: 1_000, ...(skipToken !== undefined && { skipToken }) },
    });
    found.push(...parseRows(page.data).flatMap(toTaggedResource));
    skipToken = page.skipToken === '' ? undefined : page.skipToken;
  } while (skipToken !== undefined);
  return found;
}

function parseRows(data: unknown): z.infer<typeof rowsSchema> {
  const { data: rows, error } = rowsSchema.safeParse(data);
  if (rows) return rows;
  const issue = error.issues[0];
  const path = issue?.path.join('.') ?? '';
  throw new InvalidDocumentError(`Azure Resource Graph: ${path}: ${issue?.message ?? 'not rows'}`, path);
}

function toTaggedResource({ id, type, location, tags }: z.infer<typeof rowsSchema>[number]): TaggedResource[] {
  const kind = kinds[type.toLowerCase()];
  const profile = tags[tagName];
  return kind && profile ? [{ resourceId: id, kind, profile, location: toLocation(location) }] : [];
}
