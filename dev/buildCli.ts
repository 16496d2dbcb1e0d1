/**
 * Bundles the command `acr-addresses` into `dist/cli`: one CommonJS file for the start, and one for each module that it
 * loads later. CommonJS, because Node's loader for ES modules alone takes a quarter of the start time.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { build, type Metafile, type Plugin } from 'esbuild';
import { renderNotices } from './notices.ts';

export interface CliBuildOptions {
  /** The project. */
  readonly root: string;
  /** Emptied first. */
  readonly out: string;
}

/** Replaces `import.meta.url`, which some packages use and CommonJS does not have. */
const fileUrlBanner = "const fileUrlOfBundle = require('node:url').pathToFileURL(__filename).href;";

export async function buildCli({ root, out }: CliBuildOptions): Promise<void> {
  rmSync(out, { recursive: true, force: true });
  const files = new Set([join(root, 'src/cli/acr-addresses.ts')]);
  // The loop also visits files that buildFile adds to the set.
  const outputs: Metafile['outputs'] = {};
  for (const file of files) Object.assign(outputs, (await buildFile(root, out, file, files)).outputs);
  writeFileSync(join(out, 'THIRD-PARTY-NOTICES.txt'), renderNotices({ inputs: {}, outputs }, root));
}

async function buildFile(root: string, out: string, file: string, files: Set<string>): Promise<Metafile> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: [file],
    outdir: out,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    minify: true,
    keepNames: true,
    format: 'cjs',
    platform: 'node',
    target: 'node22',
    mainFields: ['module', 'main'],
    conditions: ['import', 'module'],
    supported: { 'dynamic-import': false },
    define: { 'import.meta.url': 'fileUrlOfBundle' },
    plugins: [loadLater(files)],
    legalComments: 'none',
    logLevel: 'warning',
    write: false,
    metafile: true,
  });
  for (const { path, text } of outputFiles) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text.includes('fileUrlOfBundle') ? `${fileUrlBanner}\n${text}` : text);
  }
  return metafile;
}

/** Makes every module of this project that is loaded with `import(…)` a file of its own, with the same name. */
function loadLater(found: Set<string>): Plugin {
  return {
    name: 'load-later',
    setup(bundler) {
      bundler.onResolve({ filter: /\.ts$/ }, ({ path, resolveDir, kind }) => {
        if (kind !== 'dynamic-import') return undefined;
        found.add(resolve(resolveDir, path));
        return { path: `./${basename(path, '.ts')}.cjs`, external: true };
      });
    },
  };
}

if (import.meta.main) {
  const root = dirname(import.meta.dirname);
  await buildCli({ root, out: join(root, 'dist/cli') });
  console.log('dist/cli: acr-addresses');
}
