/**
 * `node dev/builtInHistory.ts FOLDER`: packs the history of the tag since 2019 into modules that ship with the product.
 * FOLDER has `Public.json`, `AzureGovernment.json` and `China.json`, computed from the public archive of weekly files.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { PackedRelease } from '../src/core/history/builtInHistory.ts';
import { canonicalPrefix } from '../src/core/prefixes.ts';
import { clouds, type Cloud } from '../src/core/serviceTags/serviceTags.ts';

const out = resolve(import.meta.dirname, '../src/core/history/builtIn');

export function packHistory(cloud: Cloud, releases: readonly PackedRelease[]): string {
  const packed = gzipSync(JSON.stringify(releases, canonical), { level: 9 }).toString('base64');
  return `/** Written by dev/builtInHistory.ts: ${releases.length} releases of ${cloud}, as gzip in base64. */\nexport const packed = '${packed}';\n`;
}

function canonical(key: string, value: unknown): unknown {
  return key === 'add' || key === 'remove' ? (value as readonly string[]).map(canonicalPrefix) : value;
}

if (import.meta.main) {
  const [folder] = process.argv.slice(2);
  if (folder === undefined) throw new Error('usage: node dev/builtInHistory.ts FOLDER');
  for (const cloud of clouds) {
    const { releases } = JSON.parse(readFileSync(join(folder, `${cloud}.json`), 'utf8')) as {
      readonly releases: readonly PackedRelease[];
    };
    const file = join(out, `${cloud}.ts`);
    writeFileSync(file, packHistory(cloud, releases));
    console.log(`${file}: ${releases.length} releases`);
  }
}
