/** Bundles the command `acr-addresses` into `dist/cli`: one small file to start with, the rest when it is needed. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';

export interface CliBuildOptions {
  /** The project. */
  readonly root: string;
  /** Emptied first. */
  readonly out: string;
}

/**
 * Packages that are CommonJS ask for Node's own modules with `require`. Only the file with esbuild's stand-in for it gets
 * one: it costs a millisecond, and there are many files.
 */
const requireBanner =
  "import { createRequire as createRequireOfBundle } from 'node:module'; const require = createRequireOfBundle(import.meta.url);";

export async function buildCli({ root, out }: CliBuildOptions): Promise<void> {
  rmSync(out, { recursive: true, force: true });
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: ['src/cli/acr-addresses.ts'],
    outdir: out,
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    minify: true,
    keepNames: true,
    format: 'esm',
    platform: 'node',
    target: 'node22',
    mainFields: ['module', 'main'],
    conditions: ['import', 'module'],
    legalComments: 'none',
    logLevel: 'warning',
    write: false,
  });
  for (const { path, text } of outputFiles) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text.includes('Dynamic require of') ? `${requireBanner}\n${text}` : text);
  }
}

if (import.meta.main) {
  const root = dirname(import.meta.dirname);
  await buildCli({ root, out: join(root, 'dist/cli') });
  console.log('dist/cli: acr-addresses');
}
