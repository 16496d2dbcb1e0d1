/**
 * A host in a process of its own: `node dev/host/main.ts [--root DIR] [--port N] [--log-level LEVEL]`. Settings come
 * from local.settings.json and the environment, which wins. A parent process gets messages, see hostProcess.ts.
 */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { LogLevel } from './coreTypes.ts';
import { startHost, type Host } from './host.ts';
import { formatLogEntry, isAtLeast, type Log } from './log.ts';
import { readLocalSettings } from './settings.ts';
import type { FromHost, ToHost } from './hostProcess.ts';

const { values } = parseArgs({
  options: {
    root: { type: 'string', default: resolve(import.meta.dirname, '../..') },
    port: { type: 'string', default: '7071' },
    'function-key': { type: 'string' },
    'master-key': { type: 'string' },
    'queue-lease-ms': { type: 'string' },
    'drain-ms': { type: 'string' },
    'log-level': { type: 'string', default: 'information' },
  },
});

const isChild = process.send !== undefined;
const send = (message: FromHost) => process.connected && process.send?.(message);

const log: Log = (level, message, functionName) => {
  if (!isAtLeast(level, values['log-level'] as LogLevel)) return;
  const entry = { time: new Date().toISOString(), level, message, ...(functionName ? { functionName } : {}) };
  if (isChild) send({ type: 'log', entry });
  else console.error(formatLogEntry(entry));
};

async function main(): Promise<void> {
  const root = resolve(values.root);
  process.chdir(root);
  const { 'function-key': functionKey, 'master-key': masterKey } = values;
  const host = await startHost({
    root,
    env: { ...readLocalSettings(root), ...definedOnly(process.env) },
    port: Number(values.port),
    ...(functionKey && masterKey ? { keys: { function: functionKey, master: masterKey } } : {}),
    ...(values['queue-lease-ms'] ? { queueLeaseInMs: Number(values['queue-lease-ms']) } : {}),
    ...(values['drain-ms'] ? { drainInMs: Number(values['drain-ms']) } : {}),
    log,
    onStart: (trigger) => trigger !== 'http' && send({ type: 'started' }),
    onEnd: (invocation) => invocation.trigger !== 'http' && send({ type: 'ended', invocation }),
  });
  const stop = stopOnce(host);
  process.on('SIGINT', stop).on('SIGTERM', stop).on('disconnect', stop);
  process.on('message', (message: ToHost) => {
    if (message.type === 'stop') stop();
    else void runNow(host, message);
  });
  if (isChild) send({ type: 'ready', url: host.url, functions: host.functions });
  else console.error(`Serving ${host.functions.length} functions on ${host.url}; Ctrl-C stops.`);
}

async function runNow(host: Host, message: ToHost & { readonly type: 'runNow' }): Promise<void> {
  try {
    send({ type: 'ran', id: message.id, invocation: await host.runNow(message.name, message.input) });
  } catch (error) {
    send({ type: 'ran', id: message.id, error: (error as Error).message });
  }
}

function stopOnce(host: Host): () => void {
  let stopping: Promise<void> | undefined;
  return () => {
    stopping ??= host.stop().finally(() => process.exit(0));
  };
}

function definedOnly(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

main().catch((error: unknown) => {
  const message = error instanceof Error ? error.message : String(error);
  log('debug', error instanceof Error ? (error.stack ?? message) : message);
  if (isChild) send({ type: 'failed', message });
  else console.error(message);
  process.exitCode = 1;
  if (isChild) process.disconnect();
  else process.exit();
});
