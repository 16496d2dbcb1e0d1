/** `acr-addresses explain`: explains addresses like the page does, but knows no targets. */
import { explainAddress, type AddressExplanation } from '../core/explain/explainAddress.ts';
import { listedPeriods } from '../core/explain/listedPeriods.ts';
import { overlapsOf } from '../core/explain/overlaps.ts';
import { findAddresses, findDay, findSituation, maxExplained } from '../core/explain/readText.ts';
import { isRegistryTag } from '../core/history/limits.ts';
import { buildLookupIndex } from '../core/serviceTags/lookupIndex.ts';
import { defaultServiceTag } from '../core/serviceTags/serviceTags.ts';
import { dayInWords } from '../core/words.ts';
import { readHistory } from './builtIn.ts';
import { exitCodes, UsageError, type ExitCode } from './exitCodes.ts';
import type { Io } from './io.ts';
import { jsonOption, parseOptions, sourceOptions } from './options.ts';
import { readRelease } from './source.ts';
import { paint, table } from './terminal.ts';

export async function run(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = parseOptions(args, { ...sourceOptions, ...jsonOption });
  const text = positionals.map((part) => (part === '-' ? io.readInput() : part)).join(' ');
  const addresses = findAddresses(text);
  if (addresses.length === 0) {
    throw new UsageError(
      `There is no IP address in the text; accepted: a line that has up to ${maxExplained} of them.`,
    );
  }
  const { document } = await readRelease(values, io);
  const { releases } = await readHistory(document.cloud);
  const index = buildLookupIndex(document);
  const day = findDay(text, io.now());
  const situation = findSituation(text);
  const explained = addresses.map((address) => {
    const matches = index.find(address) ?? [];
    const overlaps = overlapsOf(document, address);
    const periods = listedPeriods(releases, address);
    return withoutTargets(explainAddress({ address, situation, day, matches, overlaps, periods, targets: [] }));
  });
  const answer = { day: day ?? null, situation, addresses: explained };
  io.print(values.json ? `${JSON.stringify(answer, null, 2)}\n` : explained.map((one) => format(one, io)).join('\n'));
  return explained.some(isListed) ? exitCodes.ok : exitCodes.different;
}

/** Replaces the advice, which is about targets, by the command that lists the tag of the address. */
function withoutTargets(explanation: AddressExplanation): AddressExplanation {
  if (!isListed(explanation)) return explanation;
  const tag = explanation.matches.find((match) => isRegistryTag(match.tag))?.tag ?? defaultServiceTag;
  const region = tag.slice(defaultServiceTag.length + 1).toLowerCase();
  const command = `acr-addresses list${region === '' ? '' : ` --region ${region}`}`;
  return { ...explanation, next: [`To admit it, allow the list that contains it: ${command}`] };
}

function isListed({ matches, overlaps }: AddressExplanation): boolean {
  return [...matches, ...overlaps].some(({ tag }) => isRegistryTag(tag));
}

function format({ summary, matches, periods, onDay, next }: AddressExplanation, io: Io): string {
  const tags = matches.map(({ prefix, tag }) => [prefix, tag]);
  const history = periods.map(({ prefix, tag, from, until }) => [
    prefix,
    tag,
    dayInWords(from),
    until === null ? 'today' : dayInWords(until),
  ]);
  const dayLine =
    onDay === null
      ? []
      : [
          `On ${dayInWords(onDay.day)} it was in ${onDay.tags.length === 0 ? 'none of the ACR tags' : onDay.tags.join(', ')}.\n`,
        ];
  return [
    `${paint(io, 'bold', summary)}\n`,
    ...(tags.length > 0 ? [table(io, [['PREFIX', 'TAG'], ...tags])] : []),
    ...(history.length > 0 ? [table(io, [['LISTED', 'TAG', 'FROM', 'UNTIL'], ...history])] : []),
    ...dayLine,
    ...next.map((step) => `${step}\n`),
  ].join('');
}
