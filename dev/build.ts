/**
 * `npm run build`: bundles the trigger files into `dist/functions/app.js`, to which `main` in package.json points. It
 * is one file because every file that is loaded at start takes a millisecond. Code that is imported later goes to
 * `dist/chunks`.
 */
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { build, type BuildOptions as BuildConfig, type Metafile, type Plugin } from 'esbuild';
import { renderNotices } from './notices.ts';
import { renderSbom } from './sbom.ts';
import { renderRunbook } from './runbook.ts';

export interface BuildOptions {
  /** Folder of the trigger files. */
  readonly source: string;
  /** Emptied first, so that a deleted trigger is not served any more. Source maps go to `maps`, which does not ship. */
  readonly out: string;
  readonly minify?: boolean;
  /**
   * Puts `file` and what it imports into few chunks. Files in `laterFolders` are loaded only after it, but for those in
   * `except`; so are packages that are imported at run time.
   */
  readonly together?: {
    readonly file: string;
    readonly laterFolders: readonly string[];
    readonly except: readonly string[];
  };
}

export interface BuildResult {
  /** Names of the bundled trigger files. */
  readonly triggers: readonly string[];
  readonly metafile: Metafile;
}

/**
 * `@azure/functions` is CommonJS and requires `@azure/functions-core`, which exists only inside the Functions worker.
 * The worker provides it through `Module.prototype.require`, which `createRequire` uses. The long name avoids a clash
 * with bundled modules.
 */
const requireBanner =
  "import { createRequire as createRequireOfBundle } from 'node:module'; const require = createRequireOfBundle(import.meta.url);";

export async function buildFunctions({ source, out, minify = false, together }: BuildOptions): Promise<BuildResult> {
  const triggers = globSync('*.ts', { cwd: source }).sort();
  if (triggers.length === 0) throw new Error(`${source} contains no trigger file (*.ts).`);
  rmSync(out, { recursive: true, force: true });
  // Paths in source maps and names of chunks depend on this folder, so it is the same wherever the build is written.
  const home = resolve(source, '../../dist');
  const entry = {
    absWorkingDir: resolve(source),
    stdin: {
      contents: triggers.map((file) => `import './${file}';`).join('\n'),
      resolveDir: resolve(source),
      sourcefile: 'app.ts',
      loader: 'ts',
    },
    bundle: true,
    format: 'esm',
    metafile: true,
    write: false,
  } as const;
  const { metafile, outputFiles } = await build({
    ...entry,
    plugins: together ? [importFirst(together.file, await filesLoadedLater(entry, together))] : [],
    outdir: home,
    entryNames: 'functions/app',
    chunkNames: 'chunks/[name]-[hash]',
    splitting: true,
    platform: 'node',
    target: 'node22',
    // Prefer ESM builds of packages: esbuild splits them and removes unused code better than with CommonJS.
    mainFields: ['module', 'main'],
    conditions: ['import', 'module'],
    external: ['@azure/functions-core'],
    banner: { js: requireBanner },
    minify,
    keepNames: minify,
    sourcemap: 'linked',
    legalComments: 'none',
    logLevel: 'warning',
  });
  for (const { path, text } of outputFiles) {
    const name = relative(home, path);
    if (path.endsWith('.map')) {
      const map = join(out, 'maps', name);
      write(map, text.replace('{', `{ "sourceRoot": "${toUrlPath(relative(dirname(map), dirname(path)))}/",`));
    } else {
      const map = toUrlPath(relative(dirname(name), join('maps', `${name}.map`)));
      write(join(out, name), text.replace(/(\n\/\/# sourceMappingURL=).*\n$/, `$1${map}\n`));
    }
  }
  return { triggers, metafile };
}

/** Files of the project that are imported at run time, without what `file` imports itself. */
async function filesLoadedLater(
  entry: BuildConfig & { readonly absWorkingDir: string },
  { file, laterFolders, except }: NonNullable<BuildOptions['together']>,
): Promise<ReadonlySet<string>> {
  const { metafile } = await build({ ...entry, packages: 'external', metafile: true });
  const imports = Object.entries(metafile.inputs).flatMap(([name, input]) =>
    input.imports.map(({ path, kind }) => ({ from: toPath(name), to: toPath(path), kind })),
  );
  const isTogether = new Set([file]);
  // The loop also visits files that are added to the set meanwhile.
  for (const name of isTogether) {
    for (const { from, to, kind } of imports) if (from === name && kind === 'import-statement') isTogether.add(to);
  }
  const later = imports.filter(({ kind }) => kind === 'dynamic-import').map(({ to }) => to);
  return new Set(
    later
      .filter((path) => !isTogether.has(path) && !except.includes(path))
      .filter((path) => laterFolders.some((folder) => path.startsWith(folder))),
  );

  function toPath(name: string): string {
    return resolve(entry.absWorkingDir, name);
  }
}

/** esbuild makes one chunk of what the same entries import: so all that is loaded later imports `file` too. */
function importFirst(file: string, laterFiles: ReadonlySet<string>): Plugin {
  const later = new Set(laterFiles);
  return {
    name: 'import-first',
    setup(bundle) {
      bundle.onResolve({ filter: /^[^./]/ }, async ({ path, kind, importer, resolveDir, pluginData }) => {
        const isOurs = pluginData !== isResolved && !importer.includes('node_modules');
        if (!isOurs || kind !== 'dynamic-import') return undefined;
        const resolved = await bundle.resolve(path, { kind, importer, resolveDir, pluginData: isResolved });
        later.add(resolved.path);
        return resolved;
      });
      bundle.onLoad({ filter: /\.[jt]s$/ }, ({ path }) =>
        later.has(path)
          ? {
              contents: `import './${toUrlPath(relative(dirname(path), file))}';${readFileSync(path, 'utf8')}`,
              loader: path.endsWith('.ts') ? 'ts' : 'js',
            }
          : undefined,
      );
    },
  };
}

/** Marks a resolution that the plugin itself asks for. */
const isResolved = Symbol('resolved');

function toUrlPath(path: string): string {
  return path.replaceAll(sep, '/');
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

export interface AppBuildOptions extends Pick<BuildOptions, 'out'> {
  /** The project: src/functions, node_modules. */
  readonly root: string;
}

/** Builds everything that is deployed: functions, API description, runbook, licences and SBOM. */
export async function buildApp({ root, out }: AppBuildOptions): Promise<BuildResult> {
  const source = join(root, 'src/functions');
  const together = {
    file: join(root, 'src/app/api/firstRequest.ts'),
    laterFolders: ['src/app', 'src/adapters'].map((folder) => join(root, folder)),
    // Served without the app.
    except: ['answerRequest.ts', 'openApiRoute.ts', 'pages.ts'].map((name) => join(root, 'src/app/api', name)),
  };
  const result = await buildFunctions({ source, out, minify: true, together });
  const { renderOpenApi } = await import('../src/app/api/openApiRoute.ts');
  const { loadEndpoints } = await import('../src/app/api/routes.ts');
  writeFileSync(join(out, 'openapi.json'), await renderOpenApi(loadEndpoints));
  writeFileSync(join(out, 'runbook.html'), renderRunbook(root));
  writeFileSync(join(out, 'sbom.json'), renderSbom(root, 'acr-address-keeper'));
  writeFileSync(join(out, 'THIRD-PARTY-NOTICES.txt'), renderNotices(result.metafile, source));
  return result;
}

if (import.meta.main) {
  const root = dirname(import.meta.dirname);
  const { triggers } = await buildApp({ root, out: join(root, 'dist') });
  console.log(`dist: ${triggers.length} trigger files`);
}
