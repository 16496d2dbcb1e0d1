/** Writes log lines to the invocation that they belong to; outside of an invocation, to the console. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { redactValue } from '../core/redact.ts';
import type { Logger } from './ports.ts';

/** The log methods of an Azure Functions invocation context. */
export interface InvocationLog {
  info(...args: unknown[]): void;
  warn(...args: unknown[]): void;
  error(...args: unknown[]): void;
}

const invocations = new AsyncLocalStorage<InvocationLog>();

export function withInvocationLog<T>(log: InvocationLog, work: () => Promise<T>): Promise<T> {
  return invocations.run(log, work);
}

export const invocationLogger: Logger = {
  info: (message, details) => write('info', message, details),
  warn: (message, details) => write('warn', message, details),
  error: (message, details) => write('error', message, details),
};

function write(
  level: keyof InvocationLog,
  message: string,
  details: Readonly<Record<string, unknown>> | undefined,
): void {
  const log = invocations.getStore() ?? console;
  if (details === undefined) log[level](message);
  else log[level](message, JSON.stringify(redactValue(details)));
}
