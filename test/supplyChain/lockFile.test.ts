/** What is installed is what was locked: every package by its hash, none from elsewhere, and somebody looks for updates. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';

const root = path.resolve(import.meta.dirname, '../..');

interface LockedPackage {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly link?: boolean;
}

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(path.join(root, file), 'utf8'));
}

const folders = globSync('{.,bench}/package.json', { cwd: root }).map((file) => path.dirname(file));

test('there is a lock file for each package.json of the project', () => {
  expect(folders).toContain('.');
  for (const folder of folders) expect(existsSync(path.join(root, folder, 'package-lock.json'))).toBe(true);
});

describe.each(folders)('the lock file of %s', (folder) => {
  const { packages } = readJson(`${folder}/package-lock.json`) as {
    readonly packages: Readonly<Record<string, LockedPackage>>;
  };
  const installed = Object.entries(packages).filter(([name]) => name !== '');

  test('has a sha512 for every package', () => {
    const without = installed.filter(([, { integrity = '' }]) => !/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity));

    expect(installed.length).toBeGreaterThan(0);
    expect(without.map(([name]) => name)).toEqual([]);
  });

  test('names no registry, no link and no repository', () => {
    expect(installed.filter(([, { resolved, link }]) => resolved !== undefined || link === true)).toEqual([]);
  });

  test('is asked for by exact versions', () => {
    const { dependencies = {}, devDependencies = {} } = readJson(`${folder}/package.json`) as Manifest;
    const asked = Object.entries({ ...dependencies, ...devDependencies });

    for (const [name, version] of asked) {
      expect({ name, version }).toEqual({ name, version: packages[`node_modules/${name}`]?.version });
    }
  });
});

test('Dependabot looks at every folder that has packages', () => {
  const dependabot = readFileSync(path.join(root, '.github/dependabot.yml'), 'utf8');
  const directories = [...dependabot.matchAll(/^ {6}- (\/\S*)$/gm)].map((match) => match[1]);

  expect(directories.sort()).toEqual(folders.map((folder) => (folder === '.' ? '/' : `/${folder}`)).sort());
});
