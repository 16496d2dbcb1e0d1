/** Container `service-tags`, `webhooks/<hash of its URL>.json`: how the last notification to each webhook ended. */
import { createHash } from 'node:crypto';
import type { DeliveryStatus, DeliveryStore } from '../../app/ports.ts';
import { BlobContainer, type BlobServices } from './container.ts';
import { object, oneOf, optional, parseBlob, text } from './shape.ts';

const check = object({ version: oneOf(1), at: text, failingSince: optional(text), error: optional(text) });

export function buildDeliveryStore(services: BlobServices): DeliveryStore {
  const container = new BlobContainer(services, 'service-tags');
  return {
    async read(webhook) {
      const name = toName(webhook);
      const stored = await container.read(name);
      return stored && (parseBlob(`service-tags/${name}`, stored.bytes, check) as DeliveryStatus);
    },
    /** The last writer wins. */
    async put(webhook, status) {
      const bytes = Buffer.from(JSON.stringify(status));
      await container.put(toName(webhook), bytes, { contentType: 'application/json' }, {});
    },
  };
}

/** Uses a hash, because the URL of a webhook is a secret. */
function toName(webhook: string): string {
  return `webhooks/${createHash('sha256').update(webhook).digest('hex').slice(0, 16)}.json`;
}
