/** Arguments of `npm start`. */
import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseFlags } from './flags.ts';

export interface StartOptions {
  /** End after the pulls instead of serving. */
  readonly once: boolean;
  /** Undefined: 7071, or any free port if that is in use. */
  readonly port: number | undefined;
  /** Undefined: the bundled sample, one release after the other. */
  readonly source: string | undefined;
  /** Folder whose weekly files are pulled, oldest first. The bundled sample if there is no source. */
  readonly releasesFolder?: string | undefined;
  /** Undefined: the targets of the sample. */
  readonly targetsFile: string | undefined;
  /** Folder of a built app: this project, or an unpacked package. */
  readonly root: string;
}

export const usage = `npm start -- [--once] [--source SOURCE] [--targets FILE] [--port N] [--root DIR]

  --once           pull, print what changed, end
  --source SOURCE  file:FOLDER  weekly files, pulled one after the other, oldest first, then each new one
                   file:FILE    one weekly file
                   download, api, https://…
                   without it: the sample releases of dev/sample, dated as if the last one came out yesterday
  --targets FILE   a targets file; its resources are made up in the simulator
                   without it: targets.json in the folder of --source, else those of the sample
  --port N         1-65535, default 7071, or any free one if that is taken
  --root DIR       a built app, default this project`;

const flags = {
  once: { type: 'boolean', default: false },
  port: { type: 'string' },
  source: { type: 'string' },
  targets: { type: 'string' },
  root: { type: 'string' },
} as const;

/** Resolves paths from `folder`, the one in which the user called npm. Throws Error for wrong arguments. */
export function parseStartOptions(args: readonly string[], folder: string): StartOptions {
  const values = parseFlags(args, flags, usage);
  const source = values.source === undefined ? undefined : toSource(values.source, folder);
  const releasesFolder = source === undefined ? sampleReleases : folderOf(source);
  return {
    once: values.once,
    port: toPort(values.port),
    source,
    releasesFolder,
    targetsFile: values.targets === undefined ? ownTargets(releasesFolder) : resolve(folder, values.targets),
    root: values.root === undefined ? resolve(import.meta.dirname, '..') : resolve(folder, values.root),
  };
}

export const sampleReleases = join(import.meta.dirname, 'sample/releases');

function folderOf(source: string): string | undefined {
  const path = source.slice('file:'.length);
  return source.startsWith('file:') && existsSync(path) && statSync(path).isDirectory() ? path : undefined;
}

/** Returns the targets.json in the folder of weekly files, if there is one. */
function ownTargets(releasesFolder: string | undefined): string | undefined {
  const file = join(releasesFolder ?? '', 'targets.json');
  return releasesFolder !== undefined && existsSync(file) ? file : undefined;
}

export function toPort(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (Number.isInteger(port) && port >= 1 && port <= 65535) return port;
  throw new Error(`--port: "${text}" is not a number from 1 to 65535.`);
}

function toSource(text: string, folder: string): string {
  if (text === 'download' || text === 'api' || text.startsWith('https://')) return text;
  if (text.startsWith('file:') && text.length > 'file:'.length) {
    return `file:${resolve(folder, text.slice('file:'.length))}`;
  }
  throw new Error(`--source: "${text}" is not file:PATH, download, api or https://…`);
}
