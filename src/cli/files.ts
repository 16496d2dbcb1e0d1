/** Reads and writes files that options and arguments name. */
import { toErrorMessage } from '../core/errors.ts';
import { UsageError } from './exitCodes.ts';
import type { Io } from './io.ts';
import { fs, path } from './node.ts';

/** Returns the text of a file, or of stdin for `-`. Throws UsageError. */
export function readGiven(io: Io, given: string): string {
  if (given === '-') return io.readInput();
  try {
    return fs.readFileSync(path.resolve(io.folder, given), 'utf8');
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new UsageError(
      `${given} ${isMissing ? 'does not exist' : `cannot be read (${toErrorMessage(error)})`}; accepted: the path of a file, or - for stdin.`,
      {
        cause: error,
      },
    );
  }
}

/** Replaces a file in one step: other programs see the old text or the new one, never a part. Throws UsageError. */
export function replaceFile(io: Io, given: string, text: string): void {
  const file = path.resolve(io.folder, given);
  const temporary = `${file}.new`;
  try {
    fs.writeFileSync(temporary, text);
    fs.renameSync(temporary, file);
  } catch (error) {
    fs.rmSync(temporary, { force: true });
    throw new UsageError(`--out: ${given} cannot be written (${toErrorMessage(error)}). Choose a path that can.`, {
      cause: error,
    });
  }
}
