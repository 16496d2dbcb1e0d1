/** Runs one function through the library's own programming model, which makes its inputs and reads its result. */
import { randomBytes, randomUUID } from 'node:crypto';
import type { CoreInvocationContext, InvocationRequest, InvocationResponse, RpcTypedData } from './coreTypes.ts';
import type { FunctionApp, RegisteredFunction } from './functionApp.ts';
import type { Log } from './log.ts';

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
  readonly id?: string;
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
  invoke(registered: RegisteredFunction, input: InvocationInput): Promise<Result>;
  /** The last ones that ended, oldest first. */
  readonly finished: readonly Invocation[];
  running(): number;
  /** Resolves once nothing runs, or after the time. */
  drain(timeoutInMs: number): Promise<void>;
}

export interface InvokerOptions {
  readonly app: FunctionApp;
  readonly log: Log;
  readonly timeoutInMs: number;
  readonly onStart: (trigger: TriggerKind) => void;
  readonly onEnd: (invocation: Invocation) => void;
}

const kept = 1000;

export function createInvoker(options: InvokerOptions): Invoker {
  const finished: Invocation[] = [];
  const running = new Set<Promise<unknown>>();

  const invoke = async (registered: RegisteredFunction, input: InvocationInput): Promise<Result> => {
    const startedAt = new Date();
    const id = input.id ?? randomUUID();
    const functionName = registered.metadata.name;
    options.onStart(input.trigger);
    const ended = await settle(withTimeout(run(options, registered, id, input), functionName, options.timeoutInMs));
    const invocation: Invocation = {
      id,
      functionName,
      trigger: input.trigger,
      startedAt: startedAt.toISOString(),
      durationInMs: Date.now() - startedAt.getTime(),
      ...('error' in ended ? { outcome: 'failed', error: toMessage(ended.error) } : { outcome: 'succeeded' }),
    };
    if ('error' in ended) options.log('error', `failed: ${toDetails(ended.error)}`, functionName);
    finished.push(invocation);
    if (finished.length > kept) finished.shift();
    options.onEnd(invocation);
    return 'error' in ended ? { invocation } : { invocation, response: ended.value };
  };

  return {
    finished,
    running: () => running.size,
    async invoke(registered, input) {
      const work = invoke(registered, input);
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

async function run(options: InvokerOptions, registered: RegisteredFunction, id: string, input: InvocationInput) {
  const { app } = options;
  const core = createCoreContext(options.log, registered, id, input);
  const model = await app.model.getInvocationModel(core);
  const { context, inputs } = await model.getArguments();

  const hooked = { hookData: {}, appHookData: {}, invocationContext: context };
  const before = { ...hooked, functionCallback: registered.callback, inputs };
  core.state = 'preInvocationHooks';
  await app.runHooks('preInvocation', before);

  core.state = 'invocation';
  const ended = await settle(model.invokeFunction(context, before.inputs, before.functionCallback));

  const after: { result: unknown; error: unknown } = {
    result: 'error' in ended ? null : ended.value,
    error: 'error' in ended ? ended.error : null,
  };
  core.state = 'postInvocationHooks';
  await app.runHooks('postInvocation', Object.assign(after, hooked, { inputs: before.inputs }));
  delete core.state;
  // A hook may have set or cleared the error.
  if (after.error !== null && after.error !== undefined) throw toError(after.error);
  return model.getResponse(context, after.result);
}

function createCoreContext(log: Log, registered: RegisteredFunction, id: string, input: InvocationInput) {
  const { name, bindings } = registered.metadata;
  const [bindingName] = Object.entries(bindings).find(([, binding]) => /trigger$/i.test(binding.type ?? '')) ?? [];
  if (bindingName === undefined) throw new Error(`Function "${name}" has no trigger.`);
  const request: InvocationRequest = {
    invocationId: id,
    inputData: [{ name: bindingName, data: input.data }],
    triggerMetadata: input.metadata ?? {},
    traceContext: { traceParent: input.traceParent ?? createTraceParent(), traceState: '' },
  };
  const context: CoreInvocationContext = {
    invocationId: id,
    request,
    metadata: registered.metadata,
    log: (level, _category, message) => log(level, message, name),
  };
  return context;
}

function createTraceParent(): string {
  return `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01`;
}

async function withTimeout<T>(work: Promise<T>, name: string, timeoutInMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`Timeout value of ${timeoutInMs / 1000} s was exceeded by function: ${name}`)),
      timeoutInMs,
    );
  });
  return Promise.race([work, timeout]).finally(() => clearTimeout(timer));
}

async function settle<T>(work: Promise<T>): Promise<{ readonly value: T } | { readonly error: unknown }> {
  try {
    return { value: await work };
  } catch (error) {
    return { error };
  }
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

function toMessage(error: unknown): string {
  return toError(error).message;
}

function toDetails(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
