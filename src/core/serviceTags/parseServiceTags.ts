/**
 * The one parser of service tags documents, Microsoft's weekly file and the Discovery API's answer alike.
 *
 * Strict in what decides over rules (shape, cloud, names, prefix lists), tolerant in what is only a hint (change
 * numbers and regions of tags). A single bad prefix is left out with a warning: it must not cost the whole week.
 */
import * as z from 'zod';
import { InvalidDocumentError, shorten } from '../errors.ts';
import { assertBounded, boundWarnings, displayText, namePattern, refusedTags } from './documentBounds.ts';
import { comparePrefixes, parsePrefix, type AddressPrefix } from '../prefixes.ts';
import type { Cloud, DocumentWarning, ServiceTag, ServiceTagsDocument } from './serviceTags.ts';
import { compareText } from '../words.ts';

export interface ParsedServiceTags {
  readonly document: ServiceTagsDocument;
  readonly warnings: readonly DocumentWarning[];
}

const aNumber = 'expected a number';
const aTagName = 'expected the name of a tag';
/** A change number is part of a snapshot's id. */
const maxChangeNumber = 999_999_999_999_999;

/** The weekly file writes numbers, the API writes them as text. */
const changeNumber = z
  .union(
    [
      z.number(aNumber).nonnegative(aNumber).refine(Number.isInteger, aNumber),
      z.string().regex(/^\d+$/, aNumber).transform(Number),
    ],
    aNumber,
  )
  .refine((number) => number <= maxChangeNumber, 'expected a number of at most 15 digits');

const rawTag = z.object(
  {
    name: z.string(aTagName).regex(/\S/, aTagName),
    properties: z.object(
      {
        changeNumber: changeNumber.catch(0),
        region: z.string().catch(''),
        systemService: z.string().catch(''),
        platform: z.string().regex(namePattern).optional().catch(undefined),
        regionId: z.number().optional().catch(undefined),
        networkFeatures: z.array(z.string().regex(namePattern)).nullish().catch(undefined),
        addressPrefixes: z.array(z.unknown(), 'expected an array of CIDRs'),
      },
      'expected an object with addressPrefixes',
    ),
  },
  'expected a service tag',
);

const rawDocument = z.object(
  {
    changeNumber: changeNumber,
    cloud: z.string('expected the name of a cloud'),
    values: z.array(rawTag, 'expected an array of service tags').min(1, 'expected at least one service tag'),
  },
  'expected an object with changeNumber, cloud and values',
);

type RawTag = z.infer<typeof rawTag>;

/** How files, the Discovery API and the SDKs spell the clouds, in lower case. */
const cloudSpellings: Readonly<Record<Cloud, readonly string[]>> = {
  Public: ['public', 'azurecloud', 'azurepublic', 'azurepubliccloud'],
  AzureGovernment: ['azuregovernment', 'azureusgovernment', 'azuregovernmentcloud', 'azureusgovernmentcloud'],
  China: ['china', 'azurechina', 'azurechinacloud'],
};

/** Parses the text of a document; a byte order mark and any line ends are fine. Throws InvalidDocumentError. */
export function parseServiceTagsText(text: string, cloud: Cloud): ParsedServiceTags {
  const body = text.replace(/^\uFEFF/, '').trim();
  if (body === '') throw new InvalidDocumentError('the document is empty, expected service tags as JSON');
  if (body.startsWith('<')) {
    const kind = /^<(!doctype html|html|head|body|!--)/i.test(body) ? 'an HTML page' : 'markup';
    throw new InvalidDocumentError(`the document is ${kind}, not JSON: "${shorten(body, 60)}"`);
  }
  return parseServiceTags(parseJson(body), cloud);
}

/** Checks a document and makes it canonical. Throws InvalidDocumentError with the path of the first bad field. */
export function parseServiceTags(json: unknown, cloud: Cloud): ParsedServiceTags {
  const result = rawDocument.safeParse(json);
  if (!result.success) throw toDocumentError(result.error, json);
  const raw = result.data;
  if (!cloudSpellings[cloud].includes(raw.cloud.toLowerCase())) {
    throw new InvalidDocumentError(`cloud: "${shorten(raw.cloud)}", expected "${cloud}"`, 'cloud');
  }
  assertBounded(raw.values);
  const refused = refusedTags(raw.values);
  const accepted = raw.values.filter(({ name }) => !refused.has(name.toLowerCase()));
  const warnings: DocumentWarning[] = [...refused.values()];
  if (accepted.length === 0) throw new InvalidDocumentError(`values: no tag is accepted; ${warnings[0]?.message}`);
  const values = canonicalTags(accepted, warnings);
  assertReadable(raw.values, warnings);
  return { document: { cloud, changeNumber: raw.changeNumber, values }, warnings: boundWarnings(warnings) };
}

/** Some entries that are no prefix are left out; where most are none, it is another format, or another thing. */
function assertReadable(values: readonly RawTag[], warnings: readonly DocumentWarning[]): void {
  const lists = values.map((tag) => tag.properties.addressPrefixes);
  const total = lists.reduce((sum, list) => sum + list.length, 0);
  const bad = warnings.filter(({ kind }) => kind === 'unreadable').length;
  if (2 * bad <= total) return;
  const isBad = (entry: unknown): boolean => typeof entry !== 'string' || tryParsePrefix(entry.trim()) === undefined;
  const tag = lists.findIndex((list) => list.some(isBad));
  const entry = lists[tag]?.findIndex(isBad) ?? 0;
  const path = `values[${tag}].properties.addressPrefixes[${entry}]`;
  const found = `found ${describe(lists[tag]?.[entry])}; ${bad} of ${total} entries cannot be read`;
  throw new InvalidDocumentError(`${path}: expected a CIDR such as "20.42.66.0/23", ${found}`, path);
}

/** Sorted by name; tags of one name, whatever its letter case, become one. */
function canonicalTags(raw: readonly RawTag[], warnings: DocumentWarning[]): ServiceTag[] {
  const parse = cachedParser();
  const byName = new Map<string, { first: RawTag; prefixes: AddressPrefix[] }>();
  for (const tag of raw.toSorted((a, b) => compareText(a.name, b.name))) {
    const prefixes = canonicalPrefixes(tag, parse, warnings);
    const same = byName.get(tag.name.toLowerCase());
    if (same) {
      warnings.push(duplicateTag(same.first.name, tag.name));
      same.prefixes = sortedOnce([...same.prefixes, ...prefixes]);
    } else {
      byName.set(tag.name.toLowerCase(), { first: tag, prefixes });
    }
  }
  return Array.from(byName.values(), ({ first, prefixes }) => toServiceTag(first, prefixes));
}

function canonicalPrefixes(tag: RawTag, parse: PrefixParser, warnings: DocumentWarning[]): AddressPrefix[] {
  const parsed: AddressPrefix[] = [];
  for (const entry of tag.properties.addressPrefixes) {
    const text = typeof entry === 'string' ? entry : describe(entry);
    const prefix = entry === text ? parse(text) : undefined;
    if (!prefix) {
      warnings.push(unreadable(tag.name, text));
      continue;
    }
    if (prefix.hadHostBits) warnings.push(hostBits(tag.name, text, prefix.text));
    parsed.push(prefix);
  }
  const distinct = sortedOnce(parsed);
  if (distinct.length < parsed.length) warnings.push(...duplicatesIn(tag.name, parsed));
  return distinct;
}

function toServiceTag(tag: RawTag, prefixes: readonly AddressPrefix[]): ServiceTag {
  const { platform, regionId, networkFeatures, region, systemService, changeNumber } = tag.properties;
  return {
    name: tag.name,
    region,
    systemService,
    changeNumber,
    addressPrefixes: prefixes.map((prefix) => prefix.text),
    ...(platform !== undefined && { platform }),
    ...(regionId !== undefined && { regionId }),
    ...(networkFeatures !== undefined && { networkFeatures }),
  };
}

type PrefixParser = (text: string) => AddressPrefix | undefined;

/** Most prefixes stand in several tags (the service, its region, the cloud): each text is parsed once. */
function cachedParser(): PrefixParser {
  const known = new Map<string, AddressPrefix | undefined>();
  return (text) => {
    const found = known.get(text) ?? tryParsePrefix(text.trim());
    known.set(text, found);
    return found;
  };
}

function tryParsePrefix(text: string): AddressPrefix | undefined {
  try {
    return parsePrefix(text);
  } catch {
    return undefined;
  }
}

function sortedOnce(prefixes: readonly AddressPrefix[]): AddressPrefix[] {
  return prefixes.toSorted(comparePrefixes).filter((prefix, index, all) => prefix.text !== all[index - 1]?.text);
}

function unreadable(tag: string, prefix: string): DocumentWarning {
  const shown = displayText(prefix);
  const message = `${tag}: "${shown}" is neither an address nor a CIDR and is left out`;
  return { kind: 'unreadable', tag, prefix: shown, message };
}

function hostBits(tag: string, prefix: string, canonical: string): DocumentWarning {
  return { kind: 'hostBits', tag, prefix, message: `${tag}: ${prefix} has host bits set, read as ${canonical}` };
}

function duplicatesIn(tag: string, prefixes: readonly AddressPrefix[]): DocumentWarning[] {
  const seen = new Set<string>();
  const repeated = new Set<string>();
  for (const { text } of prefixes) (seen.has(text) ? repeated : seen).add(text);
  return Array.from(repeated, (prefix) => ({
    kind: 'duplicate',
    tag,
    prefix,
    message: `${tag}: ${prefix} is listed more than once`,
  }));
}

function duplicateTag(tag: string, spelling: string): DocumentWarning {
  const as = spelling === tag ? '' : `, also as ${spelling}`;
  return { kind: 'duplicateTag', tag, prefix: '', message: `${tag}: the tag is listed more than once${as}; merged` };
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    const position = Number(/at position (\d+)/.exec(detail)?.[1] ?? 0);
    const isCut = /end of JSON|Unterminated/.test(detail) || position >= body.length;
    const what = isCut ? `JSON that ends in the middle, after ${body.length} characters` : 'not JSON';
    throw new InvalidDocumentError(`the document is ${what}: ${shorten(detail)}`, '', { cause });
  }
}

function toDocumentError(error: z.ZodError, json: unknown): InvalidDocumentError {
  const issue = error.issues[0];
  const path = toPath(issue?.path ?? []);
  const value = issue?.path.reduce<unknown>((parent, key) => (parent as Record<PropertyKey, unknown>)[key], json);
  const message = `${path === '' ? 'document' : path}: ${issue?.message ?? 'not valid'}, found ${describe(value)}`;
  return new InvalidDocumentError(message, path, { cause: error });
}

function toPath(keys: readonly PropertyKey[]): string {
  return keys.reduce<string>((path, key) => {
    if (typeof key === 'number') return `${path}[${key}]`;
    return path === '' ? String(key) : `${path}.${String(key)}`;
  }, '');
}

function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty array' : 'an array';
  if (typeof value === 'object' && value !== null) return 'an object';
  return shorten(JSON.stringify(value), 60);
}
