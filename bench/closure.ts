/** How much code one update is: runtime imports of updateTarget, without Azure and storage. `node bench/closure.ts` */
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
