/** `npm run package`: builds the functions and writes the same zip as `func azure functionapp publish --no-build`. */
import { createWriteStream, globSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ZipFile } from 'yazl';
import { buildApp } from './build.ts';
import { readFuncIgnore } from './funcIgnore.ts';

export interface PackageOptions {
  /** The project: package.json, host.json, .funcignore, src/functions. */
  readonly root: string;
  /** Where to write the zip. */
  readonly zip: string;
}

export interface PackageResult {
  /** Paths in the zip, sorted. */
  readonly files: readonly string[];
  readonly bytes: number;
  readonly unpackedBytes: number;
}

/** Time of all files in the zip: fixed, so that the same sources give the same bytes. */
const fixedTime = new Date(1980, 0, 1);

/** Builds into a temporary folder, so that a `dist` that is being served does not change. */
export async function packageApp({ root, zip }: PackageOptions): Promise<PackageResult> {
  const dist = mkdtempSync(path.join(tmpdir(), 'acr-address-keeper-'));
  try {
    await buildApp({ root, out: dist });
    return await packBuild({ root, dist, zip });
  } finally {
    rmSync(dist, { recursive: true, force: true });
  }
}

/** `dist`: folder of what was built from `root`. */
export async function packBuild({
  root,
  dist,
  zip,
}: PackageOptions & { readonly dist: string }): Promise<PackageResult> {
  const files = new Map([
    ...listFiles(root, ['dist/**', 'node_modules/**']).map((file): [string, string] => [file, path.join(root, file)]),
    ...listFiles(dist, []).map((file): [string, string] => [`dist/${file}`, path.join(dist, file)]),
  ]);
  const shipped = selectShipped(root, [...files.keys()]);
  await writeZip(
    shipped.map((file) => [file, files.get(file) ?? '']),
    zip,
  );
  const unpackedBytes = shipped.reduce((sum, file) => sum + statSync(files.get(file) ?? '').size, 0);
  return { files: shipped, bytes: statSync(zip).size, unpackedBytes };
}

/** Returns the files (paths relative to `root`) that .funcignore lets ship, sorted. */
export function selectShipped(root: string, files: readonly string[]): string[] {
  return files.filter(readFuncIgnore(readFileSync(path.join(root, '.funcignore'), 'utf8'))).sort();
}

function listFiles(root: string, exclude: readonly string[]): string[] {
  return globSync('**/*', { cwd: root, exclude, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'));
}

async function writeZip(files: readonly (readonly [name: string, source: string])[], zip: string): Promise<void> {
  const archive = new ZipFile();
  for (const [name, source] of files) {
    archive.addFile(source, name, { mtime: fixedTime, mode: 0o100644, forceDosTimestamp: true });
  }
  archive.end();
  await pipeline(archive.outputStream, createWriteStream(zip));
}

if (import.meta.main) {
  const root = path.dirname(import.meta.dirname);
  const zip = path.join(root, 'acr-address-keeper.zip');
  const { files, bytes, unpackedBytes } = await packageApp({ root, zip });
  console.log(
    `${path.relative(process.cwd(), zip)}: ${files.length} files, ${toKb(bytes)} kB (${toKb(unpackedBytes)} kB unpacked)`,
  );
}

function toKb(bytes: number): number {
  return Math.round(bytes / 1024);
}
