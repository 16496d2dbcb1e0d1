/** The function app inside the worker: what `@azure/functions` registered when the entry files were imported. */
import { globSync, readFileSync } from 'node:fs';
import Module from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { FunctionCallback, FunctionMetadata, HookCallback, LogLevel, ProgrammingModel } from './coreTypes.ts';
import type { Log } from './log.ts';

export interface LoadedFunction {
  readonly metadata: FunctionMetadata;
  readonly callback: FunctionCallback;
}

export interface FunctionApp {
  readonly functions: ReadonlyMap<string, LoadedFunction>;
  readonly model: ProgrammingModel;
  runHooks(name: string, context: object): Promise<void>;
}

const coreModule = '@azure/functions-core';

/**
 * Imports the files that `main` of package.json matches, as the Functions worker does. It holds the thread for good: the
 * worker's module is patched into `require` and handlers read `process.env`.
 */
export async function loadFunctionApp(root: string, log: Log): Promise<FunctionApp> {
  const registry = createRegistry(log);
  provideCoreModule(registry.api);
  const files = findEntryFiles(root);
  for (const file of files) await import(pathToFileURL(file).href);

  const model = registry.model();
  if (!model) throw new Error(`${files.length} entry files were loaded and none of them registered a function.`);
  const capabilities = (await model.getCapabilities?.({})) ?? {};
  if (capabilities.HttpUri) throw new Error('enableHttpStream: this host passes bodies with the invocation only.');
  await registry.runHooks('appStart', { hookData: {}, appHookData: registry.appHookData, functionAppDirectory: root });
  registry.close();
  return { functions: registry.functions, model, runHooks: registry.runHooks };
}

function createRegistry(log: Log) {
  const functions = new Map<string, LoadedFunction>();
  const hooks = new Map<string, HookCallback[]>();
  const appHookData = {};
  let programmingModel: ProgrammingModel | undefined;
  let isClosed = false;
  const api = {
    version: '3.10.0',
    hostVersion: '4.1041.0',
    setProgrammingModel(model: ProgrammingModel) {
      programmingModel = model;
    },
    getProgrammingModel: () => programmingModel,
    registerFunction(metadata: FunctionMetadata, callback: FunctionCallback) {
      if (isClosed) throw new Error('A function can only be registered while the app starts.');
      if (functions.has(metadata.name)) throw new Error(`Two functions are named "${metadata.name}".`);
      functions.set(metadata.name, { metadata, callback });
      return { dispose: () => functions.delete(metadata.name) };
    },
    registerHook(name: string, callback: HookCallback) {
      hooks.set(name, [...(hooks.get(name) ?? []), callback]);
      return {
        dispose: () =>
          hooks.set(
            name,
            (hooks.get(name) ?? []).filter((other) => other !== callback),
          ),
      };
    },
    log: (level: LogLevel, _category: string, message: string) => log(level, message),
  };
  const runHooks = async (name: string, context: object) => {
    for (const hook of hooks.get(name) ?? []) await hook(context);
  };
  return { api, functions, appHookData, runHooks, model: () => programmingModel, close: () => (isClosed = true) };
}

/** The worker's own way: `require('@azure/functions-core')` is answered by a patched `Module.prototype.require`. */
function provideCoreModule(api: object): void {
  const prototype = (Module as unknown as { prototype: { require: (id: string) => unknown } }).prototype;
  prototype.require = new Proxy(prototype.require, {
    apply: (target, self, args: [string]) =>
      args[0] === coreModule ? api : Reflect.apply<unknown, [string], unknown>(target, self, args),
  });
}

function findEntryFiles(root: string): readonly string[] {
  const packageFile = join(root, 'package.json');
  const { main } = JSON.parse(readFileSync(packageFile, 'utf8')) as { main?: unknown };
  if (typeof main !== 'string') throw new Error(`${packageFile}: "main" must be the glob of the built functions.`);
  const files = globSync(main, { cwd: root }).sort();
  if (files.length === 0) throw new Error(`${packageFile}: "main" (${main}) matches no file; run "npm run build".`);
  return files.map((file) => join(root, file));
}
