/** The targets file from where TARGETS says: a file of the app, a blob, or the setting itself. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Logger, TargetsSource } from '../app/ports.ts';
import type { TargetsSetting } from '../config/targets.ts';
import { ConfigurationError, toErrorMessage } from '../core/errors.ts';
import type { TargetsFile } from '../core/targets/targetsFile.ts';
import type { StoredBytes } from './blob/container.ts';

export interface TargetsFileSource extends TargetsSource {
  /** Targets and profiles. Throws ConfigurationError. */
  readFile(): Promise<TargetsFile>;
  /** True where a file or blob that was named, or was there before, is not there: then there are no targets. Throws ConfigurationError. */
  isMissing(): Promise<boolean>;
}

export interface TargetsSourceOptions {
  /** The folder that a relative path starts from: where host.json is. */
  readonly appRoot: string;
  /** Whether a file or blob that was never there is missed. */
  readonly isExpected: boolean;
  /** Of the app's storage; needed for `blob:` only. */
  readonly readBlob?: ReadBlob;
  readonly logger: Pick<Logger, 'warn'>;
}

/** `notModified` where the blob still has the ETag; undefined where it is not there. */
type ReadBlob = (
  container: string,
  name: string,
  etag: string | undefined,
) => Promise<Pick<StoredBytes, 'bytes' | 'etag'> | 'notModified' | undefined>;

/** The content, and what tells whether it is still the same. */
interface Content {
  readonly text: string;
  readonly version: string;
}

/** Content that is still the known version is `notModified`; undefined stands for a file that is not there. */
type ReadContent = (knownVersion: string | undefined) => Promise<Content | 'notModified' | undefined>;

const noTargets: TargetsFile = { targets: [], profiles: {} };

export function createTargetsSource(setting: TargetsSetting, options: TargetsSourceOptions): TargetsFileSource {
  const { readContent, source } = toReader(setting, options);
  let known: { readonly version: string; readonly file: TargetsFile } | undefined;
  let isSaid = false;

  const isMissed = (): boolean => options.isExpected || known !== undefined;

  // Without its file the app pulls and answers queries. A target that is gone by accident is not managed; its rules stay.
  async function readTargetsFile(): Promise<TargetsFile> {
    const content = await readContent(known?.version);
    if (content === undefined && isMissed() && !isSaid) {
      options.logger.warn('there is no such targets file: no target is managed, rules stay as they are', { source });
    }
    isSaid = content === undefined;
    if (content === undefined) return noTargets;
    if (content === 'notModified') return known?.file ?? noTargets;
    // A file that became wrong is an error each time it is read, until it is put right: the one before it is never used on.
    if (content.version !== known?.version) {
      // The parser brings the schemas along: an app without targets never loads it.
      const { parseTargetsText } = await import('../core/targets/targetsFile.ts');
      known = { version: content.version, file: parseTargetsText(content.text, source) };
    }
    return known.file;
  }
  return {
    readFile: readTargetsFile,
    read: async () => (await readTargetsFile()).targets,
    isMissing: async () => (await readTargetsFile()) === noTargets && isMissed(),
  };
}

function toReader(
  setting: TargetsSetting,
  { appRoot, readBlob }: TargetsSourceOptions,
): { readonly readContent: ReadContent; readonly source: string } {
  switch (setting.kind) {
    case 'json':
      return { source: 'TARGETS', readContent: () => Promise.resolve({ text: setting.json, version: 'setting' }) };
    case 'file':
      return { source: setting.path, readContent: () => readLocalFile(setting.path, appRoot) };
    case 'blob': {
      const source = `blob:${setting.container}/${setting.name}`;
      if (!readBlob) throw new Error(`no storage was given to read ${source} from`);
      const readContent: ReadContent = async (knownVersion) =>
        toContent(await readBlob(setting.container, setting.name, knownVersion));
      return { source, readContent };
    }
  }
}

async function readLocalFile(path: string, appRoot: string): Promise<Content | undefined> {
  const fullPath = resolve(appRoot, path);
  try {
    const text = await readFile(fullPath, 'utf8');
    return { text, version: text };
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw new ConfigurationError(
      'TARGETS',
      `holds "${path}", read as ${fullPath}: ${toErrorMessage(error)}; accepted: the path of a file, blob:<container>/<name>, or JSON`,
      { cause: error },
    );
  }
}

function toContent(blob: Awaited<ReturnType<ReadBlob>>): Content | 'notModified' | undefined {
  if (blob === undefined || blob === 'notModified') return blob;
  return { text: blob.bytes.toString('utf8'), version: blob.etag };
}
