/** One browser, and pages of it that remember what they must not do. */
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { chromium, type Browser, type Page, type Request } from 'playwright-core';
import { isFullRun } from '../support/fullRun.ts';

export const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  existsSync,
);

export function launch(): Promise<Browser> {
  const args = [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--no-first-run',
  ];
  return chromium.launch({ executablePath: executablePath ?? '', args });
}

/** How somebody looks at the page. Default: 1280 px wide, light, on a screen, with a full cache. */
export interface Look {
  readonly width?: number;
  readonly colorScheme?: 'light' | 'dark';
  /** As somebody sees it for the first time. Otherwise the files of the page are in the cache, which is much faster. */
  readonly emptyCache?: boolean;
}

export interface WatchedPage {
  readonly page: Page;
  /** Since the last visit: errors, refusals of the policy, answers that are none, requests to elsewhere. */
  readonly faults: string[];
  /** Since the last visit: paths below `/api/`, with their queries, in order. */
  readonly requests: string[];
  /** Bytes that came over the wire since the last visit. */
  transferred(): number;
  /** Loads a path below `/api/` of a host, and waits until nothing is asked for any more. */
  visit(base: string, path: string, look?: Look): Promise<void>;
  /** Goes from the open view to another (`#/…`) in the same way, without loading the page again. */
  goTo(view: string): Promise<void>;
  /** Waits until nothing is asked for any more. */
  untilQuiet(): Promise<void>;
}

/** One page for many visits: a new one costs a process of its own, which takes seconds of the processor. */
export async function openPage(browser: Browser): Promise<WatchedPage> {
  const page = await browser.newPage();
  const faults: string[] = [];
  const requests: string[] = [];
  let origin = '';
  let bytes = 0;
  const unanswered = new Set<Request>();
  let lastAnswer = 0;
  const protocol = await page.context().newCDPSession(page);
  await protocol.send('Network.enable');
  protocol.on('Network.loadingFinished', ({ encodedDataLength }) => {
    bytes += encodedDataLength;
  });
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') faults.push(message.text());
  });
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.protocol === 'data:') return;
    unanswered.add(request);
    if (url.origin === origin) requests.push(url.pathname.replace('/api/', '') + url.search);
    else faults.push(`request to ${request.url()}`);
  });
  page.on('response', (response) => {
    if (response.status() >= 400) faults.push(`${response.status()} ${response.url()}`);
  });
  const noteEnd = (request: Request) => {
    unanswered.delete(request);
    lastAnswer = Date.now();
  };
  page.on('requestfinished', noteEnd).on('requestfailed', noteEnd);
  /** An answer may lead to a further question. */
  const untilQuiet = async () => {
    lastAnswer = Date.now();
    while (unanswered.size > 0 || Date.now() - lastAnswer < 500) await setTimeout(50);
  };
  const startCounting = () => {
    faults.length = 0;
    requests.length = 0;
    bytes = 0;
  };
  return {
    page,
    faults,
    requests,
    transferred: () => bytes,
    untilQuiet,
    async visit(base, path, { width = 1280, colorScheme = 'light', emptyCache = false } = {}) {
      // Otherwise an address that differs in its fragment alone loads nothing. A file of the same site keeps the process.
      await page.goto(`${base}/api/assets/dom.js`);
      if (emptyCache) await protocol.send('Network.clearBrowserCache');
      await page.setViewportSize({ width, height: 800 });
      await page.emulateMedia({ media: 'screen', colorScheme });
      origin = base;
      startCounting();
      await page.goto(`${base}/api/${path}`);
      await untilQuiet();
    },
    async goTo(view) {
      startCounting();
      // The page hears of it first, so what it showed before is gone.
      await page.evaluate(`new Promise((resolve) => {
        addEventListener('hashchange', resolve, { once: true });
        location.hash = ${JSON.stringify(view)};
      })`);
      await untilQuiet();
    },
  };
}

const artefacts = resolve(import.meta.dirname, '../../reports/screenshots');

/** Kept for whoever wants to look. */
export async function keepScreenshot(page: Page, name: string, fullPage = false): Promise<void> {
  if (!isFullRun) return;
  await mkdir(artefacts, { recursive: true });
  await page.screenshot({ path: join(artefacts, `${name}.png`), fullPage });
}
