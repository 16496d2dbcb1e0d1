import { parseArgs, type ParseArgsConfig } from 'node:util';

/** Parses the flags of a command. The error for a flag that it does not have ends with `usage`. */
export function parseFlags<T extends NonNullable<ParseArgsConfig['options']>>(
  args: readonly string[],
  options: T,
  usage: string,
) {
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    const [what] = (error as Error).message.split('. To specify');
    throw new Error(`${what}.\n\n${usage}`, { cause: error });
  }
}
