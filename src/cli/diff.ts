/** `acr-addresses diff` */
import { diffPrefixes } from '../core/serviceTags/serviceTagDiff.ts';
import { counted, dayInWords } from '../core/words.ts';
import { listPrefixes } from '../app/queries/prefixList.ts';
import { findTag, matchRegion } from '../core/serviceTags/regions.ts';
import type { ServiceTagsDocument } from '../core/serviceTags/serviceTags.ts';
import { exitCodes, UsageError, type ExitCode } from './exitCodes.ts';
import type { Io } from './io.ts';
import { nameOf, ofFamilies, type Selection } from './listing.ts';
import { isDay, jsonOption, oneOf, parseOptions, selectionOptions, sourceOptions, toSelection } from './options.ts';
import { readRelease, type ReadOptions, type ReadRelease } from './source.ts';
import { paint } from './terminal.ts';

const formats = ['text', 'markdown', 'json'] as const;

const options = {
  ...selectionOptions,
  ...sourceOptions,
  ...jsonOption,
  format: { type: 'string' },
  'exit-code': { type: 'boolean' },
} as const;

interface Difference {
  readonly tags: readonly string[];
  readonly from: string;
  readonly to: string;
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

export async function run(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = parseOptions(args, options);
  const [from, to, more] = positionals;
  if (from === undefined || to === undefined || more !== undefined) {
    throw new UsageError(
      `diff takes two lists, FROM and TO, such as 2024-03-01 2024-09-01; given: ${counted(positionals.length, 'argument')}.`,
    );
  }
  const format = values.json ? 'json' : oneOf('--format', values.format ?? 'text', formats);
  const selection = toSelection(values);
  const before = await readReference(from, { ...values, tags: selection.tags }, io);
  const after = await readReference(to, { ...values, tags: selection.tags }, io);
  const difference = compare(before, after, selection);
  io.print(renderers[format](difference, io));
  const isDifferent = difference.added.length + difference.removed.length > 0;
  return isDifferent && values['exit-code'] ? exitCodes.different : exitCodes.ok;
}

/** Reads FROM or TO: a day, a source, or the path of a file with or without `file:`. */
function readReference(text: string, values: ReadOptions, io: Io): Promise<ReadRelease> {
  if (isDay(text)) return readRelease({ ...values, asOf: text }, io);
  const isSource = text === 'download' || text === 'api' || /^(https?:\/\/|file:)/.test(text);
  return readRelease({ ...values, source: isSource ? text : `file:${text}` }, io);
}

function compare(before: ReadRelease, after: ReadRelease, selection: Selection): Difference {
  // A tag or region that only one of the two lists contains counts as completely added or removed.
  const tags = tagsOf(before.document, after.document, selection);
  const earlier = prefixesOf(before.document, tags, selection);
  const later = prefixesOf(after.document, tags, selection);
  // Neither contains it: this throws the error for an unknown tag or region.
  if (tags.length === 0) listPrefixes(after.document, { ...selection, aggregate: false });
  return { tags, from: titleOf(before), to: titleOf(after), ...diffPrefixes(earlier, later) };
}

function tagsOf(before: ServiceTagsDocument, after: ServiceTagsDocument, { tags, regions }: Selection): string[] {
  const find = (document: ServiceTagsDocument) =>
    regions.length === 0
      ? tags.map((tag) => findTag(document, tag))
      : tags.flatMap((tag) => regions.map((region) => matchRegion(document, tag, region)));
  const found = [...find(before), ...find(after)].flatMap((tag) =>
    tag ? [[tag.name.toLowerCase(), tag.name] as const] : [],
  );
  return [...new Map(found).values()].sort();
}

function prefixesOf(document: ServiceTagsDocument, tags: readonly string[], { family }: Selection): readonly string[] {
  return ofFamilies(
    tags.flatMap((tag) => findTag(document, tag)?.addressPrefixes ?? []),
    family,
  );
}

function titleOf({ date, origin }: ReadRelease): string {
  return date ?? origin;
}

const renderers = {
  json: (difference: Difference) => `${JSON.stringify(difference, null, 2)}\n`,
  text: ({ tags, from, to, added, removed }: Difference, io: Io) =>
    [
      paint(io, 'bold', `# ${nameOf(tags)}: ${from} to ${to}`),
      ...added.map((prefix) => paint(io, 'green', `+ ${prefix}`)),
      ...removed.map((prefix) => paint(io, 'red', `- ${prefix}`)),
    ]
      .map((line) => `${line}\n`)
      .join(''),
  markdown: ({ tags, from, to, added, removed }: Difference) =>
    [
      `## ${nameOf(tags)}`,
      `From ${inWords(from)} to ${inWords(to)}: ${counted(added.length, 'prefix')} added, ${counted(removed.length, 'prefix')} removed.`,
      ...section('Added', added),
      ...section('Removed', removed),
    ]
      .join('\n\n')
      .concat('\n'),
} as const;

function inWords(title: string): string {
  return isDay(title) ? dayInWords(title) : `\`${title.replaceAll('`', "'")}\``;
}

function section(title: string, prefixes: readonly string[]): string[] {
  return prefixes.length === 0 ? [] : [`### ${title}`, prefixes.map((prefix) => `- \`${prefix}\``).join('\n')];
}
