/** Both pages in a real browser, on the built app in the local host with its storage, the simulator and the sample. */
import { existsSync } from 'node:fs';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { chromium, type Browser, type Page } from 'playwright-core';
import { buildApp } from '../../dev/build.ts';
import { startHostProcess, type HostProcess } from '../../dev/host/hostProcess.ts';
import { describeFocus, findLowContrast, findUnnamed } from './browserScripts.ts';
import { listReleases, publish, startServices, type LocalServices } from '../../dev/startServices.ts';

const project = resolve(import.meta.dirname, '../..');
const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
const describeWithBrowser = executablePath === undefined ? describe.skip : describe;
if (executablePath === undefined) console.log('SKIPPED the pages in a browser: there is no chromium on this machine');

const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];

describeWithBrowser('the pages in a browser', () => {
  const stops: (() => Promise<unknown>)[] = [];
  let root: string;
  let services: LocalServices;
  let browser: Browser;
  let page: Page;
  /** What the page did that it must not do: errors, refusals of the policy, requests to elsewhere. */
  let faults: string[];

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'pages-'));
    stops.push(() => rm(root, { recursive: true, force: true }));
    await buildApp({ root: project, out: join(root, 'dist') });
    for (const name of ['host.json', 'package.json', 'public']) {
      await cp(join(project, name), join(root, name), { recursive: true });
    }
    services = await startServices(
      { root, port: 0, once: true, source: undefined, targetsFile: undefined },
      () => undefined,
    );
    stops.push(() => services.stop());
    for (const release of await listReleases()) {
      await publish(services, release);
      await fetch(`${services.host.url}/api/pull`, { method: 'POST' });
      await services.settle();
    }
    browser = await chromium.launch({ executablePath: executablePath ?? '', args });
    stops.push(() => browser.close());
  }, 180_000);

  afterAll(async () => {
    for (const stop of stops.toReversed()) await stop();
  }, 60_000);

  afterEach(() => page.close());

  async function open(path: string, url = services.host.url): Promise<void> {
    faults = [];
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') faults.push(message.text());
    });
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('request', (request) => {
      const requested = new URL(request.url());
      if (requested.protocol !== 'data:' && requested.origin !== url) faults.push(`request to ${request.url()}`);
    });
    page.on('response', (response) => {
      if (response.status() >= 400) faults.push(`${response.status()} ${response.url()}`);
    });
    await page.goto(`${url}/api/${path}`);
    await page.waitForLoadState('networkidle');
  }

  const textOf = (selector: string): Promise<string> => page.locator(selector).innerText();
  const row = (name: string): string => `#targets tr:has(th:text-is("${name}"))`;

  const openPlan = (): Promise<void> =>
    page.getByRole('button', { name: 'Show the plan for webhook-receiver' }).click();

  async function planId(): Promise<string> {
    const answer = await fetch(`${services.host.url}/api/targets/webhook-receiver/plan`);
    return ((await answer.json()) as { id: string }).id;
  }

  describe('dashboard', () => {
    test('shows the state, the targets with their reasons, the list with its sources, and the runs', async () => {
      await open('dashboard');

      expect(await textOf('#summary')).toMatch(/degraded\s+\d of 3 targets in sync/);
      expect(await textOf(row('webhook-receiver'))).toMatch(/held for approval[\s\S]*is wider than widestPrefix/);
      expect(await page.locator('#targets tr').count()).toBe(3);
      expect(await textOf('#snapshot')).toMatch(/Public-20260907-407-[\s\S]*healthy file, list of 2026-09-07/);
      expect(await textOf('#snapshot')).toMatch(/Go-live clock\s+overdue Azure may use a prefix that a target lacks/);
      expect(await textOf('#quarantine')).toMatch(/In quarantine[\s\S]*AzureContainerRegistry: Removes 1 of 30/);
      expect(await textOf('#change')).toMatch(/Added \(2\)\s+\+ 40\.64\.112\.0\/24/);
      expect(await page.locator('#runs tr').count()).toBeGreaterThan(10);
      expect(await textOf('#runs')).toMatch(/pull[\s\S]*applied[\s\S]*\+27 −0/);
      expect(faults).toEqual([]);
    });

    test('shows a plan, and how to approve what it holds, without a key', async () => {
      await open('dashboard?code=key-of-the-caller');
      await openPlan();
      await page.getByText('To approve exactly this plan').waitFor();
      const id = await planId();

      const text = await textOf('#plan');
      expect(text).toMatch(/Plan for webhook-receiver held for approval/);
      expect(text).toMatch(/Add once approved \(1\)\s+\+ 104\.40\.0\.0\/13/);
      expect(text).toContain(`curl -X POST ${services.host.url}/api/targets/webhook-receiver/apply`);
      expect(text).toContain(`{"planId":"${id}"}`);
      expect(await page.content()).not.toContain('key-of-the-caller');
      expect(await page.evaluate('document.activeElement.id')).toBe('plan');
      expect(faults).toEqual([]);
    });

    test('looks an address up, by keyboard alone', async () => {
      await open('dashboard');
      await page.getByLabel('Address or range').focus();
      await page.keyboard.type('20.42.66.1');
      await page.keyboard.press('Enter');

      await expect(matches(/20\.42\.66\.1 is in 2 tags/)).resolves.toContain('AzureContainerRegistry 20.42.66.0/23');
      await page.getByLabel('Address or range').fill('192.0.2.1');
      await page.keyboard.press('Enter');
      await expect(matches(/is in no service tag/)).resolves.toBeDefined();
      expect(faults).toEqual([]);
    });

    test('says what is wrong with an address where the answer would be', async () => {
      await open('dashboard');
      await page.getByLabel('Address or range').fill('<b>x</b>');
      await page.keyboard.press('Enter');

      await expect(matches(/"<b>x<\/b>" is not an IP address/)).resolves.toBeDefined();
    });

    test('every control is reached by the tab key and shows that it has the focus', async () => {
      await open('dashboard');
      const reached: string[] = [];
      for (let step = 0; step < 12; step += 1) {
        await page.keyboard.press('Tab');
        reached.push(await page.evaluate<string>(describeFocus));
        if (reached.at(-1) === 'a') break;
      }

      expect(reached).toEqual(['div', 'button', 'button', 'button', 'input', 'button', 'div', 'a']);
    });

    test.each(['light', 'dark'] as const)(
      'headings in order, controls with names, contrast of 4.5 (%s)',
      async (scheme) => {
        await open('dashboard');
        await page.emulateMedia({ colorScheme: scheme });

        const tags = await page.evaluate<string[]>(
          "[...document.querySelectorAll('h1, h2, h3, h4')].map((h) => h.tagName)",
        );
        const levels = tags.map((tag) => Number(tag[1]));
        expect(levels[0]).toBe(1);
        expect(levels.filter((level) => level === 1)).toHaveLength(1);
        expect(levels.every((level, index) => level <= (levels[index - 1] ?? 0) + 1)).toBe(true);
        expect(await page.evaluate(findUnnamed)).toEqual([]);
        expect(await page.evaluate(findLowContrast)).toEqual([]);
      },
    );

    test('says what lists for machines do not hold', async () => {
      await open('dashboard');

      expect(await textOf('#withheld')).toMatch(/Not passed on[\s\S]*104\.40\.0\.0\/13 is new and wider than \/20/);
    });

    test.each([375, 1280])('nothing but a table scrolls sideways at %i px, with a plan open', async (width) => {
      await open('dashboard');
      await page.setViewportSize({ width, height: 800 });
      await openPlan();
      await page.getByText('To approve exactly this plan').waitFor();

      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
    });

    describe('a target that was', () => {
      const act = async (action: string, body?: unknown): Promise<void> => {
        const response = await fetch(`${services.host.url}/api/targets/webhook-receiver/${action}`, {
          method: 'POST',
          ...(body !== undefined && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
        });
        expect(response.status).toBe(200);
      };

      afterEach(() => act('resume'));

      test('paused is told so in its held plan, without a command that would be refused', async () => {
        await act('pause');
        await open('dashboard');
        await openPlan();
        await page.getByText('Nothing of it is written now').waitFor();

        const text = await textOf('#plan');
        expect(text).toMatch(/Plan for webhook-receiver held for approval paused/);
        expect(text).toMatch(/Paused by a function key on/);
        expect(text).not.toContain('To approve exactly this plan');
        expect(faults).toEqual([]);
      });

      test('pinned shows to what, by whom and since when', async () => {
        const { items } = (await (await fetch(`${services.host.url}/api/snapshots`)).json()) as {
          items: { id: string }[];
        };
        const snapshot = items[1]?.id ?? '';
        await act('rollback', { snapshot });
        await open('dashboard');

        const text = await textOf(row('webhook-receiver'));
        expect(text).toMatch(/pinned/);
        expect(text).toContain(`Pinned to ${snapshot} by a function key on `);
      });
    });

    async function matches(expected: RegExp): Promise<string> {
      await page.locator('#matches', { hasText: expected }).waitFor({ timeout: 5000 });
      return textOf('#matches');
    }
  });

  describe('the link of a notification', () => {
    const keys = { function: 'key-of-the-caller', master: 'key-of-nobody' };
    let guarded: HostProcess;

    beforeAll(async () => {
      guarded = await startHostProcess({ root, settings: services.settings, keys });
      stops.push(() => guarded.stop());
    }, 60_000);

    test('says where the plan has changed since, and where it names none', async () => {
      await open(`approve#target=webhook-receiver&plan=${'0'.repeat(64)}`);
      await page.getByText('The plan has changed since the notification').waitFor();

      await page.evaluate("location.hash = ''");
      await page.getByText('The link names no target').waitFor();
      expect(faults).toEqual([]);
    });

    test('shows nothing without a key, and with one the plan, which a press of a button approves', async () => {
      const id = await planId();
      await open(`approve#target=webhook-receiver&plan=${id}`, guarded.url);
      await page.getByText('Whoever has a key may see the plan for webhook-receiver').waitFor();
      expect(await textOf('main')).not.toContain('104.40.0.0/13');

      await page.getByLabel('Function key').fill('wrong');
      await page.keyboard.press('Enter');
      await page.getByText('That key was refused').waitFor();
      await page.getByLabel('Function key').fill(keys.function);
      await page.keyboard.press('Enter');
      await page.getByText('Add once approved (1)').waitFor();

      expect(await textOf('#plan')).not.toContain('has changed since the notification');
      expect(page.url()).not.toContain(keys.function);
      expect(await page.evaluate(findUnnamed)).toEqual([]);
      expect(await page.evaluate(findLowContrast)).toEqual([]);
      await page.getByRole('button', { name: 'Approve exactly this plan' }).click();
      await page.getByText(`webhook-receiver: plan ${id} was approved by a function key`).waitFor();
      expect(faults).toEqual(Array(4).fill(expect.stringContaining('401')));
    });
  });

  test('docs: every operation of the description, and one opened', async () => {
    await open('docs');
    const { paths } = (await (await fetch(`${services.host.url}/api/openapi.json`)).json()) as {
      paths: Record<string, Record<string, unknown>>;
    };
    await page.locator('.opblock').first().waitFor();

    expect(await page.locator('.opblock').count()).toBe(
      Object.values(paths).reduce((sum, operations) => sum + Object.keys(operations).length, 0),
    );
    await page.locator('.opblock-summary').first().click();
    await page.getByText('Stronger than the Accept header.').first().waitFor();
    expect(faults).toEqual([]);
  });
});
