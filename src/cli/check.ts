/** `acr-addresses check` */
import { countAddresses, familyOf, includesAll, overlapping, prefixesOf } from '../core/prefixes.ts';
import type { History } from '../core/history/history.ts';
import { findTag, knownRegions, matchRegion } from '../core/serviceTags/regions.ts';
import type { ServiceTagsDocument } from '../core/serviceTags/serviceTags.ts';
import { agree, counted, dayInWords, inWords } from '../core/words.ts';
import { compareRules, type Comparison } from './check/compareRules.ts';
import { readRules, type Rule } from './check/readRules.ts';
import { everListed, firstListedDays, lastListedDays, readHistory } from './builtIn.ts';
import { exitCodes, UsageError, type ExitCode } from './exitCodes.ts';
import { readGiven } from './files.ts';
import type { Io } from './io.ts';
import { listRelease, nameOf, ofFamilies, type LeftOut, type Listing, type Selection } from './listing.ts';
import { jsonOption, oneOf, parseOptions, selectionOptions, sourceOptions, toSelection } from './options.ts';
import { readRelease, type ReadRelease } from './source.ts';
import { paint, table } from './terminal.ts';

const formats = ['text', 'markdown', 'json'] as const;

const options = {
  ...selectionOptions,
  ...sourceOptions,
  ...jsonOption,
  format: { type: 'string' },
  rule: { type: 'string' },
} as const;

interface Report extends Comparison {
  readonly file: string;
  /** Names of the compared rules; empty if the file is a plain list. */
  readonly rules: readonly string[];
  readonly tags: readonly string[];
  /** Date of the release that the file was compared with. */
  readonly date: string | undefined;
  readonly origin: string;
  /** Missing prefix → day. */
  readonly firstListed: Readonly<Record<string, string>>;
  /** Stale prefix → day. */
  readonly lastListed: Readonly<Record<string, string>>;
  readonly unreadable: Rule['unreadable'];
  /** Listed prefixes that no rule should contain: special-purpose ranges and very wide ones. */
  readonly leftOut: readonly LeftOut[];
  readonly inSync: boolean;
  readonly hints: readonly string[];
}

export async function run(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = parseOptions(args, options);
  const [file, more] = positionals;
  if (file === undefined || more !== undefined) {
    throw new UsageError(
      `check takes one file, or - for stdin, such as: acr-addresses check acr.conf; given: ${counted(positionals.length, 'argument')}.`,
    );
  }
  const format = values.json ? 'json' : oneOf('--format', values.format ?? 'text', formats);
  const selection = toSelection(values);
  const rules = readRules(readGiven(io, file));
  const release = await readRelease({ ...values, tags: selection.tags }, io);
  const history = await readHistory(release.document.cloud);
  const report = check(file, rules, release, history, { selection, rule: values.rule });
  io.print(renderers[format](report, io));
  return report.inSync ? exitCodes.ok : exitCodes.different;
}

function check(
  file: string,
  rules: readonly Rule[],
  release: ReadRelease,
  history: History,
  { selection, rule }: { readonly selection: Selection; readonly rule: string | undefined },
): Report {
  const listing = listRelease(release.document, selection);
  const listed = prefixesOf(listing.rows);
  const chosen = chooseRules(rules, listed, rule);
  const prefixesOfTags = chosen.flatMap(({ tags }) =>
    tags.flatMap((tag) => findTag(release.document, tag)?.addressPrefixes ?? []),
  );
  const own = ofFamilies([...chosen.flatMap(({ prefixes }) => prefixes), ...prefixesOfTags], selection.family);
  const comparison = compareRules(own, listed, everListed(history, listing.tags));
  const unreadable = chosen.flatMap((rule) => rule.unreadable);
  const { missing, stale, surplus } = comparison;
  return {
    file: file === '-' ? 'stdin' : file,
    rules: chosen.flatMap(({ name }) => (name === '' ? [] : [name])),
    tags: listing.tags,
    date: release.date,
    origin: release.origin,
    ...comparison,
    firstListed: Object.fromEntries(firstListedDays(history, listing.tags, missing)),
    lastListed: Object.fromEntries(lastListedDays(history, listing.tags, stale)),
    unreadable,
    leftOut: listing.leftOut,
    inSync: [missing, stale, surplus, unreadable].every(({ length }) => length === 0),
    hints: hintsFor(comparison, own, listing, release.document, selection),
  };
}

/**
 * Returns the rule with this name; without a name, the rules that admit a listed address or name a tag. A file with only
 * one rule or list is returned as it is. Throws UsageError for an unknown name.
 */
function chooseRules(rules: readonly Rule[], listed: readonly string[], name: string | undefined): readonly Rule[] {
  if (name !== undefined) {
    const found = rules.filter((rule) => rule.name.toLowerCase() === name.toLowerCase());
    if (found.length > 0) return found;
    const known = rules.flatMap((rule) => (rule.name === '' ? [] : [rule.name]));
    throw new UsageError(
      `--rule: there is no rule "${name}" in the file; accepted: ${known.join(', ') || 'none: it is one list'}.`,
    );
  }
  const [only] = rules;
  if (only && rules.length === 1) return rules;
  return rules.filter(({ prefixes, tags }) => tags.length > 0 || overlapping(prefixes, listed).length > 0);
}

function hintsFor(
  { missing }: Comparison,
  own: readonly string[],
  { tags, rows }: Listing,
  document: ServiceTagsDocument,
  { regions, family }: Selection,
): string[] {
  const hints: string[] = [];
  if (own.length === 0) hints.push('The file contains no address of the list. Name the rule with --rule.');
  const isIpv6Missing = missing.some((prefix) => prefix.includes(':')) && !own.some((prefix) => prefix.includes(':'));
  if (isIpv6Missing && family === 'all')
    hints.push('The file contains no IPv6 address: --family ipv4 compares IPv4 only.');
  const [tag] = tags;
  if (regions.length === 0 && tag !== undefined && missing.length * 2 > rows.length && own.length > 0) {
    const whole = knownRegions(document, tag).filter((region) => {
      const listed = ofFamilies(matchRegion(document, tag, region)?.addressPrefixes ?? [], 'ipv4');
      return listed.length > 0 && includesAll(own, listed);
    });
    if (whole.length > 0)
      hints.push(`The file has all of ${whole.join(', ')}: --region ${whole.join(',')} compares only that.`);
  }
  return hints;
}

const renderers = { text: renderText, markdown: renderMarkdown, json: renderJson } as const;

function renderJson(report: Report): string {
  return `${JSON.stringify(report, null, 2)}\n`;
}

interface Section {
  readonly title: string;
  readonly colour: 'red' | 'yellow';
  readonly heading: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

function sectionsOf({
  missing,
  firstListed,
  stale,
  lastListed,
  surplus,
  surplusAddresses,
}: Report): readonly Section[] {
  const sections: readonly Section[] = [
    {
      title: 'Missing: listed, not in the file',
      colour: 'red',
      heading: ['prefix', 'addresses', 'first listed'],
      rows: missing.map((prefix) => [prefix, sizeOf(prefix), dayOf(firstListed[prefix])]),
    },
    {
      title: 'Stale: in the file, no longer listed',
      colour: 'yellow',
      heading: ['prefix', 'addresses', 'last listed'],
      rows: stale.map((prefix) => [prefix, sizeOf(prefix), dayOf(lastListed[prefix])]),
    },
    {
      title: 'Surplus: in the file, never listed',
      colour: 'yellow',
      heading: ['prefix', 'addresses never listed'],
      rows: surplus.map((prefix) => [prefix, inWords(BigInt(surplusAddresses[prefix] ?? 0))]),
    },
  ];
  return sections.filter(({ rows }) => rows.length > 0);
}

function renderText(report: Report, io: Io): string {
  const parts = sectionsOf(report).map(
    ({ title, colour, heading, rows }) =>
      `${paint(io, colour, title)}\n${table(io, [heading.map((cell) => cell.toUpperCase()), ...rows])}`,
  );
  const unreadable = report.unreadable.map(({ text, line }) => `line ${line}: "${text}" is not an address\n`);
  const verdict = paint(io, report.inSync ? 'green' : 'red', summaryOf(report));
  return [`${verdict}\n`, ...parts, ...unreadable, ...report.hints.map((hint) => `${hint}\n`)].join('\n');
}

function renderMarkdown(report: Report): string {
  const parts = sectionsOf(report).flatMap(({ title, heading, rows }) => {
    const lines = rows.map(([prefix = '', ...cells]) => [`\`${prefix}\``, ...cells]);
    return [
      `### ${title}`,
      [heading, heading.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n'),
    ];
  });
  const unreadable = report.unreadable.map(({ text, line }) => `- line ${line}: \`${text}\` is not an address`);
  return [
    `## ${nameOf(report.tags)}`,
    summaryOf(report),
    ...parts,
    ...(unreadable.length > 0 ? ['### Unreadable', unreadable.join('\n')] : []),
    ...report.hints,
  ]
    .join('\n\n')
    .concat('\n');
}

/** `acr.conf, compared with AzureContainerRegistry.WestEurope (list of 3 Mar 2025), lacks 2 prefixes, contains 1 …` */
function summaryOf({ file, rules, tags, date, missing, stale, surplus, unreadable, inSync }: Report): string {
  const what =
    rules.length === 0 ? file : `${file} (${rules.length === 1 ? `rule ${rules[0]}` : counted(rules.length, 'rule')})`;
  const list = `${nameOf(tags)}${date === undefined ? '' : ` (list of ${dayInWords(date)})`}`;
  if (inSync) return `${what} contains exactly ${list}.`;
  const parts = [
    missing.length > 0 && `lacks ${counted(missing.length, 'prefix')}`,
    stale.length > 0 &&
      `contains ${counted(stale.length, 'prefix')} that ${agree(stale.length, 'is', 'are')} no longer listed`,
    surplus.length > 0 && `contains ${counted(surplus.length, 'prefix')} with addresses that were never listed`,
    unreadable.length > 0 &&
      `contains ${inWords(unreadable.length)} ${agree(unreadable.length, 'entry', 'entries')} that cannot be read`,
  ].filter((part) => part !== false);
  return `${what}, compared with ${list}, ${parts.join(', ')}.`;
}

function dayOf(day: string | undefined): string {
  return day === undefined ? '' : dayInWords(day);
}

function sizeOf(prefix: string): string {
  return inWords(countAddresses([prefix], familyOf(prefix)));
}
