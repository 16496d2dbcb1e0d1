/** Files that the caller names. */
import { toErrorMessage } from '../core/errors.ts';
import { UsageError } from './exitCodes.ts';
import type { Io } from './io.ts';
import { fs, path } from './node.ts';

/** The text of a file, or of stdin for `-`. */
export function readGiven(io: Io, given: string): string {
  if (given === '-') return io.readInput();
  try {
    return fs.readFileSync(path.resolve(io.folder, given), 'utf8');
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new UsageError(`${given} ${isMissing ? 'does not exist' : `cannot be read (${toErrorMessage(error)})`}.`, {
      cause: error,
    });
  }
}

/** Whoever reads the file meanwhile sees the old text or the new one, never a part. */
export function replaceFile(io: Io, given: string, text: string): void {
  const file = path.resolve(io.folder, given);
  const aside = `${file}.new`;
  try {
    fs.writeFileSync(aside, text);
    fs.renameSync(aside, file);
  } catch (error) {
    fs.rmSync(aside, { force: true });
    throw new UsageError(`--out: ${given} cannot be written (${toErrorMessage(error)}).`, { cause: error });
  }
}
