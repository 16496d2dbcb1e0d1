import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { ServiceTagsSource } from '../../app/ports.ts';
import { SourceError, toErrorMessage } from '../../core/errors.ts';
import { parseServiceTagsText } from '../../core/parseServiceTags.ts';
import type { Cloud, ServiceTagsDownload } from '../../core/serviceTags.ts';
import { defaultMaxBytes } from './fetchText.ts';
import { parseFrom } from './readDownload.ts';
import { dateOfFileName } from './urls.ts';

export interface FileOptions {
  readonly maxBytes?: number;
}

/** One JSON file, or the newest by name of a folder of weekly files. The folder is looked at again on each fetch. */
export function fileSource(path: string, cloud: Cloud, options: FileOptions = {}): ServiceTagsSource {
  const name = `file:${path}`;
  return { name, fetch: () => readFileOrFolder(name, path, cloud, options.maxBytes ?? defaultMaxBytes) };
}

async function readFileOrFolder(
  source: string,
  path: string,
  cloud: Cloud,
  maxBytes: number,
): Promise<ServiceTagsDownload> {
  const file = (await statOf(source, path)).isDirectory() ? await newestOf(source, path, cloud) : path;
  const { size } = await statOf(source, file);
  if (size > maxBytes) throw new SourceError(source, `${file} has ${size} bytes, at most ${maxBytes} are accepted`);
  const text = await onDisk(source, file, () => readFile(file, 'utf8'));
  const { document, warnings } = parseFrom(source, file, () => parseServiceTagsText(text, cloud));
  return { source, date: dateOfFileName(basename(file), cloud), origin: file, document, warnings };
}

async function newestOf(source: string, folder: string, cloud: Cloud): Promise<string> {
  const names = await onDisk(source, folder, () => readdir(folder));
  const dated = names.flatMap((name) => {
    const date = dateOfFileName(name, cloud);
    return date === undefined ? [] : [{ name, date }];
  });
  const newest = dated.sort((a, b) => (a.date < b.date || (a.date === b.date && a.name < b.name) ? 1 : -1))[0];
  if (newest) return join(folder, newest.name);
  const expected = `ServiceTags_${cloud}_<YYYYMMDD>.json`;
  throw new SourceError(source, `${folder} has no file ${expected} among its ${names.length} entries`);
}

function statOf(source: string, path: string) {
  return onDisk(source, path, () => stat(path));
}

async function onDisk<T>(source: string, path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const what =
      (cause as NodeJS.ErrnoException).code === 'ENOENT'
        ? 'does not exist'
        : `cannot be read (${toErrorMessage(cause)})`;
    throw new SourceError(source, `${path} ${what}, expected a JSON file or a folder of weekly files`, { cause });
  }
}
