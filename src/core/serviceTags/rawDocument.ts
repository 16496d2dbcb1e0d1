/** Makes a checked document canonical. In a file of its own, because the parser's schemas take time to load. */
import { InvalidDocumentError, shorten } from '../errors.ts';
import { assertBounded, boundWarnings, displayText, refusedTags } from './documentBounds.ts';
import { readPrefix, sortedOnce, type AddressPrefix } from '../prefixes.ts';
import type { Cloud, DocumentWarning, ServiceTag, ServiceTagsDocument } from './serviceTags.ts';
import { compareText } from '../words.ts';

export interface ParsedServiceTags {
  readonly document: ServiceTagsDocument;
  readonly warnings: readonly DocumentWarning[];
}

export interface RawTag {
  readonly name: string;
  readonly properties: {
    readonly changeNumber: number;
    readonly region: string;
    readonly systemService: string;
    readonly platform?: string | undefined;
    readonly regionId?: number | undefined;
    readonly networkFeatures?: readonly string[] | null | undefined;
    readonly addressPrefixes: readonly unknown[];
  };
}

export interface RawDocument {
  readonly changeNumber: number;
  readonly cloud: string;
  readonly values: readonly RawTag[];
}

/** How files, the Discovery API and the SDKs spell the clouds, in lower case. */
const cloudSpellings: Readonly<Record<Cloud, readonly string[]>> = {
  Public: ['public', 'azurecloud', 'azurepublic', 'azurepubliccloud'],
  AzureGovernment: ['azuregovernment', 'azureusgovernment', 'azuregovernmentcloud', 'azureusgovernmentcloud'],
  China: ['china', 'azurechina', 'azurechinacloud'],
};

/** Throws InvalidDocumentError for another cloud, and for a document that is too large or unreadable. */
export function toDocument(raw: RawDocument, cloud: Cloud): ParsedServiceTags {
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

/** Single entries that are no prefixes are left out. If most are none, the document has another format: it is refused. */
function assertReadable(values: readonly RawTag[], warnings: readonly DocumentWarning[]): void {
  const lists = values.map((tag) => tag.properties.addressPrefixes);
  const total = lists.reduce((sum, list) => sum + list.length, 0);
  const bad = warnings.filter(({ kind }) => kind === 'unreadable').length;
  if (2 * bad <= total) return;
  const isBad = (entry: unknown): boolean => typeof entry !== 'string' || readPrefix(entry.trim()) === undefined;
  const tag = lists.findIndex((list) => list.some(isBad));
  const entry = lists[tag]?.findIndex(isBad) ?? 0;
  const path = `values[${tag}].properties.addressPrefixes[${entry}]`;
  const found = `found ${describe(lists[tag]?.[entry])}; ${bad} of ${total} entries cannot be read`;
  throw new InvalidDocumentError(`${path}: expected a CIDR such as "20.42.66.0/23", ${found}`, path);
}

/** Sorted by name. Tags whose names differ only in letter case are merged. */
function canonicalTags(raw: readonly RawTag[], warnings: DocumentWarning[]): ServiceTag[] {
  const byName = new Map<string, { first: RawTag; prefixes: AddressPrefix[] }>();
  for (const tag of raw.toSorted((a, b) => compareText(a.name, b.name))) {
    const prefixes = canonicalPrefixes(tag, warnings);
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

function canonicalPrefixes(tag: RawTag, warnings: DocumentWarning[]): AddressPrefix[] {
  const parsed: AddressPrefix[] = [];
  for (const entry of tag.properties.addressPrefixes) {
    const text = typeof entry === 'string' ? entry : describe(entry);
    const prefix = entry === text ? readPrefix(text.trim()) : undefined;
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

export function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty array' : 'an array';
  if (typeof value === 'object' && value !== null) return 'an object';
  return shorten(JSON.stringify(value), 60);
}
