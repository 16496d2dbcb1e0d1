/**
 * The history of the watched tags as one document: every release in order, with what it changed in each tag.
 *
 *     { "version": 1, "cloud": "Public", "services": ["AzureContainerRegistry"],
 *       "releases": [{ "date": "2025-10-28", "seenAt": "2025-10-29T06:00:00.000Z", "changeNumber": 410,
 *         "snapshot": "Public-20251028-410-0123456789ab",
 *         "tags": { "AzureContainerRegistry.WestEurope": { "add": ["20.61.98.0/25"], "remove": [] } } }] }
 */
import { InvalidDocumentError, NewerVersionError, quoteValue } from '../errors.ts';
import { canonicalPrefix, isPrefix } from '../prefixes.ts';
import { clouds, type Cloud } from '../serviceTags/serviceTags.ts';

export const historyVersion = 1;

/** What a release changed in one tag, prefix for prefix as the list writes them. */
export interface TagDelta {
  readonly add: readonly string[];
  readonly remove: readonly string[];
  /** Of what it added: the prefixes that only one of several working sources lists. */
  readonly onlyOneSource?: readonly string[];
}

/** One edition of Microsoft's weekly file, as far as the watched tags go. */
export interface Release {
  /** `YYYY-MM-DD`: the date in the file, or the day on which it was first seen if its name lies ahead of that. */
  readonly date: string;
  /** ISO time of the pull that found it. Of a built-in release: its date. */
  readonly seenAt: string;
  /**
   * ISO time of the last pull before, whatever came of it: between the two nobody looked. Absent if that is not known:
   * then nobody looked since the release before.
   */
  readonly lookedAt?: string;
  readonly changeNumber: number;
  /** Id of the stored snapshot; of a built-in release one that the API accepts in its place. */
  readonly snapshot: string;
  /** Shipped with the product, not pulled. */
  readonly builtIn?: true;
  /** It is only the list before and something of a late list, so it confirms no removal. */
  readonly addsOnly?: true;
  /** Only tags that differ from the release before, by name; null: the tag is no longer listed. */
  readonly tags: Readonly<Record<string, TagDelta | null>>;
  /** A person has rejected it: it counts as never published. */
  readonly rejected?: true;
}

/** A person has confirmed that a tag is gone for good. */
export interface Retirement {
  readonly tag: string;
  /** ISO */
  readonly at: string;
}

export interface HistoryDocument {
  readonly version: typeof historyVersion;
  readonly cloud: Cloud;
  /** The services that are recorded, each with all its tags: `AzureContainerRegistry` stands for its regions too. */
  readonly services: readonly string[];
  /** Oldest first. */
  readonly releases: readonly Release[];
  readonly retired?: readonly Retirement[];
}

/** A release as other documents and messages name it. */
export type ReleaseRef = Pick<Release, 'date' | 'seenAt' | 'snapshot' | 'builtIn'>;

export function toReleaseRef({ date, seenAt, snapshot, builtIn }: Release): ReleaseRef {
  return { date, seenAt, snapshot, ...(builtIn && { builtIn }) };
}

/** `AzureContainerRegistry` of `AzureContainerRegistry.WestEurope`. */
export function serviceOf(tag: string): string {
  return tag.split('.', 1)[0] ?? tag;
}

/**
 * Throws InvalidDocumentError that names the field, the value and what is accepted, or NewerVersionError. `name`: what it
 * was read from.
 */
export function parseHistory(name: string, value: unknown): HistoryDocument {
  const refuse = (path: string, found: unknown, expected: string): never => {
    throw new InvalidDocumentError(`${name}: ${path} is ${quoteValue(found)}, expected ${expected}`, path);
  };
  if (!isObject(value)) return refuse('the document', value, 'an object');
  const { version, cloud, services, releases, retired = [] } = value;
  if (typeof version === 'number' && version > historyVersion) {
    throw new NewerVersionError(name, version, historyVersion);
  }
  if (version !== historyVersion) refuse('version', version, String(historyVersion));
  if (!clouds.includes(cloud as Cloud)) refuse('cloud', cloud, clouds.join(', '));
  if (!isTexts(services)) refuse('services', services, 'a list of names');
  if (!Array.isArray(releases)) return refuse('releases', releases, 'a list');
  if (!Array.isArray(retired)) return refuse('retired', retired, 'a list');
  releases.forEach((release, index) => checkRelease(release, `releases[${index}]`, refuse));
  return value as unknown as HistoryDocument;
}

type Refuse = (path: string, found: unknown, expected: string) => never;

function checkRelease(release: unknown, path: string, refuse: Refuse): void {
  if (!isObject(release)) return refuse(path, release, 'an object');
  const { date, seenAt, changeNumber, snapshot, tags } = release;
  if (typeof date !== 'string' || !/^\d{4}-\d{2}-\d{2}$/.test(date)) refuse(`${path}.date`, date, 'YYYY-MM-DD');
  if (typeof seenAt !== 'string' || Number.isNaN(Date.parse(seenAt))) refuse(`${path}.seenAt`, seenAt, 'an ISO time');
  if (typeof changeNumber !== 'number') refuse(`${path}.changeNumber`, changeNumber, 'a number');
  if (typeof snapshot !== 'string') refuse(`${path}.snapshot`, snapshot, 'the id of a snapshot');
  if (!isObject(tags)) return refuse(`${path}.tags`, tags, 'an object');
  for (const [tag, delta] of Object.entries(tags)) {
    if (delta === null) continue;
    const field = `${path}.tags.${tag}`;
    if (!isObject(delta)) return refuse(field, delta, 'an object or null');
    checkPrefixes(delta.add, `${field}.add`, refuse);
    checkPrefixes(delta.remove, `${field}.remove`, refuse);
  }
}

function checkPrefixes(prefixes: unknown, path: string, refuse: Refuse): void {
  if (!isTexts(prefixes)) return refuse(path, prefixes, 'a list of prefixes');
  const bad = prefixes.find((prefix) => !isPrefix(prefix) || canonicalPrefix(prefix) !== prefix);
  if (bad !== undefined) refuse(path, bad, 'canonical prefixes such as 20.42.66.0/23');
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string');
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
