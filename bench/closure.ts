/**
 * `node bench/closure.ts`: counts the files and lines that updateTarget imports at run time, without adapters and
 * packages.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';

const root = path.dirname(import.meta.dirname);
const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: ['src/app/updateTarget.ts'],
  bundle: true,
  write: false,
  metafile: true,
  platform: 'node',
  format: 'esm',
  packages: 'external',
});
const files = Object.keys(metafile.inputs).filter((file) => file.startsWith('src/'));
const lines = files.map((file) => readFileSync(path.join(root, file), 'utf8').trimEnd().split('\n').length);
console.log(`${files.length} files, ${lines.reduce((sum, count) => sum + count, 0)} lines`);
const linesOf = (part: string): number =>
  files.reduce((sum, file, index) => sum + (file.startsWith(`src/${part}/`) ? (lines[index] ?? 0) : 0), 0);
for (const part of ['core/plan', 'core/history', 'app/update', 'core/targets', 'core/ledger'])
  console.log(`${part}: ${linesOf(part)}`);
