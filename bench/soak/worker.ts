/** A worker of the soak: handles both queues like the Functions host, with the settings of host.json. */
import path from 'node:path';
import type { FunctionMetadata } from '../../dev/host/coreTypes.ts';
import type { Invocation, Invoker } from '../../dev/host/invocations.ts';
import { startQueue } from '../../dev/host/queues.ts';
import { readHostSettings } from '../../dev/host/settings.ts';
import { runUpdateIn } from '../../src/app/invocations.ts';
import { reportFailedUpdate } from '../../src/app/reportFailedUpdate.ts';
import { buildSoakApp } from './app.ts';

export type WorkerMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'memory'; readonly heapInMb: number; readonly handled: number; readonly failed: number }
  | { readonly kind: 'failed'; readonly error: string };

const { app, clocks } = await buildSoakApp(process.env);
const root = path.resolve(import.meta.dirname, '../..');
const host = readHostSettings(root, {}).queues;
const settings = {
  ...host,
  visibilityTimeoutInMs: clocks.toWallMs(host.visibilityTimeoutInMs, 'azure'),
  maxPollingIntervalInMs: Math.min(host.maxPollingIntervalInMs, clocks.toWallMs(host.maxPollingIntervalInMs, 'azure')),
};
let handled = 0;
let failed = 0;

const queues = [
  start('update-target', (body) => runUpdateIn(app, body)),
  start('update-target-poison', (body) => reportFailedUpdate(app.services, body)),
];

process.on('message', (message) => {
  if (message === 'memory') {
    globalThis.gc?.();
    send({ kind: 'memory', heapInMb: process.memoryUsage().heapUsed / 2 ** 20, handled, failed });
  } else if (message === 'stop') {
    void Promise.all(queues.map((queue) => queue.stop())).then(() => process.exit());
  }
});
// End with the parent.
process.on('disconnect', () => process.exit(1));
send({ kind: 'ready' });

function start(queueName: string, handle: (body: unknown) => Promise<void>) {
  const binding = { type: 'queueTrigger', queueName, connection: 'AzureWebJobsStorage' };
  const metadata: FunctionMetadata = { name: queueName, bindings: { message: binding } };
  const log = () => undefined;
  return startQueue({ metadata, env: process.env, settings, invoker: invokerOf(handle), log });
}

function invokerOf(handle: (body: unknown) => Promise<void>): Pick<Invoker, 'invoke'> & Invoker {
  return {
    finished: [],
    running: () => 0,
    drain: () => Promise.resolve(),
    async invoke({ name }, { data }) {
      handled += 1;
      const error = await handle(data.string).catch((reason: unknown) => String(reason));
      if (error !== undefined) {
        failed += 1;
        send({ kind: 'failed', error });
      }
      const outcome: Invocation['outcome'] = error === undefined ? 'succeeded' : 'failed';
      return { invocation: { id: '', functionName: name, trigger: 'queue', startedAt: '', durationInMs: 0, outcome } };
    },
  };
}

function send(message: WorkerMessage): void {
  process.send?.(message);
}
