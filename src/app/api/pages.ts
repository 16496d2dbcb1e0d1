/** Serves the pages, which are files of `public/`. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import { RequestError, shorten } from '../../core/errors.ts';
import { appRoot } from '../appRoot.ts';
import { text } from './jsonSchemas.ts';
import { cacheControls, defineRoute, type Answer, type Route } from './route.ts';

const script = 'text/javascript; charset=utf-8';
const style = 'text/css; charset=utf-8';

/** The only files that are served: a name that is not listed here never becomes a path. */
const scripts = [
  'actions',
  'api',
  'charts',
  'dashboard',
  'docs',
  'dom',
  'home',
  'key',
  'lookup',
  'pictures',
  'plan',
  'region',
  'release',
  'target',
  'words',
];

const assets: ReadonlyMap<string, string> = new Map([
  ...scripts.map((name) => [`${name}.js`, script] as const),
  ['dashboard.css', style],
]);

const security = {
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
  'cross-origin-opener-policy': 'same-origin',
};

const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export const dashboardRoute = pageRoute('The page; it contains no data and asks for a key', 'public/dashboard.html');

/** Notifications link here: the same page, opened at the plan that they are about. */
export const approveRoute = pageRoute('The page, opened at a plan that waits for approval', 'public/dashboard.html');

/** Needs no key: alerts link here, and their reader may have none at hand. The build renders the HTML from the Markdown. */
export const runbookRoute = pageRoute(
  'What each alert, status and notification means, and what to do',
  'dist/runbook.html',
  'docs/operations.md',
);

export const docsRoute = pageRoute('This API as a page for people', 'public/docs.html');

export const assetRoute = defineRoute({
  isStatic: true,
  summary: 'Scripts and styles of the pages',
  params: z.strictObject({ name: z.string() }),
  responses: {
    200: { description: 'The file.', content: { 'text/javascript': text, 'text/css': text } },
  },
  async handle({ params: { name } }) {
    const contentType = assets.get(name);
    if (contentType === undefined) throw fileNotFound(name);
    return Promise.resolve({
      contentType,
      cacheControl: 'public, max-age=3600',
      headers: { 'cross-origin-resource-policy': 'same-origin' },
      ...file(name, [`public/${name}`]),
    });
  },
});

/** Serves the first of the paths that exists. */
function pageRoute(summary: string, ...paths: readonly string[]): Route {
  const answer: Answer = {
    contentType: 'text/html; charset=utf-8',
    cacheControl: cacheControls.live,
    headers: { ...security, 'content-security-policy': policy },
    ...file(paths.join(), paths),
  };
  return defineRoute({
    isStatic: true,
    summary,
    responses: { 200: { description: 'HTML.', content: { 'text/html': text } } },
    handle: () => Promise.resolve(answer),
  });
}

/** The key lets the file be read and compressed only once. */
function file(name: string, paths: readonly string[]): Pick<Answer, 'key' | 'render'> {
  return {
    key: `file ${name}`,
    render() {
      const existing = paths.map((candidate) => path.join(appRoot(), candidate)).find((found) => existsSync(found));
      if (existing === undefined) throw fileNotFound(name);
      return readFile(existing);
    },
  };
}

function fileNotFound(name: string): RequestError {
  return new RequestError(
    404,
    'not-found',
    `there is no file "${shorten(name)}" here; GET openapi.json lists what there is`,
  );
}
