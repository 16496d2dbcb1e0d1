/**
 * Finds the Bicep CLI; if it is missing and the .NET SDK is installed, downloads it once from NuGet into `.tools`.
 * `node dev/bicep.ts` builds everything in infra/, which lints it, and fails on any warning.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = path.resolve(import.meta.dirname, '..');
const version = '0.49.2';
const packages = path.join(root, '.tools', 'bicep');
const restored = path.join(packages, 'azure.bicep.commandline.linux-x64', version, 'tools', 'bicep');

const project = `<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <TargetFramework>net8.0</TargetFramework>
    <DisableImplicitFrameworkReferences>true</DisableImplicitFrameworkReferences>
    <RestorePackagesPath>${packages}</RestorePackagesPath>
  </PropertyGroup>
  <ItemGroup>
    <PackageReference Include="Azure.Bicep.CommandLine.linux-x64" Version="${version}" />
  </ItemGroup>
</Project>
`;

/** Returns the path of the Bicep CLI, or the reason why this machine has none. */
export async function findBicep(): Promise<{ readonly path: string } | { readonly missing: string }> {
  const onPath = (process.env.PATH ?? '').split(path.delimiter).map((folder) => path.join(folder, 'bicep'));
  const known = [...onPath, restored].find((file) => existsSync(file));
  if (known !== undefined) return { path: known };
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return { missing: 'bicep is not on PATH, and it is fetched from NuGet on Linux x64 only' };
  }
  return restoreBicep();
}

async function restoreBicep(): Promise<{ readonly path: string } | { readonly missing: string }> {
  await mkdir(packages, { recursive: true });
  const file = path.join(packages, 'restore.csproj');
  await writeFile(file, project);
  try {
    await run('dotnet', ['restore', file, '--nologo'], {
      timeout: 60_000,
      env: { ...process.env, DOTNET_CLI_TELEMETRY_OPTOUT: '1', DOTNET_NOLOGO: '1' },
    });
    await chmod(restored, 0o755);
    return { path: restored };
  } catch (error) {
    return { missing: `bicep is not on PATH and could not be restored from NuGet (${firstLine(error)})` };
  }
}

/** Runs one command of the CLI. `warnings` is its stderr. */
async function runBicep(bicep: string, args: readonly string[]): Promise<{ stdout: string; warnings: string }> {
  const { stdout, stderr } = await run(bicep, args, { maxBuffer: 64 * 1024 * 1024, env: quietEnvironment() });
  return { stdout, warnings: stderr.trim() };
}

export interface Compiled {
  /** The ARM template. */
  readonly template: unknown;
  /** Of the compiler and its linter; empty if there are none. */
  readonly warnings: string;
}

/** Compiles a Bicep file. Errors: what the compiler says. */
export async function compileBicep(bicep: string, file: string): Promise<Compiled> {
  const { stdout, warnings } = await runBicep(bicep, ['build', '--stdout', file]);
  return { template: JSON.parse(stdout) as unknown, warnings };
}

/** A resource as a deployment would request it. Values that only Azure knows stay expressions in brackets. */
export interface PredictedResource {
  readonly type: string;
  readonly name: string;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly [key: string]: unknown;
}

/** Returns the resources that a deployment of infra/main.bicep would request. Parameters are in Bicep syntax. */
export async function predictDeployment(
  bicep: string,
  parameters: Readonly<Record<string, string>>,
): Promise<readonly PredictedResource[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'bicep-'));
  try {
    const file = path.join(folder, 'main.bicepparam');
    const template = path.relative(folder, path.join(root, 'infra/main.bicep')).split(path.sep).join('/');
    const lines = Object.entries(parameters).map(([name, value]) => `param ${name} = ${value}`);
    await writeFile(file, [`using '${template}'`, ...lines, ''].join('\n'));
    const where = ['--subscription-id', '00000000-0000-0000-0000-000000000001', '--location', 'westeurope'];
    await runBicep(bicep, ['snapshot', file, '--mode', 'overwrite', ...where]);
    const text = await readFile(path.join(folder, 'main.snapshot.json'), 'utf8');
    return (JSON.parse(text) as { readonly predictedResources: PredictedResource[] }).predictedResources;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Returns the warnings and errors of the compiler and its linter for a file; empty if there are none. */
export async function checkBicep(bicep: string, file: string): Promise<string> {
  const build = file.endsWith('.bicepparam') ? 'build-params' : 'build';
  return runBicep(bicep, [build, '--stdout', file]).then(({ warnings }) => warnings, describeFailure);
}

/** The two files that are deployed. Checking them checks every module. */
const bicepEntryPoints = ['main.bicep', 'main.bicepparam'].map((file) => path.join(root, 'infra', file));

function quietEnvironment(): NodeJS.ProcessEnv {
  // A short run is not worth the profile that .NET makes of it.
  return { ...process.env, DOTNET_SYSTEM_GLOBALIZATION_INVARIANT: '1', DOTNET_TieredPGO: '0' };
}

function describeFailure(error: unknown): string {
  const { stderr } = error as { stderr?: string };
  return stderr?.trim() ? stderr.trim() : firstLine(error);
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? '';
}

async function main(): Promise<number> {
  const found = await findBicep();
  if ('missing' in found) {
    console.log(`SKIPPED: ${found.missing}`);
    return 0;
  }
  let failures = 0;
  for (const file of bicepEntryPoints) {
    const complaints = await checkBicep(found.path, file);
    console.log(`${complaints === '' ? 'ok  ' : 'FAIL'} ${path.relative(root, file)}`);
    if (complaints !== '') console.log(complaints);
    if (complaints !== '') failures += 1;
  }
  return failures === 0 ? 0 : 1;
}

if (import.meta.main) process.exitCode = await main();
