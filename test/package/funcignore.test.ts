/** What ships, as both publishing tools read .funcignore: the Functions Core Tools by their own rules, azd as git would. */
import { describe, expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import ignore from 'ignore';
import { readFuncIgnore } from '../../dev/funcIgnore.ts';

const root = resolve(import.meta.dirname, '../..');
const text = readFileSync(join(root, '.funcignore'), 'utf8');
const byFunc = readFuncIgnore(text);
// azd leaves .git out itself.
const byAzd = ignore().add(text).createFilter();

/** What a build, a test run and a local start leave behind, and what people put beside it. */
const shipped = [
  'dist/functions/app.js',
  'dist/chunks/chunk-ABCDEFGH.js',
  'dist/openapi.json',
  'dist/runbook.html',
  'dist/sbom.json',
  'dist/THIRD-PARTY-NOTICES.txt',
  'targets.json',
  'targets-prod.json',
  'test-targets.json',
];
const leftovers = [
  'dist/maps/functions/app.js.map',
  'dist/cli/acr-addresses.cjs',
  'dist.zip',
  'distribution.txt',
  'local.settings.json',
  'acr-address-keeper.zip',
  'coverage/lcov.info',
  'coverage/host.json',
  'reports/mutation.html',
  '.azurite/__azurite_db_blob__.json',
  '.env',
  '.vscode/settings.json',
  'bench/node_modules/autocannon/package.json',
  'node_modules/@azure/functions/package.json',
  'node_modules/zod/index.js',
];

function listFiles(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (['.git', 'node_modules', 'dist'].includes(path)) return [];
    return entry.isDirectory() ? listFiles(path) : [path];
  });
}

const files = [...new Set([...listFiles(''), ...shipped, ...leftovers])].sort();
const pages = files.filter((path) => path.startsWith('public/'));
const expected = ['LICENSE', 'host.json', 'package.json', ...pages, ...shipped].sort();

test.each([
  ['func', byFunc],
  ['azd', byAzd],
])('%s ships what the app needs, and nothing else', (_, ships) => {
  expect(pages).not.toEqual([]);
  expect(files.filter((path) => ships(path))).toEqual(expected);
});

// azd refuses `remoteBuild: false` for a folder whose .funcignore names node_modules as such.
test('azd may publish what was built here', () => {
  expect(ignore().add(text).ignores('node_modules/')).toBe(false);
  expect(readFileSync(join(root, 'azure.yaml'), 'utf8')).toMatch(/^ +remoteBuild: false$/m);
});

describe('the rules of the Functions Core Tools', () => {
  const ships = (patterns: string, path: string): boolean => readFuncIgnore(patterns)(path);

  test.each([
    ['dev', 'dev.json', false],
    ['dev', 'dev/start.ts', false],
    ['dev', 'device.json', true],
    ['dev', 'src/dev.ts', true],
    ['test', 'test-targets.json', false],
    ['*.md', 'README.md', false],
    ['*.md', 'docs/README.md', true],
    ['*.md', '.md', true],
    ['**.md', 'docs/README.md', false],
    ['/src\n!/src/keep', 'src/keep/x.ts', true],
    ['!/src/keep\n/src', 'src/keep/x.ts', true],
    ['# src', 'src/x.ts', true],
    ['host.jso[n]', 'host.json', true],
    ['', 'local.settings.json', false],
    ['', '.vscode/settings.json', false],
    ['', 'any/thing', true],
  ])('%j, %s: ships %s', (patterns, path, expectation) => {
    expect(ships(patterns, path)).toBe(expectation);
  });
});
