import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { ServiceTagsSource } from '../../app/ports.ts';
import { SourceError, toErrorMessage } from '../../core/errors.ts';
import { parseServiceTagsText } from '../../core/serviceTags/parseServiceTags.ts';
import type { Cloud, ServiceTagsDownload } from '../../core/serviceTags/serviceTags.ts';
import { decodeText } from './decodeText.ts';
import { defaultMaxBytes } from './fetchText.ts';
import { parseFrom } from './readDownload.ts';
import { readNewestDay } from './readNewestDay.ts';
import { dateOfFileName } from './weeklyFileName.ts';

export interface FileOptions {
  readonly maxBytes?: number;
}

/** Reads one JSON file, or the newest (by name) of a folder of weekly files. Each fetch lists the folder again. */
export function fileSource(name: string, path: string, cloud: Cloud, options: FileOptions = {}): ServiceTagsSource {
  const read = (file: string) => readOne(name, file, cloud, options.maxBytes ?? defaultMaxBytes);
  return {
    name,
    async fetch(now = new Date(), misdated) {
      if (!(await statOf(name, path)).isDirectory()) return read(path);
      const files = await filesByDay(name, path, cloud);
      return readNewestDay([...files.keys()], now, (day) => read(files.get(day) ?? path), misdated);
    },
  };
}

async function readOne(source: string, file: string, cloud: Cloud, maxBytes: number): Promise<ServiceTagsDownload> {
  const { size } = await statOf(source, file);
  if (size > maxBytes) throw new SourceError(source, `${file} has ${size} bytes, at most ${maxBytes} are accepted`);
  const text = decodeText(await onDisk(source, file, () => readFile(file)));
  const { document, warnings } = parseFrom(source, file, () => parseServiceTagsText(text, cloud));
  return { source, date: dateOfFileName(basename(file), cloud), origin: file, document, warnings };
}

/** Day → path of its weekly file; of several copies the last by name. Throws SourceError if the folder has none. */
async function filesByDay(source: string, folder: string, cloud: Cloud): Promise<ReadonlyMap<string, string>> {
  const names = (await onDisk(source, folder, () => readdir(folder))).sort();
  const files = new Map(names.map((name) => [dateOfFileName(name, cloud), join(folder, name)]));
  files.delete(undefined);
  if (files.size > 0) return files as ReadonlyMap<string, string>;
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
