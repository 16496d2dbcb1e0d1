/** `acr-addresses lookup` */
import { RequestError, shorten } from '../core/errors.ts';
import { buildLookupIndex, type LookupMatch } from '../core/serviceTags/lookupIndex.ts';
import { newPackedPrefix, parsePacked } from '../core/serviceTags/packedAddress.ts';
import { exitCodes, UsageError, type ExitCode } from './exitCodes.ts';
import type { Io } from './io.ts';
import { jsonOption, parseOptions, sourceOptions } from './options.ts';
import { readRelease } from './source.ts';
import { paint, table } from './terminal.ts';

export async function run(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = parseOptions(args, { ...sourceOptions, ...jsonOption });
  const addresses = positionals.flatMap((text) => (text === '-' ? wordsOf(io.readInput()) : [text]));
  if (addresses.length === 0) throw new UsageError('An address is missing, such as: acr-addresses lookup 20.42.66.1');
  const wrong = addresses.find((ip) => !parsePacked(ip, newPackedPrefix()));
  if (wrong !== undefined) throw refusal(wrong);
  const { document } = await readRelease(values, io);
  const index = buildLookupIndex(document);
  const answers = addresses.map((ip) => ({ ip, matches: index.find(ip) ?? [] }));
  io.print(
    values.json ? `${JSON.stringify(answers, null, 2)}\n` : answers.map((answer) => format(answer, io)).join(''),
  );
  return answers.every(({ matches }) => matches.length > 0) ? exitCodes.ok : exitCodes.different;
}

function wordsOf(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

function refusal(ip: string): RequestError {
  const detail = `"${shorten(ip, 60)}" is not an IP address or a CIDR such as 20.42.66.1, 2603:1030::/48`;
  return new RequestError(400, 'invalid-query', detail);
}

function format({ ip, matches }: { readonly ip: string; readonly matches: readonly LookupMatch[] }, io: Io): string {
  if (matches.length === 0) return `${paint(io, 'bold', ip)} is in no service tag.\n`;
  const rows = matches.map(({ tag, prefix, systemService }) => [prefix, tag, systemService]);
  return `${paint(io, 'bold', ip)}\n${table(io, [['PREFIX', 'TAG', 'SERVICE'], ...rows])}`;
}
