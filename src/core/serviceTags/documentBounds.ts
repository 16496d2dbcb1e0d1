/** Limits for the size of a document and for the names in it, far above what Microsoft publishes. */
import { InvalidDocumentError, shorten } from '../errors.ts';
import { counted, inWords } from '../words.ts';
import type { DocumentWarning, ServiceTagsDocument } from './serviceTags.ts';

/** The largest tag so far is AzureCloud with 11,698 prefixes. */
export const maxPrefixesPerTag = 50_000;
/** The largest file so far has 93,362. */
export const maxPrefixesPerDocument = 500_000;
/** The largest file so far has 3,039. */
const maxTags = 50_000;
/** Warnings of one kind per document. */
const maxWarnings = 1_000;

/** Names become lines of nginx, Terraform and ipset, file names and URLs. Microsoft's longest has 47 characters. */
export const namePattern = /^[A-Za-z0-9._-]{1,100}$/;
const acceptedName = 'expected up to 100 characters of "A-Z", "a-z", "0-9", ".", "_" and "-"';

/** The part of a tag that is checked here. */
export interface NamedList {
  readonly name: string;
  readonly properties: {
    readonly region: string;
    readonly systemService: string;
    readonly addressPrefixes: readonly unknown[];
  };
}

/** Throws InvalidDocumentError if a document has too many tags or prefixes. */
export function assertBounded(tags: readonly NamedList[]): void {
  if (tags.length > maxTags) {
    throw new InvalidDocumentError(
      `values: ${counted(tags.length, 'tag')}, at most ${inWords(maxTags)} are accepted`,
      'values',
    );
  }
  const total = tags.reduce((sum, tag) => sum + tag.properties.addressPrefixes.length, 0);
  if (total > maxPrefixesPerDocument) {
    const message = `the document lists ${counted(total, 'prefix')}, at most ${inWords(maxPrefixesPerDocument)} are accepted`;
    throw new InvalidDocumentError(`values: ${message}`, 'values');
  }
}

export function totalPrefixes({ values }: ServiceTagsDocument): number {
  return values.reduce((sum, tag) => sum + tag.addressPrefixes.length, 0);
}

/**
 * The tags to leave out, by name in lower case, each with the reason. A tag that was known before is then missing, and
 * so in quarantine: its prefixes stay, and none of this list are added.
 */
export function refusedTags(tags: readonly NamedList[]): ReadonlyMap<string, DocumentWarning> {
  const refused = new Map<string, DocumentWarning>();
  const sizes = new Map<string, number>();
  for (const tag of tags) {
    const key = tag.name.toLowerCase();
    const size = (sizes.get(key) ?? 0) + tag.properties.addressPrefixes.length;
    sizes.set(key, size);
    const warning = refusedName(tag) ?? refusedSize(tag.name, size);
    if (warning && !refused.has(key)) refused.set(key, warning);
  }
  return refused;
}

function refusedName({ name, properties: { region, systemService } }: NamedList): DocumentWarning | undefined {
  const shown = displayText(name);
  if (!namePattern.test(name)) return refusal('badName', shown, `name: "${shown}", ${acceptedName}`);
  const fields = Object.entries({ region, systemService });
  const bad = fields.find(([, value]) => value !== '' && !namePattern.test(value));
  return bad && refusal('badName', shown, `${bad[0]}: "${displayText(bad[1])}", ${acceptedName}`);
}

function refusedSize(name: string, size: number): DocumentWarning | undefined {
  if (size <= maxPrefixesPerTag) return undefined;
  return refusal(
    'tooLarge',
    name,
    `${counted(size, 'prefix')}, at most ${counted(maxPrefixesPerTag, 'prefix')} are accepted`,
  );
}

function refusal(kind: DocumentWarning['kind'], tag: string, fact: string): DocumentWarning {
  return { kind, tag, prefix: '', message: `${tag}: ${fact}: the tag is left out` };
}

/** Makes text of a document safe for messages: short, and without line breaks and other invisible characters. */
export function displayText(text: string): string {
  return shorten(text.slice(0, 200).replaceAll(/\p{C}/gu, '\uFFFD'));
}

/**
 * Keeps the first 1,000 warnings of each kind, and adds one that counts the others. Throws InvalidDocumentError if more
 * entries are unreadable: each of them may stop a removal, so none may be forgotten.
 */
export function boundWarnings(warnings: readonly DocumentWarning[]): DocumentWarning[] {
  const seen = new Map<DocumentWarning['kind'], number>();
  const kept = warnings.filter(({ kind }) => {
    const count = (seen.get(kind) ?? 0) + 1;
    seen.set(kind, count);
    return count <= maxWarnings;
  });
  const unreadable = seen.get('unreadable') ?? 0;
  if (unreadable > maxWarnings) {
    const message = `values: ${inWords(unreadable)} entries cannot be read, at most ${inWords(maxWarnings)} are left out`;
    throw new InvalidDocumentError(message, 'values');
  }
  const rest = [...seen].filter(([, count]) => count > maxWarnings);
  return [
    ...kept,
    ...rest.map(([kind, count]) => ({
      kind,
      tag: '',
      prefix: '',
      message: `${inWords(count - maxWarnings)} more of this kind`,
    })),
  ];
}
