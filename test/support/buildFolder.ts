/** Before the first test file: makes the folder in which the files of this run share a build, see builtApp.ts. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export default function makeBuildFolder(): void {
  const folder = mkdtempSync(join(tmpdir(), 'build-of-tests-'));
  process.env.BUILD_FOLDER = folder;
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
}
