/** Where the command takes its list from: one release of Microsoft's file, no storage and no targets. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { dateOfFileName } from '../adapters/sources/weeklyFileName.ts';
import { InvalidDocumentError, SourceError, toErrorMessage } from '../core/errors.ts';
import { clouds, defaultServiceTag, type Cloud, type ServiceTagsDocument } from '../core/serviceTags/serviceTags.ts';
import { UsageError } from './exitCodes.ts';
import type { Io } from './io.ts';
import { toCloud } from './options.ts';

export interface SourceValues {
  readonly source?: string | undefined;
  readonly cloud?: string | undefined;
  readonly subscription?: string | undefined;
  readonly location?: string | undefined;
}

export interface ReadRelease {
  readonly document: ServiceTagsDocument;
  /** `YYYY-MM-DD`; undefined if the source does not say. */
  readonly date: string | undefined;
  /** URL or path. */
  readonly origin: string;
}

export interface ReadOptions extends SourceValues {
  /** The newest of that day or before. */
  readonly asOf?: string | undefined;
  /** Only the tags of these services are needed: of a file, the rest is not even checked. */
  readonly services?: readonly string[];
}

export async function readRelease(options: ReadOptions, io: Io): Promise<ReadRelease> {
  const { source = 'download', asOf } = options;
  if (source.startsWith('file:')) return readFile(resolve(io.folder, source.slice('file:'.length)), options);
  if (asOf !== undefined) {
    throw new UsageError(`--as-of: "${asOf}" needs a folder of weekly files; accepted: --source file:FOLDER.`);
  }
  const cloud = toCloud(options.cloud) ?? 'Public';
  const found = await findSource(source, cloud, options, io);
  const { document, date, origin, warnings } = await found.fetch(io.now());
  for (const { message } of warnings.slice(0, 3)) io.note(`warning: ${message}\n`);
  return { document, date, origin };
}

async function findSource(source: string, cloud: Cloud, { subscription, location }: SourceValues, io: Io) {
  if (source === 'download') return (await import('../adapters/sources/download.ts')).downloadSource(cloud);
  if (source.startsWith('https://'))
    return (await import('../adapters/sources/url.ts')).urlSource(source, source, cloud);
  if (source === 'api') {
    const { apiSource } = await import('./apiSource.ts');
    return apiSource(cloud, { subscription, location }, io.env);
  }
  throw new UsageError(`--source: "${source}" is not accepted; accepted: download, api, file:PATH, https://...`);
}

async function readFile(path: string, options: ReadOptions): Promise<ReadRelease> {
  const wanted = toCloud(options.cloud);
  const file = chooseFile(path, wanted, options.asOf);
  const json = readJson(file);
  const { parseServiceTags } = await import('../core/serviceTags/parseServiceTags.ts');
  const cloud = wanted ?? cloudOf(json);
  const narrowed = options.services ? onlyServices(json, options.services) : json;
  try {
    const { document } = parseServiceTags(narrowed, cloud);
    return { document, date: dateOfFileName(basename(file), cloud), origin: file };
  } catch (error) {
    if (error instanceof InvalidDocumentError)
      throw new SourceError('file', `${file}: ${error.message}`, { cause: error });
    throw error;
  }
}

/** The file itself; of a folder the newest weekly file by name. */
function chooseFile(path: string, cloud: Cloud | undefined, asOf: string | undefined): string {
  const isFolder = onDisk(path, () => statSync(path).isDirectory());
  if (!isFolder) return path;
  const dated = onDisk(path, () => readdirSync(path)).flatMap((name) =>
    (cloud ? [cloud] : clouds).flatMap((candidate) => {
      const date = dateOfFileName(name, candidate);
      return date === undefined ? [] : [{ cloud: candidate, date, path: join(path, name) }];
    }),
  );
  const [first] = dated;
  if (!first) throw new SourceError('file', `${path} has no file ServiceTags_<cloud>_<YYYYMMDD>.json`);
  // Files of several clouds may lie side by side: Public is what is meant unless --cloud says otherwise.
  const meant = dated.some((file) => file.cloud === 'Public') ? 'Public' : first.cloud;
  const chosen = dated
    .filter((file) => file.cloud === meant && (asOf === undefined || file.date <= asOf))
    .sort((a, b) => (a.date < b.date ? 1 : -1))[0];
  if (!chosen) throw new SourceError('file', `${path} has no weekly file of ${asOf ?? 'any day'} or before`);
  return chosen.path;
}

function readJson(file: string): unknown {
  const text = onDisk(file, () => readFileSync(file, 'utf8')).replace(/^\uFEFF/, '');
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const kind = text.trimStart().startsWith('<') ? 'a page, not JSON' : `not JSON: ${toErrorMessage(error)}`;
    throw new SourceError('file', `${file} is ${kind}`, { cause: error });
  }
}

function cloudOf(json: unknown): Cloud {
  const named = (json as { readonly cloud?: unknown } | null)?.cloud;
  return clouds.find((cloud) => typeof named === 'string' && cloud.toLowerCase() === named.toLowerCase()) ?? 'Public';
}

/**
 * A document with the tags of some services only: the ACR tags, whose region codes others use, are always among them.
 * Without a tag of a service, and of another shape, it stays as it is, and the parser says what is wrong.
 */
function onlyServices(json: unknown, services: readonly string[]): unknown {
  const { values } = (json ?? {}) as { readonly values?: unknown };
  if (!Array.isArray(values)) return json;
  const wanted = new Set([...services, defaultServiceTag].map((name) => name.toLowerCase()));
  const found = values.filter((value: unknown) => {
    const { name } = (value ?? {}) as { readonly name?: unknown };
    return typeof name !== 'string' || wanted.has((name.split('.', 1)[0] ?? '').toLowerCase());
  });
  const names = new Set(found.map((value: { name?: string }) => value.name?.split('.', 1)[0]?.toLowerCase()));
  return services.every((service) => names.has(service.toLowerCase())) ? { ...(json as object), values: found } : json;
}

function onDisk<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const what = isMissing ? 'does not exist' : `cannot be read (${toErrorMessage(error)})`;
    throw new SourceError('file', `${path} ${what}; accepted: a weekly file, or a folder of them`, { cause: error });
  }
}
