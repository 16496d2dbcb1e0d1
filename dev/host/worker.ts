/** The host's side of the worker: a thread of its own, that can be ended in the middle of whatever it does. */
import { join } from 'node:path';
import { Worker as Thread } from 'node:worker_threads';
import type { FunctionMetadata, InvocationRequest, InvocationResponse, LogLevel } from './coreTypes.ts';
import type { Log } from './log.ts';

export interface WorkerError {
  readonly message: string;
  /** With its stack. */
  readonly details: string;
}

export type FromWorker =
  | { readonly type: 'ready'; readonly functions: readonly FunctionMetadata[] }
  | { readonly type: 'log'; readonly level: LogLevel; readonly message: string; readonly functionName?: string }
  | {
      readonly type: 'ended';
      readonly id: string;
      readonly response?: InvocationResponse;
      readonly error?: WorkerError;
    }
  | { readonly type: 'stopped' };

export type ToWorker =
  { readonly type: 'invoke'; readonly name: string; readonly request: InvocationRequest } | { readonly type: 'stop' };

export type Ended = { readonly response: InvocationResponse } | { readonly error: WorkerError };

export interface Worker {
  readonly functions: readonly FunctionMetadata[];
  invoke(name: string, request: InvocationRequest): Promise<Ended>;
  /** Ends the thread at once, and all that it runs; a new one takes what comes. */
  restart(reason: string): void;
  /** Runs the hooks of the end, then ends it. */
  stop(): Promise<void>;
}

interface Running {
  readonly ready: Promise<readonly FunctionMetadata[]>;
  invoke(name: string, request: InvocationRequest): Promise<Ended>;
  end(reason: string): void;
  stop(): Promise<void>;
}

export async function startWorker(root: string, log: Log): Promise<Worker> {
  const start = (): Running =>
    startThread(root, log, (reason) => {
      log('error', `${reason}. The worker is restarted.`);
      running = start();
    });
  let running = start();
  return {
    functions: await running.ready,
    async invoke(name, request) {
      const taking = running;
      await taking.ready;
      return taking.invoke(name, request);
    },
    restart: (reason) => running.end(reason),
    stop: () => running.stop(),
  };
}

function startThread(root: string, log: Log, onEnd: (reason: string) => void): Running {
  const thread = new Thread(join(import.meta.dirname, 'workerThread.ts'), { workerData: { root } });
  const waiting = new Map<string, (ended: Ended) => void>();
  let isOver = false;
  let end: (reason: string) => void = () => undefined;
  let markStopped: () => void = () => undefined;
  const stopped = new Promise<void>((resolve) => (markStopped = resolve));

  const ready = new Promise<readonly FunctionMetadata[]>((resolve) => {
    end = (reason) => {
      if (isOver) return;
      isOver = true;
      resolve([]);
      markStopped();
      void thread.terminate();
      onEnd(reason);
      for (const settle of waiting.values()) settle({ error: { message: reason, details: reason } });
    };
    thread.on('message', (message: FromWorker) => {
      if (message.type === 'log') log(message.level, message.message, message.functionName);
      if (message.type === 'ready') resolve(message.functions);
      if (message.type === 'stopped') markStopped();
      if (message.type === 'ended') waiting.get(message.id)?.(toEnded(message));
    });
    // What nobody caught ends the platform's worker process too.
    thread.on('error', (error: Error) => end(`The worker failed: ${error.stack ?? error.message}`));
    thread.on('exit', (code) => end(`The worker exited with code ${code}`));
  });

  const send = (message: ToWorker): void => thread.postMessage(message);
  return {
    ready,
    end,
    invoke(name, request) {
      const { invocationId } = request;
      if (isOver)
        return Promise.resolve({ error: { message: 'The worker has ended', details: 'The worker has ended' } });
      const ended = new Promise<Ended>((resolve) => waiting.set(invocationId, resolve));
      send({ type: 'invoke', name, request });
      return ended.finally(() => waiting.delete(invocationId));
    },
    async stop() {
      send({ type: 'stop' });
      await stopped;
      isOver = true;
      await thread.terminate();
    },
  };
}

function toEnded({ response, error }: FromWorker & { readonly type: 'ended' }): Ended {
  return error ? { error } : { response: response ?? {} };
}
