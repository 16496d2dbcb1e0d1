/** `acr-addresses list` */
import { toLabel } from '../app/formats/label.ts';
import { listFormatNames, listFormats, type ListFormatName } from '../app/formats/listFormats.ts';
import type { PrefixRow } from '../app/formats/prefixRow.ts';
import { SourceError } from '../core/errors.ts';
import { countAddresses, prefixesOf } from '../core/prefixes.ts';
import { agree, counted, dayInWords, inWords } from '../core/words.ts';
import { exitCodes, UsageError, type ExitCode } from './exitCodes.ts';
import { replaceFile } from './files.ts';
import type { Io } from './io.ts';
import { listRelease, nameOf, type Listing, type LeftOut } from './listing.ts';
import {
  jsonOption,
  oneOf,
  parseOptions,
  selectionOptions,
  sourceOptions,
  toCount,
  toDay,
  toSelection,
} from './options.ts';
import { readRelease, type ReadRelease } from './source.ts';
import { table } from './terminal.ts';

const formats = [...listFormatNames, 'csv', 'json'] as const;

const options = {
  ...selectionOptions,
  ...sourceOptions,
  ...jsonOption,
  format: { type: 'string' },
  fit: { type: 'string' },
  aggregate: { type: 'boolean' },
  comment: { type: 'boolean' },
  name: { type: 'string' },
  'as-of': { type: 'string' },
  'as-published': { type: 'boolean' },
  out: { type: 'string' },
} as const;

type ListValues = ReturnType<typeof parseOptions<typeof options>>['values'];

export async function run(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = parseOptions(args, options);
  if (positionals.length > 0) {
    throw new UsageError(
      `"${positionals[0]}" is not accepted: list takes options only. Did you mean --region ${positionals.join(',')}?`,
    );
  }
  const format = values.json
    ? 'json'
    : values.format === undefined
      ? undefined
      : oneOf('--format', values.format, formats);
  const selection = chooseFamily(values);
  const asOf = values['as-of'] === undefined ? undefined : toDay('--as-of', values['as-of']);
  const name = values.name === undefined ? undefined : toName(values.name);

  const release = await readRelease({ ...values, asOf, selection, tags: selection.tags }, io);
  const { aggregate = false, 'as-published': asPublished = false } = values;
  const whole = listRelease(release.document, selection, { aggregate, asPublished });
  if (whole.rows.length === 0) {
    throw new SourceError(
      release.origin,
      `no prefix of ${nameOf(whole.tags)} fits the request, and an empty list is not printed; ask for other regions or another family`,
    );
  }
  noteLeftOut(whole.leftOut, io);
  const listing = values.fit === undefined ? whole : await fit(whole, toCount('--fit', values.fit, 100_000), io);

  const label = name ?? toLabel(selection.tags, selection.regions);
  const chosen = format ?? (io.isTerminal && values.out === undefined ? 'table' : 'text');
  const text = await render(listing, release, { format: chosen, label, comment: values.comment ?? false }, io);
  if (values.out === undefined) io.print(text);
  else replaceFile(io, values.out, text);
  return exitCodes.ok;
}

/** `--fit` works for IPv4 only, so IPv4 is its default. Throws UsageError for another `--family`. */
function chooseFamily(values: ListValues) {
  if (values.fit === undefined) return toSelection(values);
  const family = values.family ?? 'ipv4';
  if (family !== 'ipv4')
    throw new UsageError(`--fit: only IPv4 prefixes can be fitted; --family is "${family}", accepted: ipv4.`);
  return toSelection({ ...values, family });
}

function toName(text: string): string {
  if (/^[a-z]([a-z0-9-]{0,22}[a-z0-9])?$/.test(text)) return text;
  throw new UsageError(
    `--name: "${text}" is not accepted; accepted: up to 24 characters of a-z, 0-9 and -, a letter first.`,
  );
}

function noteLeftOut(leftOut: readonly LeftOut[], io: Io): void {
  for (const { prefix, why } of leftOut.slice(0, 10)) {
    const reason = why === 'specialPurpose' ? 'a special-purpose range (RFC 6890)' : 'wider than /20 (IPv6: /112)';
    io.note(`left out: ${prefix} is ${reason}. --as-published lists it.\n`);
  }
  if (leftOut.length > 10) io.note(`left out: ${inWords(leftOut.length - 10)} more. --as-published lists them.\n`);
}

async function fit(listing: Listing, most: number, io: Io): Promise<Listing> {
  const [{ coverPrefixes }, { isRegistryTag, widestInFeeds }] = await Promise.all([
    import('../core/plan/supernet.ts'),
    import('../core/history/limits.ts'),
  ]);
  const listed = prefixesOf(listing.rows);
  const widest = listing.tags.every(isRegistryTag) ? widestInFeeds.ipv4 : 0;
  const fitted = coverPrefixes(listed, most, Number.MAX_SAFE_INTEGER, { widest });
  if (!fitted) {
    throw new UsageError(
      `--fit: ${counted(listed.length, 'prefix')} of ${nameOf(listing.tags)} cannot be covered by ${counted(most, 'prefix')} that ${agree(most, 'is', 'are')} no wider than /20. Ask for fewer regions.`,
    );
  }
  const total = countAddresses(fitted.prefixes, 'ipv4');
  io.note(
    fitted.extraAddresses === 0
      ? `${counted(fitted.prefixes.length, 'prefix')} for ${nameOf(listing.tags)}, the same ${counted(total, 'address')}.\n`
      : `${counted(fitted.prefixes.length, 'prefix')} with ${counted(total, 'address')}: ${inWords(fitted.extraAddresses)} of them are not in ${nameOf(listing.tags)}.\n`,
  );
  const { tags } = listing;
  const rows = fitted.prefixes.map(
    (prefix) => ({ prefix, family: 'ipv4', tags, regions: [], firstSeen: undefined }) as const,
  );
  return { ...listing, rows };
}

interface RenderChoice {
  readonly format: ListFormatName | 'csv' | 'json' | 'table';
  readonly label: string;
  readonly comment: boolean;
}

async function render(listing: Listing, release: ReadRelease, choice: RenderChoice, io: Io): Promise<string> {
  const { tags } = listing;
  const { format, label, comment } = choice;
  if (format === 'csv') return (await import('../app/formats/csv.ts')).renderCsv(await withDays(listing, release));
  if (format === 'json') return renderJson(listing, await withDays(listing, release), release);
  if (format === 'table') return renderTable(await withDays(listing, release), io);
  const heading = `${tags.join(', ')} (${release.document.cloud})`;
  return listFormats[format].render(listing.rows, { label, part: undefined, heading, comment });
}

/** Adds to each row the day since which it is listed; none for prefixes newer than the built-in history. */
async function withDays({ rows, tags }: Listing, { document }: ReadRelease): Promise<readonly PrefixRow[]> {
  const { firstListedDays, readHistory } = await import('./builtIn.ts');
  const history = await readHistory(document.cloud);
  const days = firstListedDays(history, tags, prefixesOf(rows));
  return rows.map((row) => ({ ...row, firstSeen: days.get(row.prefix) }));
}

function renderJson(
  { tags, leftOut }: Listing,
  rows: readonly PrefixRow[],
  { document, date, origin }: ReadRelease,
): string {
  const { cloud, changeNumber } = document;
  const prefixes = prefixesOf(rows);
  const firstListed = Object.fromEntries(rows.map(({ prefix, firstSeen }) => [prefix, firstSeen ?? null]));
  const answer = { cloud, date, changeNumber, origin, tags, count: prefixes.length, prefixes, firstListed, leftOut };
  return `${JSON.stringify(answer, null, 2)}\n`;
}

function renderTable(rows: readonly PrefixRow[], io: Io): string {
  const cells = rows.map(({ prefix, family, tags, firstSeen }) => [
    prefix,
    inWords(countAddresses([prefix], family)),
    firstSeen === undefined ? '' : dayInWords(firstSeen),
    tags.join(' '),
  ]);
  return table(io, [['PREFIX', 'ADDRESSES', 'FIRST LISTED', 'TAG'], ...cells]);
}
