/** Files that the caller names. */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { toErrorMessage } from '../core/errors.ts';
import { UsageError } from './exitCodes.ts';
import type { Io } from './io.ts';

/** The text of a file, or of stdin for `-`. */
export function readGiven(io: Io, path: string): string {
  if (path === '-') return io.readInput();
  try {
    return readFileSync(resolve(io.folder, path), 'utf8');
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new UsageError(`${path} ${isMissing ? 'does not exist' : `cannot be read (${toErrorMessage(error)})`}.`, {
      cause: error,
    });
  }
}

/** Whoever reads the file meanwhile sees the old text or the new one, never a part. */
export function replaceFile(io: Io, path: string, text: string): void {
  const file = resolve(io.folder, path);
  const aside = `${file}.new`;
  try {
    writeFileSync(aside, text);
    renameSync(aside, file);
  } catch (error) {
    rmSync(aside, { force: true });
    throw new UsageError(`--out: ${path} cannot be written (${toErrorMessage(error)}).`, { cause: error });
  }
}
