/** What `npm run build` builds, in a folder outside the project. The first test file that asks builds it for all. */
import { existsSync, mkdirSync, renameSync, rmdirSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { buildApp } from '../../dev/build.ts';
import { buildCli } from '../../dev/buildCli.ts';

const project = resolve(import.meta.dirname, '../..');

/** Returns a folder with `dist`, `host.json`, `package.json` and `public`. Do not write to it. */
export async function builtApp(): Promise<string> {
  const folder = process.env.BUILD_FOLDER ?? '';
  const app = join(folder, 'app');
  while (!existsSync(app)) {
    if (lock(folder)) await build(folder, app).finally(() => rmdirSync(join(folder, 'lock')));
    else await setTimeout(100);
  }
  return app;
}

function lock(folder: string): boolean {
  try {
    mkdirSync(join(folder, 'lock'));
    return true;
  } catch {
    return false;
  }
}

async function build(folder: string, app: string): Promise<void> {
  // Another file may have built it just before this one got the lock.
  if (existsSync(app)) return;
  const unfinished = join(folder, 'unfinished');
  await buildApp({ root: project, out: join(unfinished, 'dist') });
  await buildCli({ root: project, out: join(unfinished, 'dist/cli') });
  for (const name of ['host.json', 'package.json', 'public'])
    await cp(join(project, name), join(unfinished, name), { recursive: true });
  renameSync(unfinished, app);
}
