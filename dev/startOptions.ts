/** Arguments of `npm start`. */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

export interface StartOptions {
  /** Ends after the pulls instead of serving on. */
  readonly once: boolean;
  /** Undefined: 7071, or any free one where that is taken. */
  readonly port: number | undefined;
  /** Undefined: the bundled sample, one release after the other. */
  readonly source: string | undefined;
  /** Undefined: those of the sample. */
  readonly targetsFile: string | undefined;
  /** A built app: this project, or a package that was unpacked. */
  readonly root: string;
}

export const usage = `npm start -- [--once] [--source SOURCE] [--targets FILE] [--port N] [--root DIR]

  --once           pull, print what changed, end
  --source SOURCE  file:PATH (a weekly file or a folder of them), download, api, or https://…
                   without it: the sample releases of dev/sample, one after the other
  --targets FILE   a targets file; its resources are made up in the simulator
  --port N         1-65535, default 7071
  --root DIR       a built app, default this project`;

/** Paths are those of the caller's folder. */
export function parseStartOptions(args: readonly string[], folder: string): StartOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      once: { type: 'boolean', default: false },
      port: { type: 'string' },
      source: { type: 'string' },
      targets: { type: 'string' },
      root: { type: 'string' },
    },
  });
  return {
    once: values.once,
    port: values.port === undefined ? undefined : toPort(values.port),
    source: values.source === undefined ? undefined : toSource(values.source, folder),
    targetsFile: values.targets === undefined ? undefined : resolve(folder, values.targets),
    root: values.root === undefined ? resolve(import.meta.dirname, '..') : resolve(folder, values.root),
  };
}

function toPort(text: string): number {
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
