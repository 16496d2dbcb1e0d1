import { expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import ignore from 'ignore';

const root = resolve(import.meta.dirname, '../..');
const ignored = ignore().add(readFileSync(join(root, '.funcignore'), 'utf8'));

/** Tree of the project with what a build, a test run and a local start leave behind. */
const leftovers = [
  'dist/functions/health.js',
  'dist/functions/health.js.map',
  'dist/chunks/chunk-ABCDEFGH.js',
  'public/dashboard.html',
  'targets.json',
  'local.settings.json',
  'app.zip',
  'coverage/lcov.info',
  'reports/mutation.html',
  '.azurite/__azurite_db_blob__.json',
  '.env',
];
const ships = [/^dist\/.*\.js$/, /^public\//, /^host\.json$/, /^package\.json$/, /^targets\.json$/, /^LICENSE$/];

function listFiles(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (['.git', 'node_modules', 'dist'].includes(path)) return [];
    return entry.isDirectory() ? listFiles(path) : [path];
  });
}

const packaged = [...new Set([...listFiles(''), ...leftovers])].filter((path) => !ignored.ignores(path));

test('the package holds the built functions, the page and what the host reads', () => {
  expect(packaged).toEqual(
    expect.arrayContaining([
      'dist/functions/health.js',
      'dist/chunks/chunk-ABCDEFGH.js',
      'public/dashboard.html',
      'host.json',
      'package.json',
      'targets.json',
    ]),
  );
});

// azd refuses `remoteBuild: false` for a folder whose .funcignore names node_modules as such.
test('nothing of node_modules is in it, and still azd may publish what was built here', () => {
  expect(ignored.ignores('node_modules/zod/index.js')).toBe(true);
  expect(ignored.ignores('node_modules/@azure/storage-blob/package.json')).toBe(true);
  expect(ignored.ignores('node_modules/')).toBe(false);
  expect(readFileSync(join(root, 'azure.yaml'), 'utf8')).toMatch(/^ +remoteBuild: false$/m);
});

test('it holds nothing else', () => {
  expect(packaged.filter((path) => !ships.some((pattern) => pattern.test(path)))).toEqual([]);
});

test.each([
  'dev/start.ts',
  'test/package/funcignore.test.ts',
  'infra/main.bicep',
  'bench/coldStart.ts',
  'src/config.ts',
  'docs/contract.md',
  'local.settings.json',
  'local.settings.sample.json',
  'node_modules/@azure/functions/package.json',
  'dist/functions/health.js.map',
  'README.md',
  'tsconfig.json',
])('%s stays at home', (path) => {
  expect(ignored.ignores(path)).toBe(true);
});
