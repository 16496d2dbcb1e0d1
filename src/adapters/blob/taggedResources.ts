/** Container `targets`, `tagged.json`: the resources that are targets because of their Azure tag. */
import type { TaggedResource, TaggedResourceMemory } from '../../app/ports.ts';
import { targetKinds } from '../../core/targets/targetKinds.ts';
import { BlobContainer, type BlobServices } from './container.ts';
import { listOf, object, oneOf, parseDocument, text, toDocument } from './shape.ts';

const name = 'tagged.json';
const check = object({
  resources: listOf(object({ resourceId: text, kind: oneOf(...targetKinds), profile: text })),
});

export function buildTaggedResourceMemory(services: BlobServices): TaggedResourceMemory {
  const container = new BlobContainer(services, 'targets');
  return {
    async read() {
      const stored = await container.read(name);
      if (!stored) return [];
      const document = parseDocument(`targets/${name}`, stored.bytes, check);
      return (document as { readonly resources: readonly TaggedResource[] }).resources;
    },
    /** The last writer wins. If its list lacks a tagged resource, the next search in Azure finds it again. */
    async write(resources) {
      await container.put(
        name,
        Buffer.from(JSON.stringify(toDocument({ resources }))),
        { contentType: 'application/json' },
        {},
      );
    },
  };
}
