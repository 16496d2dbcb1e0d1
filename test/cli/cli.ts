/** Runs a command in this process. */
import type { Io } from '../../src/cli/io.ts';
import { run } from '../../src/cli/run.ts';

export interface Ran {
  readonly code: number;
  readonly output: string;
  readonly notes: string;
}

export async function cli(args: readonly string[], rest: Partial<Io> & { readonly input?: string } = {}): Promise<Ran> {
  let output = '';
  let notes = '';
  const code = await run(args, {
    isTerminal: false,
    folder: process.cwd(),
    env: {},
    now: () => new Date('2026-11-30T12:00:00Z'),
    readInput: () => rest.input ?? '',
    print: (text) => {
      output += text;
    },
    note: (text) => {
      notes += text;
    },
    ...rest,
  });
  return { code, output, notes };
}
