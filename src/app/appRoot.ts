/** Finds the folder of the deployment, and the app's version in it. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { once } from '../core/once.ts';

/** The nearest folder above this module with a host.json: bundle and sources lie at different depths below it. */
export function appRoot(): string {
  root ??= findRoot(path.dirname(fileURLToPath(import.meta.url)));
  return root;
}

let root: string | undefined;

/** The version in package.json. */
export const readAppVersion = once(async () => {
  const { version } = JSON.parse(await readFile(path.join(appRoot(), 'package.json'), 'utf8')) as { version: string };
  return version;
});

function findRoot(folder: string): string {
  if (existsSync(path.join(folder, 'host.json'))) return folder;
  const parent = path.dirname(folder);
  if (parent === folder) throw new Error('host.json is in no folder above the app');
  return findRoot(parent);
}
