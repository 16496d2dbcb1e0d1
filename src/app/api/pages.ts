/** The pages: files of `public/`, and Swagger UI from its package. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { RequestError, shorten } from '../../core/errors.ts';
import { cacheControls, defineRoute, type Answer } from './route.ts';

const script = 'text/javascript; charset=utf-8';
const style = 'text/css; charset=utf-8';

/** Every file that can be asked for. A name from outside never becomes a path. */
const assets: ReadonlyMap<string, { readonly contentType: string; readonly places: readonly string[] }> = new Map([
  ['dashboard.js', { contentType: script, places: ['public/dashboard.js'] }],
  ['approve.js', { contentType: script, places: ['public/approve.js'] }],
  ['page.js', { contentType: script, places: ['public/page.js'] }],
  ['plan.js', { contentType: script, places: ['public/plan.js'] }],
  ['dashboard.css', { contentType: style, places: ['public/dashboard.css'] }],
  ['docs.js', { contentType: script, places: ['public/docs.js'] }],
  ['swagger-ui.css', { contentType: style, places: swaggerPlaces('swagger-ui.css') }],
  ['swagger-ui-bundle.js', { contentType: script, places: swaggerPlaces('swagger-ui-bundle.js') }],
]);

/** The build copies them to the first place; a checkout has them in the second. */
function swaggerPlaces(file: string): string[] {
  return [`dist/swagger-ui/${file}`, `node_modules/swagger-ui-dist/${file}`];
}

const security = {
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
  'cross-origin-opener-policy': 'same-origin',
};

const strictPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

// Swagger UI sets styles on elements.
const docsPolicy = strictPolicy.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'");

const text = { type: 'string' };

export const dashboardRoute = defineRoute({
  isStatic: true,
  summary: 'The page',
  responses: { 200: { description: 'HTML.', content: { 'text/html': text } } },
  handle: () => page(['public/dashboard.html'], strictPolicy),
});

/** Anonymous, as it holds nothing: whoever opens a link of a notification is asked for a key here. */
export const approveRoute = defineRoute({
  isStatic: true,
  summary: 'The page on which a held plan is approved; it asks for a key',
  responses: { 200: { description: 'HTML.', content: { 'text/html': text } } },
  handle: () => page(['public/approve.html'], strictPolicy),
});

/** Anonymous: alerts link here, and whoever reads one has no key at hand. The build makes it; a checkout has the text. */
export const runbookRoute = defineRoute({
  isStatic: true,
  summary: 'What each alert, status and notification means, and what to do',
  responses: { 200: { description: 'HTML.', content: { 'text/html': text } } },
  handle: () => page(['dist/runbook.html', 'docs/operations.md'], strictPolicy),
});

export const docsRoute = defineRoute({
  isStatic: true,
  summary: 'This API as a page for people',
  responses: { 200: { description: 'HTML.', content: { 'text/html': text } } },
  handle: () => page(['public/docs.html'], docsPolicy),
});

export const assetRoute = defineRoute({
  isStatic: true,
  summary: 'Scripts and styles of the pages',
  params: z.strictObject({ name: z.string() }),
  responses: {
    200: { description: 'The file.', content: { 'text/javascript': text, 'text/css': text } },
  },
  async handle({ params: { name } }) {
    const asset = assets.get(name);
    if (!asset) throw notThere(name);
    return Promise.resolve({
      contentType: asset.contentType,
      cacheControl: 'public, max-age=3600',
      headers: { 'cross-origin-resource-policy': 'same-origin' },
      ...file(name, asset.places),
    });
  },
});

function page(places: readonly string[], policy: string): Promise<Answer> {
  return Promise.resolve({
    contentType: 'text/html; charset=utf-8',
    cacheControl: cacheControls.live,
    headers: { ...security, 'content-security-policy': policy },
    ...file(places[0] ?? '', places),
  });
}

/** Read and coded once. */
function file(name: string, places: readonly string[]): Pick<Answer, 'key' | 'render'> {
  return {
    key: `file ${name}`,
    render() {
      const place = places.map((candidate) => path.join(appRoot(), candidate)).find((found) => existsSync(found));
      if (place === undefined) throw notThere(name);
      return readFile(place);
    },
  };
}

function notThere(name: string): RequestError {
  return new RequestError(404, 'not-found', `there is no file "${shorten(name)}"`);
}

let root: string | undefined;

/** The folder of host.json, above this module: the bundle and the sources lie at different depths. */
function appRoot(): string {
  root ??= findRoot(path.dirname(fileURLToPath(import.meta.url)));
  return root;
}

function findRoot(folder: string): string {
  if (existsSync(path.join(folder, 'host.json'))) return folder;
  const parent = path.dirname(folder);
  if (parent === folder) throw new Error('host.json is in no folder above the app');
  return findRoot(parent);
}
