import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { existsSync, globSync, readFileSync, rmSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { buildFunctions, type BuildResult } from '../../dev/build.ts';
import { useAzurite } from '../support/azurite.ts';
import { builtApp } from '../support/builtApp.ts';
import { buildFixtureApp, copyFixtures, fixtures, type FixtureApp } from './fixtures/apps.ts';

const root = resolve(import.meta.dirname, '../..');
const run = promisify(execFile);
let app: FixtureApp;
let folder: string;
let out: string;
let result: BuildResult;

beforeAll(async () => {
  app = await buildFixtureApp();
  folder = app.root;
  out = join(folder, 'dist');
  result = app.built;
});

afterAll(() => app.remove());

describe('what is written', () => {
  test('"main" of package.json matches one file with every trigger file, and nothing else', () => {
    const { main } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { main: string };

    expect(globSync(main, { cwd: folder })).toEqual(['dist/functions/app.js']);
    expect(result.triggers).toEqual(globSync('*.ts', { cwd: fixtures }).sort());
  });

  test('source maps lie in a folder of their own, and lead to the sources', () => {
    for (const file of globSync('{functions,chunks}/*.js', { cwd: out })) {
      expect(existsSync(join(out, 'maps', `${file}.map`))).toBe(true);
      expect(readFileSync(join(out, file), 'utf8')).toMatch(`//# sourceMappingURL=../maps/${file}.map\n`);
    }
    expect(globSync('{functions,chunks}/*.map', { cwd: out })).toEqual([]);
    const map = join(out, 'maps/functions/app.js.map');
    const { sourceRoot, sources } = JSON.parse(readFileSync(map, 'utf8')) as { sourceRoot: string; sources: string[] };

    expect(sources.map((source) => join(map, '..', sourceRoot, source))).toContain(join(fixtures, 'answers.ts'));
  });

  test('a trigger file that is gone is no longer served', async () => {
    const source = await copyFixtures(['echo.ts', 'answers.ts']);
    const target = join(folder, 'shrinking');
    await buildFunctions({ source, out: target });
    rmSync(join(source, 'answers.ts'));

    const { triggers } = await buildFunctions({ source, out: target });

    expect(triggers).toEqual(['echo.ts']);
    expect(readFileSync(join(target, 'functions/app.js'), 'utf8')).not.toContain('gzipped');
    await rm(source, { recursive: true });
  });

  test('a folder without trigger files is an error that names it', async () => {
    await expect(buildFunctions({ source: join(fixtures, 'none'), out })).rejects.toThrow('contains no trigger file');
  });
});

describe('loading', () => {
  test('nothing but Node and the worker is asked for from outside', () => {
    const imports = Object.values(result.metafile.outputs).flatMap((output) => output.imports);
    const outside = imports.filter(({ external }) => external).map(({ path }) => path.replace('node:', ''));

    // kerberos: asked for only where a proxy wants Negotiate, and its absence is handled.
    expect([...new Set(outside)].filter((path) => !isBuiltin(path)).sort()).toEqual([
      '@azure/functions-core',
      'kerberos',
    ]);
  });

  test('nothing of the SDKs is imported before the first line runs', () => {
    // The library and its own dependencies; one SDK more would be half a megabyte.
    expect(sizeOfStaticImports(join(out, 'functions/app.js'))).toBeLessThan(350_000);
  });

  test('the product imports little more than the library before its first line runs', async () => {
    expect(sizeOfStaticImports(join(await builtApp(), 'dist/functions/app.js'))).toBeLessThan(200_000);
  });

  test("require('@azure/functions-core') reaches a patched Module.prototype.require", async () => {
    const script = `
      import Module from 'node:module';
      const registered = [];
      const api = { setProgrammingModel() {}, registerFunction: (metadata) => registered.push(metadata.name), log() {} };
      Module.prototype.require = new Proxy(Module.prototype.require, {
        apply: (target, self, args) => (args[0] === '@azure/functions-core' ? api : Reflect.apply(target, self, args)),
      });
      await import(${JSON.stringify(join(out, 'functions/app.js'))});
      console.log(registered.join());`;

    const { stdout, stderr } = await run(process.execPath, ['--input-type=module', '--eval', script], { cwd: folder });

    expect(stdout.trim()).toMatch(/^gzipped,getOnly,nothing,notModified,fails,setting,slow,/);
    expect(stderr).toBe('');
  });
});

const azurite = useAzurite();

test.each([false, true])('a handler of the bundle is called and talks to storage (minified: %s)', async (minify) => {
  const tried = minify ? await buildFixtureApp({ minify }) : app;
  const host = await tried.start({
    settings: {
      AzureWebJobsStorage: azurite.freshConnectionString(),
      FAST_SCHEDULE: '0 0 0 1 1 *',
      'AzureWebJobs.slowerThanItsSchedule.Disabled': 'true',
    },
  });

  const answers = await Promise.all(['/api/blobs', '/api/sdks'].map((path) => fetch(host.url + path)));

  expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  expect(await answers[0]!.text()).toBe('hello');
  await host.stop();
  if (minify) await tried.remove();
});

function isBuiltin(path: string): boolean {
  return process.getBuiltinModule(path) !== undefined;
}

/** Bytes of the file and of all that it imports before its first line runs. */
function sizeOfStaticImports(file: string, seen = new Set<string>()): number {
  if (seen.has(file)) return 0;
  seen.add(file);
  const source = readFileSync(file, 'utf8');
  const imports = [...source.matchAll(/^(?:import|export)\b[^'"(]*["'](\.{1,2}\/[^'"]+)["']/gm)];
  return imports.reduce(
    (sum, [, path]) => sum + sizeOfStaticImports(join(file, '..', path!), seen),
    statSync(file).size,
  );
}
