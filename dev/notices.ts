/** Collects the licences of all packages in the bundle, because most licences require that. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Metafile } from 'esbuild';

interface Package {
  /** `name version (licence)` */
  readonly title: string;
  /** Its licence and notice files or, if it has none, its home page. */
  readonly text: string;
}

/** The metafile's paths are relative to `root`. */
export function renderNotices({ outputs }: Metafile, root: string): string {
  const folders = new Set(
    Object.values(outputs).flatMap(({ inputs }) =>
      Object.entries(inputs).flatMap(([file, { bytesInOutput }]) => (bytesInOutput > 0 ? packageFolders(file) : [])),
    ),
  );
  const packages = [...folders].map((folder) => readPackage(resolve(root, folder)));
  const byText = new Map<string, string[]>();
  for (const { title, text } of packages) byText.set(text, [...(byText.get(text) ?? []), title]);
  const sections = [...byText].map(([text, titles]) => [...new Set(titles)].sort().join('\n') + `\n\n${text}`);
  return [introduction, ...sections.sort()].join(`\n\n${'-'.repeat(80)}\n\n`) + '\n';
}

const introduction = 'The functions hold code of these packages, each under its own licence.';

function packageFolders(file: string): string[] {
  const folder = /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(file)?.[0];
  return folder === undefined ? [] : [folder];
}

function readPackage(folder: string): Package {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
  const { name, version, license, homepage } = manifest;
  if (license === undefined) throw new Error(`${folder}/package.json names no licence`);
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|notice|copying)(\.|$)/i.test(file));
  const texts = files.sort().map((file) => readFileSync(join(folder, file), 'utf8').replaceAll('\r\n', '\n').trim());
  if (texts.length === 0) texts.push(`See ${homepage ?? `https://www.npmjs.com/package/${name}`}`);
  return { title: `${name} ${version} (${license})`, text: texts.join('\n\n') };
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
  readonly homepage?: string;
}
