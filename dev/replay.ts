/** Replays a folder of weekly files with the clock set to each file's date: `npm run replay -- --files DIR`. */
import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileSource } from '../src/adapters/sources/file.ts';
import { ownerIdOf } from '../src/app/ownerId.ts';
import type { PullResult } from '../src/app/pullServiceTags.ts';
import { readStorage } from '../src/config/storage.ts';
import { ConfigurationError, toErrorMessage } from '../src/core/errors.ts';
import type { UpdateRecord } from '../src/core/ledger/runRecord.ts';
import { clouds, type Cloud } from '../src/core/serviceTags/serviceTags.ts';
import type { Target } from '../src/core/targets/target.ts';
import { parseJsonc } from '../src/core/jsonc.ts';
import { parseTargetsFile } from '../src/core/targets/targetsFile.ts';
import { counted, listed } from '../src/core/words.ts';
import { startAzurite } from './azurite.ts';
import { parseFlags } from './flags.ts';
import { seedSampleResources } from './sample/resources.ts';
import { choosePort } from './port.ts';
import { seedResources } from './seedResources.ts';
import { sampleReleases, toPort } from './startOptions.ts';
import { listWeeklyFiles, type WeeklyFile } from './weeklyFiles.ts';
import type { World } from './world.ts';

const usage = `npm run replay -- [--files DIR] [--targets FILE] [--policy POLICY] [--json FILE] [--serve [--port N] [--root DIR]]

  --files DIR      folder with ServiceTags_<cloud>_<YYYYMMDD>.json files, of one cloud or of several
                   (default: the sample releases of dev/sample, with the sample's targets)
  --targets FILE   a targets file; its resources are made up in the simulator
                   (default: one NSG rule with the whole AzureContainerRegistry tag, policy sync, default limits)
  --policy POLICY  plan, addOnly or sync for every target, whatever the targets file says
  --json FILE      writes every plan and every record there
  --serve          then serves the app with what the replay left, until Ctrl-C; one cloud only
  --port N         1-65535, default 7071, or any free one if that is taken
  --root DIR       serves this built app (default: builds this project)
`;

interface ReplayedFile {
  readonly file: string;
  readonly date: string;
  readonly cloud: Cloud;
  readonly pull?: PullResult;
  readonly runs: readonly UpdateRecord[];
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

const flags = {
  files: { type: 'string' },
  targets: { type: 'string' },
  policy: { type: 'string' },
  json: { type: 'string' },
  serve: { type: 'boolean', default: false },
  port: { type: 'string' },
  root: { type: 'string' },
  help: { type: 'boolean' },
} as const;

async function main(): Promise<void> {
  const values = parseFlags(process.argv.slice(2), flags, usage);
  if (values.help) return console.log(usage);
  const folder = values.files === undefined ? sampleReleases : fromCaller(values.files);
  const files = await readFolder(folder);
  const used = clouds.filter((cloud) => files.some((file) => file.cloud === cloud));
  if (values.serve && used.length > 1) {
    throw new ConfigurationError('--serve', `${folder} has files of ${listed(used)}, one cloud is accepted`);
  }
  const targetsJson = withPolicy(await readTargets(values.targets, values.files === undefined), values.policy);
  const { targets } = parseTargetsFile(targetsJson, values.targets ?? 'the default targets');
  const port = values.serve ? await choosePort(toPort(values.port)) : 0;

  const replayed: ReplayedFile[] = [];
  const azurite = await startAzurite({ accounts: clouds.map(toAccount) });
  try {
    for (const cloud of used) {
      const ofCloud = files.filter((file) => file.cloud === cloud);
      console.log(`${cloud}: ${counted(ofCloud.length, 'file')}`);
      const connectionString = azurite.connectionStringOf(toAccount(cloud));
      const world = await replayCloud(ofCloud, targets, connectionString, replayed);
      try {
        if (values.json !== undefined) await writeReport(values.json, replayed);
        if (values.serve) {
          const { serveReplay } = await import('./replayServer.ts');
          const root = values.root === undefined ? undefined : fromCaller(values.root);
          await serveReplay({ world, cloud, connectionString, targets: targetsJson, folder, port, root });
        }
      } finally {
        await world.stop();
      }
    }
  } finally {
    await azurite.stop();
  }
}

async function writeReport(path: string, replayed: readonly ReplayedFile[]): Promise<void> {
  await writeFile(fromCaller(path), `${JSON.stringify(replayed, null, 2)}\n`);
}

/** Resolves a path from the folder in which the user called npm. npm itself changes to the project's folder. */
function fromCaller(path: string): string {
  return resolve(process.env.INIT_CWD ?? '', path);
}

async function readFolder(folder: string): Promise<readonly WeeklyFile[]> {
  const files = await listWeeklyFiles(folder).catch((error: unknown) => {
    throw new ConfigurationError(
      '--files',
      `${folder} cannot be read (${toErrorMessage(error)}), a folder is accepted`,
    );
  });
  if (files.length > 0) return files;
  throw new ConfigurationError('--files', `${folder} contains no ServiceTags_<cloud>_<YYYYMMDD>.json`);
}

/** Returns the targets file as JSON, not parsed further, because `--serve` passes it on to the app. */
async function readTargets(path: string | undefined, isSample: boolean): Promise<unknown> {
  if (path === undefined && !isSample) return defaultTargets;
  const file = path === undefined ? join(sampleReleases, '../targets.json') : fromCaller(path);
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new ConfigurationError(
      '--targets',
      `${file} cannot be read (${toErrorMessage(error)}), a targets file is accepted`,
    );
  });
  return parseJsonc(text, file);
}

const policies = ['plan', 'addOnly', 'sync'];

/**
 * Sets the policy of every target and profile, for example to see what a file with policy `plan` would have written.
 */
function withPolicy(json: unknown, policy: string | undefined): unknown {
  if (policy === undefined) return json;
  if (!policies.includes(policy)) {
    throw new ConfigurationError('--policy', `"${policy}" is not accepted; accepted: ${policies.join(', ')}`);
  }
  const file = json as { readonly targets?: readonly object[]; readonly profiles?: Readonly<Record<string, object>> };
  return {
    ...file,
    ...(file.targets && { targets: file.targets.map((target) => ({ ...target, policy })) }),
    ...(file.profiles && {
      profiles: Object.fromEntries(Object.entries(file.profiles).map(([name, entry]) => [name, { ...entry, policy }])),
    }),
  };
}

/** Leaves the world running, because `--serve` may serve it. The caller stops it. */
async function replayCloud(
  files: readonly WeeklyFile[],
  targets: readonly Target[],
  connectionString: string,
  replayed: ReplayedFile[],
): Promise<World> {
  // Loaded only now, so that a wrong argument is reported at once.
  const { startWorld } = await import('./world.ts');
  const [{ cloud, date }] = files as readonly [WeeklyFile];
  const ownerId = ownerIdOf(readStorage({ AzureWebJobsStorage: connectionString }, cloud));
  const world = await startWorld({ connectionString, cloud, start: noonOf(date), targets, ownerId });
  try {
    seedSampleResources(world.simulator);
    seedResources(world.simulator, targets);
    let before: ReplayedFile | undefined;
    for (const file of files) {
      const result = await replayFile(world, file);
      console.log(describe(result, before));
      replayed.push(result);
      before = result;
    }
    return world;
  } catch (error) {
    await world.stop();
    throw error;
  }
}

/**
 * Runs a pull, the updates that it queued, and one reconciliation, in which removals come due in weeks without news.
 */
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

/** One line. Leaves out reasons that the line before already gave. */
function describe({ date, pull, runs, error }: ReplayedFile, before: ReplayedFile | undefined): string {
  if (!pull) return `${date}  refused: ${error ?? 'unknown error'}`;
  const head = `${date}  change ${pull.changeNumber}, ${pull.tagCount} tags`;
  const quarantine = pull.quarantine.map((entry) => `quarantined ${entry.tag} (${entry.kind})`);
  const warnings = pull.warnings.length > 0 ? [`${pull.warnings.length} warnings`] : [];
  const content = pull.outcome === 'unchanged' ? ['same content'] : [];
  return [head, ...content, ...warnings, ...quarantine, ...describeRuns(runs, before?.runs ?? [])].join('  | ');
}

/** One part per target: what its runs wrote, then the reasons of its last run. */
function describeRuns(runs: readonly UpdateRecord[], before: readonly UpdateRecord[]): string[] {
  const names = [...new Set(runs.map((run) => run.chain))];
  return names.map((name) => {
    const own = runs.filter((run) => run.chain === name);
    const known = new Set(before.filter((run) => run.chain === name).flatMap(({ reasons }) => reasons.map(toText)));
    const reasons = (own.at(-1)?.reasons ?? []).filter((reason) => reason.code !== 'foreignRules').map(toText);
    return [`${name} ${countsOf(own)}`, ...reasons.filter((reason) => !known.has(reason))].join('; ');
  });
}

function toText({ code, message }: UpdateRecord['reasons'][number]): string {
  return `${code}: ${message}`;
}

/** `+3 -0`, or `would +3 -0` if nothing may be written. */
function countsOf(runs: readonly UpdateRecord[]): string {
  const count = (list: 'add' | 'remove', ...outcomes: readonly UpdateRecord['outcome'][]): number =>
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
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
