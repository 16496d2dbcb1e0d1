/**
 * The part of `@azure/functions-core` that the library `@azure/functions` uses. The Functions worker provides that
 * module at run time only; no package of that name is published, so its types are written down here.
 */
import type { InvocationContext } from '@azure/functions';

export interface RpcTypedData {
  readonly string?: string;
  readonly json?: string;
  readonly bytes?: Uint8Array;
  readonly int?: number;
  readonly http?: RpcHttp;
}

export interface RpcNullable<T> {
  readonly value?: T | null;
}

export interface RpcHttp {
  readonly url?: string;
  readonly method?: string;
  readonly nullableHeaders?: Readonly<Record<string, RpcNullable<string>>>;
  readonly nullableQuery?: Readonly<Record<string, RpcNullable<string>>>;
  readonly nullableParams?: Readonly<Record<string, RpcNullable<string>>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly statusCode?: string;
  readonly body?: RpcTypedData | null;
}

export interface BindingInfo {
  readonly type?: string;
  readonly direction?: string;
  readonly [property: string]: unknown;
}

export interface FunctionMetadata {
  readonly name: string;
  readonly bindings: Readonly<Record<string, BindingInfo>>;
}

export type FunctionCallback = (...args: unknown[]) => unknown;

export interface InvocationRequest {
  readonly invocationId: string;
  readonly inputData: readonly { readonly name: string; readonly data: RpcTypedData }[];
  readonly triggerMetadata: Readonly<Record<string, RpcTypedData>>;
  readonly traceContext: { readonly traceParent: string; readonly traceState: string };
}

export type LogLevel = 'trace' | 'debug' | 'information' | 'warning' | 'error' | 'critical' | 'none';
export type LogCategory = 'user' | 'system' | 'customMetric';

export interface CoreInvocationContext {
  readonly invocationId: string;
  readonly request: InvocationRequest;
  readonly metadata: FunctionMetadata;
  /** The library warns about logging after the end unless this says that hooks are running. */
  state?: 'preInvocationHooks' | 'invocation' | 'postInvocationHooks';
  log(level: LogLevel, category: LogCategory, message: string): void;
}

export interface InvocationModel {
  getArguments(): Promise<{ readonly context: InvocationContext; readonly inputs: unknown[] }>;
  invokeFunction(context: InvocationContext, inputs: unknown[], handler: FunctionCallback): Promise<unknown>;
  getResponse(context: InvocationContext, result: unknown): Promise<InvocationResponse>;
}

export interface InvocationResponse {
  readonly returnValue?: RpcTypedData | null;
}

export interface ProgrammingModel {
  readonly name: string;
  readonly version: string;
  getInvocationModel(context: CoreInvocationContext): InvocationModel | Promise<InvocationModel>;
  getCapabilities?(capabilities: Record<string, string>): Promise<Record<string, string>>;
}

export type HookCallback = (context: object) => unknown;
