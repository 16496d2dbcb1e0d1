/** The only parser of stored histories. */
import { InvalidDocumentError, NewerVersionError, quoteValue } from '../errors.ts';
import { canonicalPrefix, isPrefix } from '../prefixes.ts';
import { clouds, type Cloud } from '../serviceTags/serviceTags.ts';
import { historyVersion, type HistoryDocument } from './historyDocument.ts';

/**
 * Throws InvalidDocumentError that names the field, the value and what is accepted, or NewerVersionError. `name` names the
 * document in the message.
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
