/** Runs the command that the first argument names, and loads only that one: `--help` is as fast as a start of Node. */
import { exitCodes, UsageError, type ExitCode } from './exitCodes.ts';
import { helpOf } from './help.ts';
import type { Io } from './io.ts';

export interface Command {
  run(args: readonly string[], io: Io): Promise<ExitCode> | ExitCode;
}

const commands: Readonly<Record<string, () => Promise<Command>>> = {
  list: () => import('./list.ts'),
  diff: () => import('./diff.ts'),
  lookup: () => import('./lookup.ts'),
  explain: () => import('./explain.ts'),
  check: () => import('./check.ts'),
  targets: () => import('./targets.ts'),
};

export async function run(args: readonly string[], io: Io): Promise<ExitCode> {
  const [name = '--help', ...rest] = args;
  const command = commands[name];
  if (name === '--help' || name === '-h' || name === 'help') {
    io.print(helpOf(rest[0]));
    return exitCodes.ok;
  }
  if (name === '--version') {
    io.print(`${(await import('./version.ts')).version}\n`);
    return exitCodes.ok;
  }
  if (command && (rest.includes('--help') || rest.includes('-h'))) {
    io.print(helpOf(name));
    return exitCodes.ok;
  }
  try {
    if (!command) throw new UsageError(await unknownCommand(name));
    return await (await command()).run(rest, io);
  } catch (error) {
    return explainFailure(error, name, io);
  }
}

async function unknownCommand(name: string): Promise<string> {
  const { similarName } = await import('../core/nearest.ts');
  const similar = similarName(name, Object.keys(commands));
  const hint = similar === undefined ? '' : ` Did you mean "${similar}"?`;
  return `There is no command "${name}"; accepted: ${Object.keys(commands).join(', ')}.${hint}`;
}

/** Compared by name, because a module that is loaded later may contain its own copy of a class. */
const usageErrors = new Set(['UsageError', 'RequestError', 'ConfigurationError', 'TargetsFileError']);
const sourceErrors = new Set(['SourceError', 'InvalidDocumentError']);

/** Prints the error and chooses the exit code. A list that cannot be read is not a mistake in the call. */
function explainFailure(error: unknown, name: string, io: Io): ExitCode {
  if (!(error instanceof Error)) throw error;
  if (sourceErrors.has(error.name)) {
    const isDownload = (error as Error & { readonly source?: string }).source === 'download';
    const hint = isDownload ? 'Without a network: --source built-in, or --source file:PATH with a weekly file.\n' : '';
    io.note(`acr-addresses: ${error.message}\n${hint}`);
    return exitCodes.noSource;
  }
  if (!usageErrors.has(error.name)) throw error;
  const more = name in commands ? `acr-addresses ${name} --help` : 'acr-addresses --help';
  io.note(`acr-addresses: ${error.message}\nExamples: ${more}\n`);
  return exitCodes.usage;
}
