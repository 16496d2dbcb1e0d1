/** The worker: a thread that loads the function app and runs its functions, as the platform's Node process does. */
import { parentPort, workerData } from 'node:worker_threads';
import type { CoreInvocationContext, InvocationRequest, InvocationResponse } from './coreTypes.ts';
import { loadFunctionApp, type FunctionApp, type LoadedFunction } from './functionApp.ts';
import type { Log } from './log.ts';
import type { FromWorker, ToWorker, WorkerError } from './worker.ts';

const { root } = workerData as { readonly root: string };

const send = (message: FromWorker, moved: readonly ArrayBuffer[] = []): void =>
  parentPort?.postMessage(message, [...moved]);
const log: Log = (level, message, functionName) =>
  send({ type: 'log', level, message, ...(functionName === undefined ? {} : { functionName }) });

async function main(): Promise<void> {
  const app = await load();
  parentPort?.on('message', (message: ToWorker) => {
    if (message.type === 'stop') void stop(app);
    else void answer(app, message);
  });
  send({ type: 'ready', functions: [...(app?.functions.values() ?? [])].map(({ metadata }) => metadata) });
}

/** Without functions the host goes on: so does the platform's, which says so in its log alone. */
async function load(): Promise<FunctionApp | undefined> {
  try {
    return await loadFunctionApp(root, log);
  } catch (error) {
    log('error', `Worker was unable to load entry point: ${toError(error).details}`);
    return undefined;
  }
}

async function stop(app: FunctionApp | undefined): Promise<void> {
  await app?.runHooks('appTerminate', { hookData: {}, appHookData: {} });
  send({ type: 'stopped' });
}

async function answer(app: FunctionApp | undefined, { name, request }: ToWorker & { type: 'invoke' }): Promise<void> {
  const id = request.invocationId;
  try {
    const loaded = app?.functions.get(name);
    if (!app || !loaded) throw new Error(`There is no function "${name}".`);
    const response = await run(app, loaded, request);
    send({ type: 'ended', id, response }, movable(response));
  } catch (error) {
    send({ type: 'ended', id, error: toError(error) });
  }
}

/** The bytes of an answer go to the host as they are, uncopied, if nothing else lies in their buffer. */
function movable({ returnValue }: InvocationResponse): ArrayBuffer[] {
  const bytes = returnValue?.http?.body?.bytes;
  const isAlone = bytes?.buffer instanceof ArrayBuffer && bytes.byteLength === bytes.buffer.byteLength;
  return isAlone && bytes.byteLength > 0 ? [bytes.buffer] : [];
}

/** Runs one function through the library's own programming model, which makes its inputs and reads its result. */
async function run(app: FunctionApp, { metadata, callback }: LoadedFunction, request: InvocationRequest) {
  const core: CoreInvocationContext = {
    invocationId: request.invocationId,
    request,
    metadata,
    log: (level, _category, message) => log(level, message, metadata.name),
  };
  const model = await app.model.getInvocationModel(core);
  const { context, inputs } = await model.getArguments();

  const hooked = { hookData: {}, appHookData: {}, invocationContext: context };
  const before = { ...hooked, functionCallback: callback, inputs };
  core.state = 'preInvocationHooks';
  await app.runHooks('preInvocation', before);

  core.state = 'invocation';
  const after: { result: unknown; error: unknown } = { result: null, error: null };
  try {
    after.result = await model.invokeFunction(context, before.inputs, before.functionCallback);
  } catch (error) {
    after.error = error;
  }
  core.state = 'postInvocationHooks';
  await app.runHooks('postInvocation', Object.assign(after, hooked, { inputs: before.inputs }));
  delete core.state;
  // A hook may have set or cleared the error.
  if (after.error !== null && after.error !== undefined) throw toThrowable(after.error);
  return model.getResponse(context, after.result);
}

function toThrowable(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

function toError(error: unknown): WorkerError {
  const { message, stack } = toThrowable(error);
  return { message, details: stack ?? message };
}

await main();
