/** The folder of the deployment, and what it says of itself. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { once } from '../core/once.ts';

/** The folder of host.json, above this module: the bundle and the sources lie at different depths. */
export function appRoot(): string {
  root ??= findRoot(path.dirname(fileURLToPath(import.meta.url)));
  return root;
}

let root: string | undefined;

/** As package.json has it. */
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
