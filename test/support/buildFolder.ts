/**
 * Before the first test file: makes the folder that the files of this run share. It has a build (see builtApp.ts) and what
 * Node has compiled, so that the many processes that tests start do not compile the same modules again.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export default function makeBuildFolder(): void {
  const folder = mkdtempSync(join(tmpdir(), 'build-of-tests-'));
  process.env.BUILD_FOLDER = folder;
  process.env.NODE_COMPILE_CACHE ??= join(folder, 'compiled');
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
}
