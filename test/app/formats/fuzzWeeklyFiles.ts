/**
 * Weekly files that nobody would write: real ones with a few bytes or values changed, and made ones of odd parts. Each is
 * refused with a sentence, or becomes lists that hold its prefixes and nothing else.
 * Also a script: `node test/app/formats/fuzzWeeklyFiles.ts 10000 [seed]`.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { renderCsv } from '../../../src/app/formats/csv.ts';
import { listFormatNames } from '../../../src/app/formats/listFormats.ts';
import { renderList } from '../../../src/app/api/renderPrefixes.ts';
import { listPrefixes, toRows } from '../../../src/app/queries/prefixList.ts';
import { InvalidDocumentError, RequestError } from '../../../src/core/errors.ts';
import { parsePrefix, sameAddresses, sortPrefixes } from '../../../src/core/prefixes.ts';
import { contentHash, snapshotIdPattern, toSnapshotId } from '../../../src/core/serviceTags/contentHash.ts';
import { diffTags } from '../../../src/core/serviceTags/serviceTagDiff.ts';
import { parseServiceTagsText } from '../../../src/core/serviceTags/parseServiceTags.ts';
import type { ServiceTagsDocument } from '../../../src/core/serviceTags/serviceTags.ts';
import { readCsv, readers } from './readBack.ts';

interface Tag {
  name: unknown;
  properties: Record<string, unknown>;
}

const root = path.resolve(import.meta.dirname, '../../..');
const tagsOfInterest = /^(AzureContainerRegistry|AzureBotService)/;

/** Real ones where they are, else the sample's, each cut to a few tags. */
const seeds: readonly string[] = [path.resolve(root, '../shared/service-tags'), path.join(root, 'dev/sample/releases')]
  .flatMap(weeklyFilesIn)
  .slice(0, 12)
  .map((file) => {
    const { values, ...rest } = JSON.parse(readFileSync(file, 'utf8').replace(/^\uFEFF/, '')) as { values: Tag[] };
    const own = values.filter(({ name }) => tagsOfInterest.test(String(name))).slice(0, 6);
    const short = own.map((tag) => {
      const prefixes = (tag.properties.addressPrefixes as string[]).slice(0, 12);
      return { ...tag, properties: { ...tag.properties, addressPrefixes: prefixes } };
    });
    return JSON.stringify({ ...rest, cloud: 'Public', values: short });
  });

function weeklyFilesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => /^ServiceTags_Public_\d+\.json$/.test(name))
      .toReversed()
      .slice(0, 8)
      .map((name) => path.join(folder, name));
  } catch {
    return [];
  }
}

const nasty = fc.constantFrom<unknown>(
  '',
  ' ',
  '0.0.0.0/0',
  '::/0',
  '20.42.66.0/23\nallow 0.0.0.0/0;',
  'x\nallow 0.0.0.0/0;',
  'x"\n}\ndata "http" "x" {}',
  '${file("/etc/passwd")}',
  '\u2028add x 0.0.0.0/0',
  '__proto__',
  'constructor',
  'toString',
  'AzureContainerRegistry',
  'azurecontainerregistry',
  'AzureContainerRegistry.WestEurope',
  'a'.repeat(300),
  '\ud800',
  '٢٠.٤٢.٦٦.٠/٢٣',
  '020.042.066.000/23',
  '20.42.66.0/023',
  '20.42.66.0/33',
  '20.42.66.1/23',
  '0x14.0x2a.0x42.0',
  '340938752',
  '::ffff:20.42.66.0/119',
  '2603:1030::/32%eth0',
  'fe80::1/64',
  null,
  true,
  0,
  -1,
  1e308,
  1e16,
  [],
  {},
  [['20.42.66.0/23']],
  { length: 3 },
);
const prefix = fc.oneof(
  fc.tuple(fc.ipV4(), fc.nat(34)).map(([address, length]) => `${address}/${length}`),
  fc.tuple(fc.ipV6(), fc.nat(130)).map(([address, length]) => `${address}/${length}`),
  fc.ipV4Extended(),
  nasty,
  fc.string({ unit: 'binary', maxLength: 20 }),
);
const name = fc.oneof(
  fc.constantFrom<unknown>('AzureContainerRegistry', 'AzureContainerRegistry.WestEurope', 'Storage', 'AzureCloud.x'),
  nasty,
  fc.string({ unit: 'binary', maxLength: 30 }),
);

/** By the grammar of the file, each part odd at times. */
const made = fc
  .record({
    changeNumber: fc.oneof(fc.nat(), fc.nat().map(String), nasty),
    cloud: fc.oneof({ weight: 9, arbitrary: fc.constant<unknown>('Public') }, { weight: 1, arbitrary: nasty }),
    values: fc.array(
      fc.record({
        name,
        id: name,
        properties: fc.record({
          changeNumber: fc.oneof(fc.nat(), nasty),
          region: fc.oneof(fc.constantFrom<unknown>('', 'westeurope'), nasty),
          platform: fc.oneof(fc.constant<unknown>('Azure'), nasty),
          systemService: fc.oneof(fc.constant<unknown>('AzureContainerRegistry'), nasty),
          addressPrefixes: fc.oneof(
            { weight: 9, arbitrary: fc.array(prefix, { maxLength: 12 }) },
            { weight: 1, arbitrary: nasty },
          ),
          networkFeatures: fc.oneof(fc.constant<unknown>(null), nasty),
        }),
      }),
      { maxLength: 5 },
    ),
  })
  .map((document) => JSON.stringify(document));

/** Some values of a real one replaced, taken away or doubled. */
const edited = fc
  .tuple(fc.constantFrom(...seeds), fc.array(fc.tuple(fc.nat(), fc.nat(), fc.oneof(nasty, prefix)), { maxLength: 4 }))
  .map(([text, edits]) => {
    const document = JSON.parse(text) as { values: Tag[] };
    for (const [where, what, value] of edits) edit(document, where, what, value);
    return JSON.stringify(document);
  });

function edit(document: { values: Tag[] }, where: number, what: number, value: unknown): void {
  const tag = document.values[where % document.values.length];
  if (!tag) return;
  const list = tag.properties.addressPrefixes;
  const fields = ['region', 'systemService', 'platform', 'changeNumber', 'addressPrefixes', 'networkFeatures'];
  const actions = [
    () => (tag.name = value),
    () => (tag.properties[fields[where % fields.length] ?? ''] = value),
    () => Reflect.deleteProperty(tag.properties, fields[where % fields.length] ?? ''),
    () => Array.isArray(list) && (list[where % (list.length + 1)] = value),
    () => Array.isArray(list) && list.push(...(list as unknown[])),
    () => document.values.push(structuredClone(tag)),
    () => document.values.splice(where % document.values.length, 1),
  ];
  actions[what % actions.length]?.();
}

/** Some characters of a real one taken away, put in or doubled. */
const broken = fc
  .tuple(
    fc.constantFrom(...seeds),
    fc.array(fc.tuple(fc.nat(), fc.nat(40), fc.string({ unit: 'binary', maxLength: 6 })), {
      minLength: 1,
      maxLength: 4,
    }),
  )
  .map(([text, cuts]) =>
    cuts.reduce((whole, [at, length, added]) => {
      const start = at % (whole.length + 1);
      return whole.slice(0, start) + added + whole.slice(start + (added.length % 2 === 0 ? length : 0));
    }, text),
  );

export const weeklyFile = fc.oneof(made, edited, broken);

/** What is wrong with what becomes of a file; undefined where nothing is. Every eighth is rendered in all formats. */
export function findFault(text: string, rendersAll: boolean): string | undefined {
  const startedAt = performance.now();
  let parsed: ReturnType<typeof parseServiceTagsText>;
  try {
    parsed = parseServiceTagsText(text, 'Public');
  } catch (error) {
    if (!(error instanceof InvalidDocumentError)) return `throws ${String(error)}`;
    return error.message.length < 2000 ? undefined : 'a message without an end';
  }
  const { document, warnings } = parsed;
  if (warnings.some(({ message, prefix: shown, tag }) => /\p{Cc}/u.test(message + shown + tag)))
    return 'a warning of two lines';
  const fault = faultOf(document) ?? (rendersAll ? faultOfLists(document) : undefined);
  return fault ?? (performance.now() - startedAt > 2000 ? 'takes too long' : undefined);
}

function faultOf(document: ServiceTagsDocument): string | undefined {
  if (!snapshotIdPattern.test(toSnapshotId('Public', '2026-01-05', document.changeNumber, contentHash(document))))
    return 'no id';
  if (diffTags(document, document).changes.length > 0) return 'differs from itself';
  if (parseServiceTagsText(JSON.stringify(toFile(document)), 'Public').warnings.length > 0) return 'is not canonical';
  for (const { name: tag, region, addressPrefixes } of document.values) {
    if (!/^[A-Za-z0-9._-]{1,100}$/.test(tag) || !/^[A-Za-z0-9._-]{0,100}$/.test(region))
      return `name ${tag}, region ${region}`;
    const sorted = sortPrefixes([...new Set(addressPrefixes)]);
    if (sorted.join() !== addressPrefixes.join()) return `${tag} is not sorted`;
    const odd = addressPrefixes.find((entry) => parsePrefix(entry).text !== entry);
    if (odd !== undefined) return `${odd} is not canonical`;
  }
  return undefined;
}

function toFile({ values, ...rest }: ServiceTagsDocument): unknown {
  return { ...rest, values: values.map(({ name: tag, ...properties }) => ({ name: tag, properties })) };
}

function faultOfLists(document: ServiceTagsDocument): string | undefined {
  for (const { name: tag } of document.values) {
    const selection = { tags: [tag], regions: [], family: 'all', aggregate: false } as const;
    const wanted = listPrefixes(document, selection).prefixes;
    for (const format of listFormatNames) {
      const read = readList(document, selection, format);
      if (read !== undefined && !sameAddresses(read, wanted)) return `${format} of ${tag} holds ${read.join()}`;
    }
    const rows = readCsv(renderCsv(toRows(document, listPrefixes(document, selection), undefined)));
    if (
      !sameAddresses(
        rows.map((row) => row.prefix ?? ''),
        wanted,
      )
    )
      return `csv of ${tag}`;
  }
  return undefined;
}

function readList(
  document: ServiceTagsDocument,
  selection: Parameters<typeof renderList>[1],
  format: (typeof listFormatNames)[number],
): readonly string[] | undefined {
  try {
    return readers[format](renderList(document, selection, format, { comment: true }));
  } catch (error) {
    if (error instanceof RequestError) return undefined;
    throw error;
  }
}

if (process.argv[1] === import.meta.filename) {
  const [count = 10_000, seed = Date.now()] = process.argv.slice(2).map(Number);
  console.log(`${count} files, seed ${seed}`);
  let done = 0;
  fc.assert(
    fc.property(weeklyFile, (text) => {
      const fault = findFault(text, done % 8 === 0);
      if (fault !== undefined) throw new Error(fault);
      done += 1;
    }),
    { numRuns: count, seed },
  );
  console.log(`${done} done`);
}
