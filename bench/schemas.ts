/**
 * `npm ci --prefix bench && node bench/schemas.ts [runs]`: measures the processor time from the start of Node until a
 * query and a body are validated, for several libraries, bundled like the product.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';

const runs = Number(process.argv[2] ?? 25);

const contestants: Readonly<Record<string, string>> = {
  'bare Node': '',
  zod: `
    import * as z from 'zod';
    const flag = z.enum(['true', 'false']).default('false').transform((text) => text === 'true');
    const query = z.strictObject({
      tag: z.string().transform((text) => text.split(',')).optional(),
      family: z.enum(['ipv4', 'ipv6', 'all']).default('all'),
      aggregate: flag,
      limit: z.coerce.number().int().min(1).max(100000).optional(),
    });
    const body = z.array(z.string().max(100)).max(10000);
    if (!query.safeParse({ tag: 'a,b' }).success || !body.safeParse(['x']).success) throw new Error();`,
  'zod/mini': `
    import * as z from 'zod/mini';
    const flag = z.pipe(z._default(z.enum(['true', 'false']), 'false'), z.transform((text) => text === 'true'));
    const query = z.strictObject({
      tag: z.optional(z.pipe(z.string(), z.transform((text) => text.split(',')))),
      family: z._default(z.enum(['ipv4', 'ipv6', 'all']), 'all'),
      aggregate: flag,
      limit: z.optional(z.coerce.number().check(z.minimum(1), z.maximum(100000))),
    });
    const body = z.array(z.string().check(z.maxLength(100))).check(z.maxLength(10000));
    if (!query.safeParse({ tag: 'a,b' }).success || !body.safeParse(['x']).success) throw new Error();`,
  valibot: `
    import * as v from 'valibot';
    const flag = v.pipe(v.optional(v.picklist(['true', 'false']), 'false'), v.transform((text) => text === 'true'));
    const query = v.strictObject({
      tag: v.optional(v.pipe(v.string(), v.transform((text) => text.split(',')))),
      family: v.optional(v.picklist(['ipv4', 'ipv6', 'all']), 'all'),
      aggregate: flag,
      limit: v.optional(v.pipe(v.string(), v.transform(Number), v.integer(), v.minValue(1), v.maxValue(100000))),
    });
    const body = v.pipe(v.array(v.pipe(v.string(), v.maxLength(100))), v.maxLength(10000));
    if (!v.safeParse(query, { tag: 'a,b' }).success || !v.safeParse(body, ['x']).success) throw new Error();`,
};

const folder = mkdtempSync(path.join(tmpdir(), 'bench-schemas-'));
try {
  const files = await Promise.all(Object.entries(contestants).map(([name, source]) => bundle(name, source)));
  const times = files.map(() => [] as number[]);
  for (let run = 0; run < runs; run += 1) files.forEach((file, index) => times[index]?.push(measure(file)));
  const [bare = NaN, ...others] = times.map(median);
  for (const [index, name] of Object.keys(contestants).entries()) {
    const own = [bare, ...others][index] ?? NaN;
    console.log(`${name.padEnd(10)} ${own.toFixed(1)} ms, ${(own / bare).toFixed(2)}`);
  }
} finally {
  rmSync(folder, { recursive: true });
}

async function bundle(name: string, contents: string): Promise<string> {
  const file = path.join(folder, `${name.replaceAll(/\W/g, '-')}.mjs`);
  await build({
    stdin: { contents, resolveDir: import.meta.dirname },
    outfile: file,
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node22',
    logLevel: 'error',
  });
  return file;
}

function measure(file: string): number {
  const script = `import(${JSON.stringify(file)}).then(() => {
    const { user, system } = process.cpuUsage();
    console.log((user + system) / 1000);
  });`;
  return Number(spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' }).stdout);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}
