/** Feeds a folder of weekly files through the product, each at the time of its date: `npm run replay -- --files DIR`. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { fileSource } from '../src/adapters/sources/file.ts';
import type { PullResult } from '../src/app/pullServiceTags.ts';
import { ConfigurationError, toErrorMessage } from '../src/core/errors.ts';
import type { RunRecord } from '../src/core/ledger/runRecord.ts';
import { clouds, type Cloud } from '../src/core/serviceTags/serviceTags.ts';
import type { Target } from '../src/core/targets/target.ts';
import { parseTargetsFile, parseTargetsText } from '../src/core/targets/targetsFile.ts';
import { startAzurite } from './azurite.ts';
import { seedResources } from './seedResources.ts';
import { startWorld, type World } from './world.ts';

const usage = `npm run replay -- --files DIR [--targets FILE] [--json FILE]

  --files DIR      folder with ServiceTags_<cloud>_<YYYYMMDD>.json files, of one cloud or of several
  --targets FILE   a targets file; its resources are made up in the simulator
                   (default: one NSG rule with the whole AzureContainerRegistry tag, policy sync, default limits)
  --json FILE      writes every plan and every record there
`;

interface WeeklyFile {
  readonly cloud: Cloud;
  /** `YYYY-MM-DD` */
  readonly date: string;
  readonly path: string;
}

interface ReplayedFile {
  readonly file: string;
  readonly date: string;
  readonly cloud: Cloud;
  readonly pull?: PullResult;
  readonly runs: readonly RunRecord[];
  readonly error?: string;
}

const defaultTargets = {
  targets: [
    {
      name: 'whole-tag',
      kind: 'nsgRule',
      resourceId:
        '/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/replay/providers/Microsoft.Network/networkSecurityGroups/nsg-replay',
      scenario: 'registryClients',
      regions: 'all',
      rule: { name: 'AllowAcr', priority: 300 },
      policy: 'sync',
    },
  ],
};

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      files: { type: 'string' },
      targets: { type: 'string' },
      json: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) return console.log(usage);
  if (values.files === undefined) throw new ConfigurationError('--files', `missing\n\n${usage}`);
  const files = await listWeeklyFiles(fromCaller(values.files));
  const targets = await readTargets(values.targets === undefined ? undefined : fromCaller(values.targets));
  const replayed: ReplayedFile[] = [];
  const azurite = await startAzurite({ inMemory: true, accounts: clouds.map(toAccount) });
  try {
    for (const cloud of clouds) {
      const ofCloud = files.filter((file) => file.cloud === cloud);
      if (ofCloud.length === 0) continue;
      console.log(`${cloud}: ${ofCloud.length} files`);
      replayed.push(...(await replayCloud(ofCloud, targets, azurite.connectionStringOf(toAccount(cloud)))));
    }
  } finally {
    await azurite.stop();
  }
  if (values.json !== undefined) await writeFile(fromCaller(values.json), `${JSON.stringify(replayed, null, 2)}\n`);
}

/** Paths are those of the caller's folder; npm goes to the project's. */
function fromCaller(path: string): string {
  return resolve(process.env.INIT_CWD ?? '', path);
}

async function listWeeklyFiles(folder: string): Promise<WeeklyFile[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    throw new ConfigurationError(
      '--files',
      `${folder} cannot be read (${toErrorMessage(error)}), a folder is accepted`,
    );
  });
  const found = names.flatMap((name) => {
    const match = /^ServiceTags_([A-Za-z]+)_(\d{4})(\d{2})(\d{2})\.json$/i.exec(name);
    const cloud = clouds.find((known) => known.toLowerCase() === match?.[1]?.toLowerCase());
    if (!match || !cloud) return [];
    return [{ cloud, date: `${match[2]}-${match[3]}-${match[4]}`, path: join(folder, name) }];
  });
  if (found.length === 0) {
    throw new ConfigurationError('--files', `${folder} holds no ServiceTags_<cloud>_<YYYYMMDD>.json`);
  }
  return found.sort((a, b) => (a.date < b.date ? -1 : 1));
}

async function readTargets(path: string | undefined): Promise<readonly Target[]> {
  if (path === undefined) return parseTargetsFile(defaultTargets, 'default targets').targets;
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new ConfigurationError(
      '--targets',
      `${path} cannot be read (${toErrorMessage(error)}), a targets file is accepted`,
    );
  });
  return parseTargetsText(text, path).targets;
}

async function replayCloud(
  files: readonly WeeklyFile[],
  targets: readonly Target[],
  connectionString: string,
): Promise<ReplayedFile[]> {
  const [first] = files;
  if (!first) return [];
  const world = await startWorld({ connectionString, cloud: first.cloud, start: noonOf(first.date), targets });
  try {
    seedResources(world.simulator, targets);
    const replayed: ReplayedFile[] = [];
    for (const file of files) {
      const result = await replayFile(world, file);
      console.log(describe(result, replayed.at(-1)));
      replayed.push(result);
    }
    return replayed;
  } finally {
    await world.stop();
  }
}

/** A pull, what it queued, and one reconciliation: the clocks of removals move on in quiet weeks too. */
async function replayFile(world: World, { cloud, date, path }: WeeklyFile): Promise<ReplayedFile> {
  world.clock.setTo(noonOf(date));
  world.setSources(fileSource(`file:${path}`, path, cloud));
  const head = { file: path, date, cloud };
  try {
    const pull = await world.pull();
    const runs = await world.drain();
    const quiet = await world.reconcile();
    return { ...head, pull, runs: [...runs, ...quiet.filter((record) => record.outcome !== 'unchanged')] };
  } catch (error) {
    return { ...head, runs: [], error: toErrorMessage(error) };
  }
}

function noonOf(date: string): Date {
  return new Date(`${date}T12:00:00Z`);
}

/** One line. A reason that stood in the line before is not said again. */
function describe({ date, pull, runs, error }: ReplayedFile, before: ReplayedFile | undefined): string {
  if (!pull) return `${date}  refused: ${error ?? 'unknown error'}`;
  const head = `${date}  change ${pull.changeNumber}, ${pull.tagCount} tags`;
  const quarantine = pull.quarantine.map((entry) => `quarantined ${entry.tag} (${entry.kind})`);
  const warnings = pull.warnings.length > 0 ? [`${pull.warnings.length} warnings`] : [];
  const content = pull.outcome === 'unchanged' ? ['same content'] : [];
  return [head, ...content, ...warnings, ...quarantine, ...describeRuns(runs, before?.runs ?? [])].join('  | ');
}

/** Runs of one target together: what was written, then what the last run held, kept or stumbled over. */
function describeRuns(runs: readonly RunRecord[], before: readonly RunRecord[]): string[] {
  const names = [...new Set(runs.map((run) => run.chain))];
  return names.map((name) => {
    const own = runs.filter((run) => run.chain === name);
    const known = new Set(before.filter((run) => run.chain === name).flatMap(({ reasons }) => reasons.map(toText)));
    const reasons = (own.at(-1)?.reasons ?? []).filter((reason) => reason.code !== 'foreignRules').map(toText);
    return [`${name} ${countsOf(own)}`, ...reasons.filter((reason) => !known.has(reason))].join('; ');
  });
}

function toText({ code, message }: RunRecord['reasons'][number]): string {
  return `${code}: ${message}`;
}

/** `+3 -0`, or `would +3 -0` where nothing may be written. */
function countsOf(runs: readonly RunRecord[]): string {
  const count = (list: 'add' | 'remove', ...outcomes: readonly RunRecord['outcome'][]): number =>
    runs
      .filter(({ outcome }) => outcomes.includes(outcome))
      .reduce((sum, { plan }) => sum + (plan?.[list].length ?? 0), 0);
  const written = `+${count('add', 'applied', 'pending')} -${count('remove', 'applied')}`;
  const last = runs.at(-1);
  const isWritten = last === undefined || !['planOnly', 'paused', 'blocked'].includes(last.outcome);
  return isWritten ? written : `would +${last.plan?.add.length ?? 0} -${last.plan?.remove.length ?? 0}`;
}

function toAccount(cloud: Cloud): { name: string; key: string } {
  return { name: `replay${cloud.toLowerCase()}`, key: Buffer.from(`replay of ${cloud}`).toString('base64') };
}

try {
  await main();
} catch (error) {
  console.error(toErrorMessage(error));
  process.exitCode = 1;
}
