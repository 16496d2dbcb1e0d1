/** Runs a built function app without the Functions host: HTTP, timers and storage queues. One host per process. */
import type { FunctionMetadata } from './coreTypes.ts';
import { startHttpServer, type HostKeys } from './httpServer.ts';
import { createInvoker, type Invocation, type TriggerKind } from './invocations.ts';
import type { Log } from './log.ts';
import { startQueue } from './queues.ts';
import { createRoutes } from './routes.ts';
import { readHostSettings, type Environment } from './settings.ts';
import { startTimer } from './timers.ts';
import { startWorker } from './worker.ts';

export interface HostOptions {
  /** Folder with host.json, package.json and the built functions. */
  readonly root: string;
  /** Added to `process.env`, where the functions read their settings. */
  readonly env?: Readonly<Record<string, string>>;
  /** 0: any free one. */
  readonly port?: number;
  readonly keys?: HostKeys;
  readonly log: Log;
  /** How long a queue message that is being handled stays hidden before it is renewed or given up: 10 minutes. */
  readonly queueLeaseInMs?: number;
  /** How long a stop waits for what still runs. */
  readonly drainInMs?: number;
  readonly onStart?: (trigger: TriggerKind) => void;
  readonly onEnd?: (invocation: Invocation) => void;
}

export interface Host {
  readonly url: string;
  readonly functions: readonly string[];
  /** The last invocations that ended, oldest first. */
  readonly invocations: readonly Invocation[];
  /** Runs a timer or queue function; `input` is the text of the message. */
  runNow(name: string, input?: string): Promise<Invocation>;
  stop(): Promise<void>;
}

interface Trigger {
  runNow(input: string): Promise<Invocation>;
  stop(): Promise<void> | void;
}

export async function startHost(options: HostOptions): Promise<Host> {
  const { log } = options;
  Object.assign(process.env, options.env, { AzureWebJobsScriptRoot: options.root });
  const env: Environment = process.env;
  const settings = readHostSettings(options.root, env);
  const worker = await startWorker(options.root, log);
  const invoker = createInvoker({
    worker,
    log,
    timeoutInMs: settings.functionTimeoutInMs,
    onStart: options.onStart ?? (() => undefined),
    onEnd: options.onEnd ?? (() => undefined),
  });

  const lease = options.queueLeaseInMs === undefined ? {} : { leaseInMs: options.queueLeaseInMs };
  const startTrigger = (metadata: FunctionMetadata): Trigger => {
    const common = { metadata, env, invoker, log };
    const kind = kindOf(metadata);
    if (kind === 'timer') return startTimer(common);
    if (kind === 'queue') return startQueue({ ...common, ...lease, settings: settings.queues });
    return { runNow: (input) => invokeByHand(metadata, input), stop: () => undefined };
  };
  /** As the host does for `POST /admin/functions/<name>`: the input is the body. */
  const invokeByHand = async (metadata: FunctionMetadata, input: string): Promise<Invocation> => {
    const http = { url: `${server.url}/api/${metadata.name}`, method: 'POST', body: { bytes: Buffer.from(input) } };
    return (await invoker.invoke(metadata, { trigger: 'http', data: { http } })).invocation;
  };

  const triggers = new Map<string, Trigger>();
  const enabled = worker.functions.filter(({ name }) => !isDisabled(name, env));
  const server = await startHttpServer({
    functions: worker.functions,
    routes: createRoutes(enabled, settings.routePrefix),
    invoker,
    log,
    port: options.port ?? 0,
    ...(options.keys ? { keys: options.keys } : {}),
    start: (name, input) => triggers.get(name)?.runNow(input),
  }).catch(async (error: unknown) => {
    await worker.stop();
    throw error;
  });
  // After the server: if its port is taken nothing is left running.
  for (const metadata of enabled) {
    try {
      triggers.set(metadata.name, startTrigger(metadata));
    } catch (error) {
      // One function that is in error keeps no other from running: so does the platform.
      log('error', `The '${metadata.name}' function is in error: ${(error as Error).message}`, metadata.name);
    }
  }

  return {
    url: server.url,
    functions: worker.functions.map(({ name }) => name),
    invocations: invoker.finished,
    async runNow(name, input = '') {
      const trigger = triggers.get(name);
      if (trigger) return trigger.runNow(input);
      throw new Error(`There is no function "${name}"; there are ${list(triggers.keys())}.`);
    },
    async stop() {
      const limit = options.drainInMs ?? 10_000;
      const stopAll = [...triggers.values()].map(async (trigger) => trigger.stop());
      await withinLimit(Promise.all([...stopAll, server.stop(), invoker.drain(limit)]), limit);
      await withinLimit(worker.stop(), limit);
    },
  };
}

/** The setting `AzureWebJobs.<name>.Disabled` switches a function off. */
function isDisabled(name: string, env: Environment): boolean {
  return /^(1|true)$/i.test(env[`AzureWebJobs.${name}.Disabled`] ?? '');
}

function kindOf({ name, bindings }: FunctionMetadata): TriggerKind {
  const types = Object.values(bindings).map((binding) => binding.type?.toLowerCase());
  if (types.includes('httptrigger')) return 'http';
  if (types.includes('timertrigger')) return 'timer';
  if (types.includes('queuetrigger')) return 'queue';
  throw new Error(`Function "${name}": triggers of HTTP, timers and queues are served, not ${list(types)}.`);
}

function withinLimit(work: Promise<unknown>, limitInMs: number): Promise<unknown> {
  return Promise.race([work, new Promise((resolve) => setTimeout(resolve, limitInMs).unref())]);
}

function list(values: Iterable<string | undefined>): string {
  return [...values].join(', ') || 'none';
}
