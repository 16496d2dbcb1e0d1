import type { Logger } from '../../src/app/ports.ts';

/** A logger whose lines, of all levels, are kept. */
export function collectLogs(): { readonly logger: Logger; readonly lines: string[] } {
  const lines: string[] = [];
  const write = (message: string, details?: unknown): void => void lines.push(`${message} ${JSON.stringify(details)}`);
  return { logger: { info: write, warn: write, error: write }, lines };
}
