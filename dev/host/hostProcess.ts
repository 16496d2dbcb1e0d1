/** Starts a host in a child process, so that its settings, modules and patched `require` are its own. */
import { fork, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import type { LogLevel } from './coreTypes.ts';
import type { HostKeys } from './httpServer.ts';
import type { Invocation } from './invocations.ts';
import { formatLogEntry, type LogEntry } from './log.ts';

export type FromHost =
  | { readonly type: 'ready'; readonly url: string; readonly functions: readonly string[] }
  | { readonly type: 'failed'; readonly message: string }
  | { readonly type: 'log'; readonly entry: LogEntry }
  | { readonly type: 'started' }
  | { readonly type: 'ended'; readonly invocation: Invocation }
  | { readonly type: 'ran'; readonly id: string; readonly invocation?: Invocation; readonly error?: string };

export type ToHost =
  | { readonly type: 'stop' }
  | { readonly type: 'runNow'; readonly id: string; readonly name: string; readonly input?: string };

export interface HostProcessOptions {
  /** Folder with host.json, package.json and the built functions. */
  readonly root: string;
  /** App settings: all that the functions find in `process.env` beside what Node itself needs. */
  readonly settings: Readonly<Record<string, string>>;
  /** 0, the default: any free one. */
  readonly port?: number;
  readonly keys?: HostKeys;
  readonly queueLeaseInMs?: number;
  readonly drainInMs?: number;
  readonly logLevel?: LogLevel;
  /** False: as on the platform, where Node reads no source maps. They cost a cold start several milliseconds. */
  readonly sourceMaps?: boolean;
  readonly onLog?: (entry: LogEntry) => void;
  readonly startTimeoutInMs?: number;
}

export interface HostProcess {
  readonly url: string;
  readonly pid: number;
  readonly functions: readonly string[];
  /** Timer and queue invocations that ended, oldest first. */
  readonly invocations: readonly Invocation[];
  readonly log: readonly LogEntry[];
  /** Timer and queue invocations that run now. */
  running(): number;
  runNow(name: string, input?: string): Promise<Invocation>;
  /** Drains and ends the process; kills it where it does not end. Resolves with its exit code. */
  stop(): Promise<number | null>;
  /** Ends it at once, as a crash would. */
  kill(): Promise<void>;
  readonly exited: Promise<number | null>;
}

/** What Node and the network need of the parent's environment. Nothing else is handed down. */
const inherited = [
  'PATH',
  'HOME',
  'TMPDIR',
  'TEMP',
  'TMP',
  'SYSTEMROOT',
  'NODE_EXTRA_CA_CERTS',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'no_proxy',
];
const keptLogEntries = 2000;
const killAfterMs = 15_000;

export async function startHostProcess(options: HostProcessOptions): Promise<HostProcess> {
  const child = fork(join(import.meta.dirname, 'main.ts'), toArguments(options), {
    env: { ...pick(process.env, inherited), ...options.settings },
    execArgv: [
      ...(options.sourceMaps === false ? [] : ['--enable-source-maps']),
      '--disable-warning=ExperimentalWarning',
    ],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  const watched = watch(child, options);
  const ready = await waitUntilReady(child, exited, watched, options.startTimeoutInMs ?? 30_000);
  const send = (message: ToHost) => child.connected && child.send(message);

  return {
    url: ready.url,
    pid: child.pid ?? 0,
    functions: ready.functions,
    invocations: watched.invocations,
    log: watched.log,
    running: () => watched.running(),
    exited,
    async runNow(name, input) {
      const id = randomUUID();
      const answer = watched.answerTo(id);
      send({ type: 'runNow', id, name, ...(input === undefined ? {} : { input }) });
      return Promise.race([answer, exited.then((code) => Promise.reject(new Error(`The host ended with ${code}.`)))]);
    },
    async stop() {
      send({ type: 'stop' });
      const killer = setTimeout(() => child.kill('SIGKILL'), killAfterMs + (options.drainInMs ?? 0));
      return exited.finally(() => clearTimeout(killer));
    },
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

type Ready = FromHost & { readonly type: 'ready' };

function watch(child: ChildProcess, options: HostProcessOptions) {
  const invocations: Invocation[] = [];
  const log: LogEntry[] = [];
  const answers = new Map<string, (message: FromHost & { readonly type: 'ran' }) => void>();
  let running = 0;
  let output = '';

  const keep = (entry: LogEntry) => {
    log.push(entry);
    if (log.length > keptLogEntries) log.shift();
    options.onLog?.(entry);
  };
  child.on('message', (message: FromHost) => {
    if (message.type === 'log') keep(message.entry);
    if (message.type === 'started') running++;
    if (message.type === 'ended') {
      running--;
      invocations.push(message.invocation);
    }
    if (message.type === 'ran') answers.get(message.id)?.(message);
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      output += chunk.toString('utf8');
      keep({ time: new Date().toISOString(), level: 'information', message: chunk.toString('utf8').trimEnd() });
    });
  }
  const answerTo = (id: string) =>
    new Promise<Invocation>((resolve, reject) => {
      answers.set(id, ({ invocation, error }) => {
        answers.delete(id);
        if (invocation) resolve(invocation);
        else reject(new Error(error));
      });
    });
  return { invocations, log, answerTo, running: () => running, output: () => output };
}

async function waitUntilReady(
  child: ChildProcess,
  exited: Promise<number | null>,
  watched: ReturnType<typeof watch>,
  timeoutInMs: number,
): Promise<Ready> {
  let timer: NodeJS.Timeout | undefined;
  const ready = new Promise<Ready>((resolve, reject) => {
    child.on('message', (message: FromHost) => {
      if (message.type === 'ready') resolve(message);
      if (message.type === 'failed') reject(new Error(`The host did not start. ${message.message}`));
    });
    child.on('error', reject);
    void exited.then((code) => reject(new Error(`The host ended with code ${code}. ${watched.output()}`)));
    timer = setTimeout(() => {
      child.kill('SIGKILL');
      const lines = watched.log.slice(-5).map(formatLogEntry).join('\n');
      reject(new Error(`The host was not ready after ${timeoutInMs / 1000} s.\n${lines}`));
    }, timeoutInMs);
  });
  return ready.finally(() => clearTimeout(timer));
}

function toArguments(options: HostProcessOptions): string[] {
  const { keys } = options;
  const values: Readonly<Record<string, string | number | undefined>> = {
    root: options.root,
    port: options.port ?? 0,
    'function-key': keys?.function,
    'master-key': keys?.master,
    'queue-lease-ms': options.queueLeaseInMs,
    'drain-ms': options.drainInMs,
    'log-level': options.logLevel,
  };
  return Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}=${value}`]));
}

function pick(env: NodeJS.ProcessEnv, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
