/** Reads the targets file from the place that TARGETS names: a file of the app, a blob, or the setting itself. */
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
  /**
   * True if the file or blob does not exist although TARGETS names it or it existed earlier. There are then no targets.
   * Throws ConfigurationError.
   */
  isMissing(): Promise<boolean>;
}

export interface TargetsSourceOptions {
  /** Relative paths start from this folder, the one of host.json. */
  readonly appRoot: string;
  /** True: report a file or blob that does not exist even if it never existed. */
  readonly isExpected: boolean;
  /** Reads a blob of the app's storage; needed for `blob:` only. */
  readonly readBlob?: ReadBlob;
  readonly logger: Pick<Logger, 'warn'>;
}

/** Returns `notModified` if the blob still has the ETag, undefined if it does not exist. */
type ReadBlob = (
  container: string,
  name: string,
  etag: string | undefined,
) => Promise<Pick<StoredBytes, 'bytes' | 'etag'> | 'notModified' | undefined>;

/** `version` changes whenever `text` changes. */
interface Content {
  readonly text: string;
  readonly version: string;
}

/** Returns `notModified` if the content still has the known version, undefined if the file does not exist. */
type ReadContent = (knownVersion: string | undefined) => Promise<Content | 'notModified' | undefined>;

const noTargets: TargetsFile = { targets: [], profiles: {} };

/** Keeps the parsed file, and parses again only if its content has changed. */
export function createTargetsSource(setting: TargetsSetting, options: TargetsSourceOptions): TargetsFileSource {
  const { readContent, source } = toReader(setting, options);
  let known: { readonly version: string; readonly file: TargetsFile } | undefined;
  let isReported = false;

  const isMissed = (): boolean => options.isExpected || known !== undefined;

  // If the file does not exist, the app still pulls and answers queries. It manages no target; rules stay as they are.
  async function readTargetsFile(): Promise<TargetsFile> {
    const content = await readContent(known?.version);
    if (content === undefined && isMissed() && !isReported) {
      options.logger.warn('there is no such targets file: no target is managed, rules stay as they are', { source });
    }
    isReported = content === undefined;
    if (content === undefined) return noTargets;
    if (content === 'notModified') return known?.file ?? noTargets;
    // A file that has become invalid fails on every read until it is corrected. The app never goes on with the old one.
    if (content.version !== known?.version) {
      // Import the parser only now: it loads the schemas, which an app without targets does not need.
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
