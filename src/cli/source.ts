/** Reads one release from the source that the options name. Uses neither the app's storage nor its targets. */
import { dateOfFileName } from '../adapters/sources/weeklyFileName.ts';
import { resolveTags } from '../app/queries/tagQuery.ts';
import { SourceError, toErrorMessage } from '../core/errors.ts';
import { serviceOf } from '../core/history/historyDocument.ts';
import { isRegistryTag } from '../core/history/limits.ts';
import { toDocument, type RawDocument, type RawTag } from '../core/serviceTags/rawDocument.ts';
import { clouds, defaultServiceTag, type Cloud, type ServiceTagsDocument } from '../core/serviceTags/serviceTags.ts';
import { withoutSecrets, withSecretsHidden } from '../core/urls.ts';
import { UsageError } from './exitCodes.ts';
import type { Io } from './io.ts';
import type { Selection } from './listing.ts';
import { fs, path } from './node.ts';
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
  /** URL, path, or a description such as `the built-in history`. */
  readonly origin: string;
}

export interface ReadOptions extends SourceValues {
  /** `YYYY-MM-DD`: read the newest release of that day or earlier. */
  readonly asOf?: string | undefined;
  /** Tags that the command needs, to refuse those that the built-in history does not contain. */
  readonly tags?: readonly string[];
  /** If set, only prefixes of these tags are needed; those of all other tags in a file are not parsed. */
  readonly selection?: Selection;
}

export async function readRelease(options: ReadOptions, io: Io): Promise<ReadRelease> {
  const { asOf } = options;
  const source = options.source ?? (asOf === undefined ? 'download' : 'built-in');
  const cloud = toCloud(options.cloud);
  if (source.startsWith('file:'))
    return readFile(path.resolve(io.folder, source.slice('file:'.length)), cloud, options);
  if (source === 'built-in') {
    const { readBuiltIn } = await import('./builtIn.ts');
    for (const tag of options.tags ?? []) requireBuiltIn(tag);
    return readBuiltIn(cloud ?? 'Public', asOf);
  }
  if (asOf !== undefined) {
    throw new UsageError(
      `--source: "${withSecretsHidden(source)}" has no earlier lists; with a day, accepted: built-in, file:FOLDER.`,
    );
  }
  const tagsSource = await findSource(source, cloud ?? 'Public', options, io);
  const { document, date, origin, warnings } = await tagsSource.fetch(io.now());
  for (const { message } of warnings.slice(0, 3)) io.note(`warning: ${message}\n`);
  return { document, date, origin };
}

function requireBuiltIn(tag: string): void {
  if (isRegistryTag(tag)) return;
  throw new UsageError(
    `--tag: "${tag}" is not in the built-in history, which has ${defaultServiceTag} only; choose another --source.`,
  );
}

async function findSource(source: string, cloud: Cloud, { subscription, location }: SourceValues, io: Io) {
  if (source === 'download') return (await import('../adapters/sources/download.ts')).downloadSource(cloud);
  if (source.startsWith('https://')) {
    const { urlSource } = await import('../adapters/sources/url.ts');
    return urlSource(withoutSecrets(source), source, cloud);
  }
  if (source === 'api') {
    const { apiSource } = await import('./apiSource.ts');
    return apiSource(cloud, { subscription, location }, io.env);
  }
  throw new UsageError(
    `--source: "${withSecretsHidden(source)}" is not accepted; accepted: download, api, built-in, file:PATH, https://HOST/PATH.`,
  );
}

async function readFile(given: string, wanted: Cloud | undefined, options: ReadOptions): Promise<ReadRelease> {
  const file = chooseFile(given, wanted, options.asOf);
  const json = readJson(file);
  const cloud = wanted ?? cloudOf(json);
  const date = dateOfFileName(path.basename(file), cloud);
  try {
    const document =
      options.selection && hasShape(json)
        ? readSelected(json, options.selection, cloud)
        : (await import('../core/serviceTags/parseServiceTags.ts')).parseServiceTags(json, cloud).document;
    return { document, date, origin: file };
  } catch (error) {
    if ((error as Error).name !== 'InvalidDocumentError') throw error;
    throw new SourceError('file', `${file}: ${toErrorMessage(error)}`, { cause: error });
  }
}

/** Returns the file itself or, of a folder, the newest weekly file by name. */
function chooseFile(given: string, cloud: Cloud | undefined, asOf: string | undefined): string {
  const isFolder = onDisk(given, () => fs.statSync(given).isDirectory());
  if (!isFolder) return given;
  const dated = onDisk(given, () => fs.readdirSync(given)).flatMap((name) =>
    (cloud ? [cloud] : clouds).flatMap((candidate) => {
      const date = dateOfFileName(name, candidate);
      return date === undefined ? [] : [{ cloud: candidate, date, path: path.join(given, name) }];
    }),
  );
  const [first] = dated;
  if (!first)
    throw new SourceError(
      'file',
      `${given} has no weekly file; accepted: a folder of files ServiceTags_<cloud>_<YYYYMMDD>.json`,
    );
  // The folder may contain files of several clouds. Without --cloud, Public is preferred.
  const chosenCloud = dated.some((file) => file.cloud === 'Public') ? 'Public' : first.cloud;
  const chosen = dated
    .filter((file) => file.cloud === chosenCloud && (asOf === undefined || file.date <= asOf))
    .sort((a, b) => (a.date < b.date ? 1 : -1))[0];
  if (!chosen)
    throw new SourceError(
      'file',
      `${given} has no weekly file of ${asOf ?? 'any day'} or before; choose a later day, or another folder`,
    );
  return chosen.path;
}

function readJson(file: string): unknown {
  const text = onDisk(file, () => fs.readFileSync(file, 'utf8')).replace(/^\uFEFF/, '');
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const kind = text.trimStart().startsWith('<') ? 'a page, not JSON' : `not JSON: ${toErrorMessage(error)}`;
    throw new SourceError('file', `${file} is ${kind}; accepted: a weekly file, or a folder of them`, { cause: error });
  }
}

function cloudOf(json: unknown): Cloud {
  const named = (json as { readonly cloud?: unknown } | null)?.cloud;
  return clouds.find((cloud) => typeof named === 'string' && cloud.toLowerCase() === named.toLowerCase()) ?? 'Public';
}

/** True if it has the shape of the weekly file. Anything else goes to the full parser, which says what is wrong. */
function hasShape(json: unknown): json is RawDocument {
  const { changeNumber, cloud, values } = (json ?? {}) as Record<string, unknown>;
  return isCount(changeNumber) && typeof cloud === 'string' && Array.isArray(values) && values.every(isTag);
}

function isTag(value: unknown): boolean {
  const { name, properties } = (value ?? {}) as Partial<RawTag>;
  return (
    typeof name === 'string' &&
    typeof properties === 'object' &&
    isCount(properties.changeNumber) &&
    typeof properties.region === 'string' &&
    typeof properties.systemService === 'string' &&
    Array.isArray(properties.addressPrefixes)
  );
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Returns the document with prefixes for the selected tags only; the other tags of the same service are empty. */
function readSelected(raw: RawDocument, { tags, regions }: Selection, cloud: Cloud): ServiceTagsDocument {
  const services = new Set([...tags, defaultServiceTag].map((tag) => serviceOf(tag).toLowerCase()));
  const related = raw.values.filter(({ name }) => services.has(serviceOf(name).toLowerCase()));
  const isKnown = tags.every((tag) => related.some(({ name }) => name.toLowerCase() === tag.toLowerCase()));
  // If a name is unknown, search all tags, so that the message can suggest a similar one.
  const named = (isKnown ? related : raw.values).map((tag) => withPrefixes(tag, []));
  const { document } = toDocument({ ...raw, values: named }, cloud);
  const wanted = new Set(resolveTags(document, tags, regions).map(({ name }) => name));
  const values = related.map((tag) => (wanted.has(tag.name) ? tag : withPrefixes(tag, [])));
  return toDocument({ ...raw, values }, cloud).document;
}

function withPrefixes(tag: RawTag, addressPrefixes: readonly unknown[]): RawTag {
  return { ...tag, properties: { ...tag.properties, addressPrefixes } };
}

function onDisk<T>(given: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const what = isMissing ? 'does not exist' : `cannot be read (${toErrorMessage(error)})`;
    throw new SourceError('file', `${given} ${what}; accepted: a weekly file, or a folder of them`, { cause: error });
  }
}
