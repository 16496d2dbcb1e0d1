/** Has the worker run functions, keeps their time limit, and remembers how they ended. */
import { randomBytes, randomUUID } from 'node:crypto';
import type { FunctionMetadata, InvocationRequest, InvocationResponse, RpcTypedData } from './coreTypes.ts';
import type { Log } from './log.ts';
import type { Ended, Worker } from './worker.ts';

export type TriggerKind = 'http' | 'timer' | 'queue';

/** One finished run of a function. */
export interface Invocation {
  readonly id: string;
  readonly functionName: string;
  readonly trigger: TriggerKind;
  readonly startedAt: string;
  readonly durationInMs: number;
  readonly outcome: 'succeeded' | 'failed';
  readonly error?: string;
}

export interface InvocationInput {
  readonly trigger: TriggerKind;
  readonly data: RpcTypedData;
  readonly metadata?: Readonly<Record<string, RpcTypedData>>;
  readonly traceParent?: string;
}

export interface Result {
  readonly invocation: Invocation;
  readonly response?: InvocationResponse;
}

export interface Invoker {
  invoke(metadata: FunctionMetadata, input: InvocationInput): Promise<Result>;
  /** The last ones that ended, oldest first. */
  readonly finished: readonly Invocation[];
  running(): number;
  /** Resolves once nothing runs, or after the time. */
  drain(timeoutInMs: number): Promise<void>;
}

export interface InvokerOptions {
  readonly worker: Pick<Worker, 'invoke' | 'restart'>;
  readonly log: Log;
  readonly timeoutInMs: number;
  readonly onStart: (trigger: TriggerKind) => void;
  readonly onEnd: (invocation: Invocation) => void;
}

const kept = 1000;

export function createInvoker(options: InvokerOptions): Invoker {
  const finished: Invocation[] = [];
  const running = new Set<Promise<unknown>>();

  const invoke = async (metadata: FunctionMetadata, input: InvocationInput): Promise<Result> => {
    const startedAt = new Date();
    const functionName = metadata.name;
    const request = toRequest(metadata, input);
    options.onStart(input.trigger);
    const ended = await withTimeout(options, functionName, options.worker.invoke(functionName, request));
    const invocation: Invocation = {
      id: request.invocationId,
      functionName,
      trigger: input.trigger,
      startedAt: startedAt.toISOString(),
      durationInMs: Date.now() - startedAt.getTime(),
      ...('error' in ended ? { outcome: 'failed', error: ended.error.message } : { outcome: 'succeeded' }),
    };
    if ('error' in ended) options.log('error', `failed: ${ended.error.details}`, functionName);
    finished.push(invocation);
    if (finished.length > kept) finished.shift();
    options.onEnd(invocation);
    return 'error' in ended ? { invocation } : { invocation, response: ended.response };
  };

  return {
    finished,
    running: () => running.size,
    async invoke(metadata, input) {
      const work = invoke(metadata, input);
      running.add(work);
      return work.finally(() => running.delete(work));
    },
    async drain(timeoutInMs) {
      const end = Date.now() + timeoutInMs;
      while (running.size > 0 && Date.now() < end) {
        await Promise.race([Promise.allSettled(running), wait(end - Date.now())]);
      }
      if (running.size > 0) options.log('warning', `${running.size} invocations were still running at the stop`);
    },
  };
}

function toRequest({ name, bindings }: FunctionMetadata, input: InvocationInput): InvocationRequest {
  const [bindingName] = Object.entries(bindings).find(([, binding]) => /trigger$/i.test(binding.type ?? '')) ?? [];
  if (bindingName === undefined) throw new Error(`Function "${name}" has no trigger.`);
  return {
    invocationId: randomUUID(),
    inputData: [{ name: bindingName, data: input.data }],
    triggerMetadata: input.metadata ?? {},
    traceContext: { traceParent: input.traceParent ?? createTraceParent(), traceState: '' },
  };
}

function createTraceParent(): string {
  return `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01`;
}

/** Past its limit a function takes the whole worker with it, and so every other one that runs: as on the platform. */
async function withTimeout(options: InvokerOptions, name: string, work: Promise<Ended>): Promise<Ended> {
  const reason = `Timeout value of ${options.timeoutInMs / 1000} s was exceeded by function: ${name}`;
  const timer = setTimeout(() => options.worker.restart(reason), options.timeoutInMs);
  return work.finally(() => clearTimeout(timer));
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
