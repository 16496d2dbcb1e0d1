/** Container `service-tags`, `timers/<name>.json`: when each timer last ran. */
import type { TimerStore } from '../../app/ports.ts';
import type { TimerRun } from '../../core/timers.ts';
import { BlobContainer, type BlobServices } from './container.ts';
import { object, oneOf, parseBlob, text } from './shape.ts';

const check = object({ version: oneOf(1), since: text, at: text, schedule: text });

export function buildTimerStore(services: BlobServices): TimerStore {
  const container = new BlobContainer(services, 'service-tags');
  const toName = (timer: string) => `timers/${timer}.json`;
  return {
    async read(timer) {
      const stored = await container.read(toName(timer));
      return stored && (parseBlob(`service-tags/${toName(timer)}`, stored.bytes, check) as TimerRun);
    },
    async put(timer, run) {
      await container.put(toName(timer), Buffer.from(JSON.stringify(run)), { contentType: 'application/json' }, {});
    },
  };
}
