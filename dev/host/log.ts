/** What the host and the functions report. */
import type { LogLevel } from './coreTypes.ts';

export interface LogEntry {
  readonly time: string;
  readonly level: LogLevel;
  /** The function that logged; absent where the host itself did. */
  readonly functionName?: string;
  readonly message: string;
}

export type Log = (level: LogLevel, message: string, functionName?: string) => void;

const order: readonly LogLevel[] = ['trace', 'debug', 'information', 'warning', 'error', 'critical', 'none'];

export function isAtLeast(level: LogLevel, least: LogLevel): boolean {
  return order.indexOf(level) >= order.indexOf(least);
}

export function formatLogEntry(entry: LogEntry): string {
  return `[${entry.time}] ${entry.level.padEnd(11)} ${entry.functionName ?? 'host'}: ${entry.message}`;
}
