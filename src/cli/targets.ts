/** `acr-addresses targets` */
import { ConfigurationError } from '../core/errors.ts';
import type { Fault } from '../core/targets/targetEntry.ts';
import { parseTargetsText, TargetsFileError } from '../core/targets/targetsFile.ts';
import { targetsJsonSchema } from '../core/targets/targetsJsonSchema.ts';
import { counted } from '../core/words.ts';
import { exitCodes, UsageError, type ExitCode } from './exitCodes.ts';
import { readGiven } from './files.ts';
import type { Io } from './io.ts';
import { jsonOption, parseOptions } from './options.ts';
import { paint } from './terminal.ts';

export function run(args: readonly string[], io: Io): ExitCode {
  const { values, positionals } = parseOptions(args, jsonOption);
  const [action, path, more] = positionals;
  if (action === 'schema' && path === undefined) {
    io.print(`${JSON.stringify(targetsJsonSchema(), null, 2)}\n`);
    return exitCodes.ok;
  }
  if (action === 'validate' && path === undefined) {
    throw new UsageError(
      'targets validate takes one file, or - for stdin, such as: acr-addresses targets validate targets.json',
    );
  }
  if (action !== 'validate' || path === undefined || more !== undefined) {
    throw new UsageError('targets takes an action; accepted: targets validate FILE, targets schema.');
  }
  return validate(path, values.json ?? false, io);
}

function validate(path: string, asJson: boolean, io: Io): ExitCode {
  const faults = findFaults(readGiven(io, path), path);
  if (asJson) io.print(`${JSON.stringify({ valid: faults.length === 0, errors: faults }, null, 2)}\n`);
  else if (faults.length === 0) io.print(`${paint(io, 'green', 'valid')}: ${path}\n`);
  else
    io.print(
      `${paint(io, 'red', counted(faults.length, 'error'))} in ${path === '-' ? 'stdin' : path}\n${faults.map(format).join('')}`,
    );
  return faults.length === 0 ? exitCodes.ok : exitCodes.different;
}

function format({ path, message }: Fault): string {
  return `  ${path === '' ? '' : `${path}: `}${message}\n`;
}

function findFaults(text: string, path: string): readonly Fault[] {
  try {
    parseTargetsText(text, path);
    return [];
  } catch (error) {
    if (error instanceof TargetsFileError) return error.faults;
    if (error instanceof ConfigurationError) return [{ path: '', message: error.message }];
    throw error;
  }
}
