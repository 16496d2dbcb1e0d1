/** Runs a built function app without the Functions host: HTTP, timers and storage queues. One host a process. */
import { loadFunctionApp, type FunctionApp, type RegisteredFunction } from './functionApp.ts';
import { startHttpServer, type HostKeys } from './httpServer.ts';
import { createInvoker, type Invocation, type TriggerKind } from './invocations.ts';
import type { Log } from './log.ts';
import { startQueue } from './queues.ts';
import { createRoutes } from './routes.ts';
import { readHostSettings, type Environment } from './settings.ts';
import { startTimer } from './timers.ts';

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
  Object.assign(process.env, options.env, { AzureWebJobsScriptRoot: options.root });
  const env: Environment = process.env;
  const settings = readHostSettings(options.root, env);
  const app = await loadFunctionApp(options.root, options.log);
  const invoker = createInvoker({
    app,
    log: options.log,
    timeoutInMs: settings.functionTimeoutInMs,
    onStart: options.onStart ?? (() => undefined),
    onEnd: options.onEnd ?? (() => undefined),
  });

  const triggers = new Map<string, Trigger>();
  const startTrigger = (registered: RegisteredFunction): Trigger | undefined => {
    const common = { registered, env, invoker, log: options.log };
    const kind = kindOf(registered);
    if (kind === 'timer') return startTimer(common);
    if (kind === 'http') return undefined;
    const lease = options.queueLeaseInMs === undefined ? {} : { leaseInMs: options.queueLeaseInMs };
    return startQueue({ ...common, ...lease, settings: settings.queues });
  };
  const enabled = enabledFunctions(app, env);
  const server = await startHttpServer({
    app,
    routes: createRoutes(enabled.values(), settings.routePrefix),
    invoker,
    log: options.log,
    port: options.port ?? 0,
    ...(options.keys ? { keys: options.keys } : {}),
    start: (name, input) => triggers.get(name)?.runNow(input),
  });
  const stopAll = async () => {
    await Promise.all([...triggers.values()].map(async (trigger) => trigger.stop()));
    await server.stop();
  };
  // Behind the server: where its port is taken nothing is left running.
  try {
    for (const [name, registered] of enabled) {
      const trigger = startTrigger(registered);
      if (trigger) triggers.set(name, trigger);
    }
  } catch (error) {
    await stopAll();
    throw error;
  }

  return {
    url: server.url,
    functions: [...app.functions.keys()],
    invocations: invoker.finished,
    async runNow(name, input = '') {
      const trigger = triggers.get(name);
      if (!trigger) throw new Error(`"${name}" is not a timer or queue function; there are ${list(triggers.keys())}.`);
      return trigger.runNow(input);
    },
    async stop() {
      const limit = options.drainInMs ?? 10_000;
      await withinLimit(Promise.all([stopAll(), invoker.drain(limit)]), limit);
      await app.runHooks('appTerminate', { hookData: {}, appHookData: {} });
    },
  };
}

/** The setting `AzureWebJobs.<name>.Disabled` switches a function off. */
function enabledFunctions(app: FunctionApp, env: Environment): ReadonlyMap<string, RegisteredFunction> {
  return new Map(
    [...app.functions].filter(([name]) => !/^(1|true)$/i.test(env[`AzureWebJobs.${name}.Disabled`] ?? '')),
  );
}

function kindOf({ metadata }: RegisteredFunction): TriggerKind {
  const types = Object.values(metadata.bindings).map((binding) => binding.type?.toLowerCase());
  if (types.includes('httptrigger')) return 'http';
  if (types.includes('timertrigger')) return 'timer';
  if (types.includes('queuetrigger')) return 'queue';
  throw new Error(`Function "${metadata.name}": triggers of HTTP, timers and queues are served, not ${list(types)}.`);
}

function withinLimit(work: Promise<unknown>, limitInMs: number): Promise<unknown> {
  return Promise.race([work, new Promise((resolve) => setTimeout(resolve, limitInMs).unref())]);
}

function list(values: Iterable<string | undefined>): string {
  return [...values].join(', ') || 'none';
}
