/**
 * The page in a real browser, on the built app in the local host, with the whole history. One site goes through all
 * states in which a person finds it; each `test` takes up where the one before it ended.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { startHostProcess } from '../../dev/host/hostProcess.ts';
import { executablePath, keepScreenshot, launch, openPage, type Look, type WatchedPage } from './browser.ts';
import { describeFocus, findViolations, unfoldAll } from './browserScripts.ts';
import { key, nsgId, startSite, type Site } from './site.ts';
import { builtApp } from '../support/builtApp.ts';
import { isFullRun, testInFullRun } from '../support/fullRun.ts';

const describeWithBrowser = executablePath === undefined ? describe.skip : describe;
if (executablePath === undefined) console.log('SKIPPED the pages in a browser: there is no chromium on this machine');

const [targetCount, previewCount, maxTransferred] = isFullRun ? [150, 3, 150_000] : [21, 1, 50_000];
const managedCount = targetCount - previewCount;
/** In West Europe: wider than anybody lets in unasked. */
const wide = '9.128.0.0/13';
const first = '9.136.0.0/25';
const second = '9.136.0.128/25';
const colorSchemes = isFullRun ? (['light', 'dark'] as const) : (['light'] as const);
const widths = isFullRun ? [360, 1280, 1920] : [360];
const retired = 'AzureContainerRegistry.UAENorth';

describeWithBrowser('the page', () => {
  const stops: (() => Promise<unknown>)[] = [];
  let site: Site;
  let opened: WatchedPage;
  let page: Page;

  beforeAll(async () => {
    site = await startSite(targetCount);
    stops.push(() => site.stop());
    const browser: Browser = await launch();
    stops.push(() => browser.close());
    opened = await openPage(browser);
    page = opened.page;
  });

  afterAll(async () => {
    for (const stop of stops.toReversed()) await stop();
  });

  const openAsIs = (path: string): Promise<void> => opened.visit(site.url, path);
  const open = (path = 'dashboard', look: Look = {}): Promise<void> =>
    opened.visit(site.url, `${path}?code=${key}`, look);
  const goTo = (view: string): Promise<void> => opened.goTo(view);
  const textOf = (selector: string): Promise<string> => page.locator(selector).innerText();
  const says = (text: string | RegExp): Promise<void> =>
    page.getByText(text).filter({ visible: true }).first().waitFor();
  const refresh = (): Promise<void> => page.evaluate("document.dispatchEvent(new Event('visibilitychange'))");
  /** Of West Europe. */
  const listedAddress = async (): Promise<string> => {
    const { prefixes } = (await site.ask('GET', 'prefixes?region=westeurope&family=ipv4')) as { prefixes: string[] };
    return prefixes.find((prefix) => prefix !== wide)?.split('/')[0] ?? '';
  };
  const checkedViews = new Set<string>();
  /** axe takes a second, so without a full run it looks at each view once. */
  async function expectAccessible(view: string): Promise<void> {
    if (checkedViews.has(view) && !isFullRun) return;
    checkedViews.add(view);
    expect([view, await findViolations(page)]).toEqual([view, []]);
  }
  /** The page as somebody finds it in a state; answers what stands in its first 800 pixels. */
  async function find(state: string): Promise<string> {
    await open();
    await page.locator('#now .sign').waitFor({ timeout: 60_000 });
    await keepScreenshot(page, `state-${state}`);
    if (isFullRun) await expectAccessible('home');
    return page.evaluate<string>(`[...document.querySelectorAll('#now, #waits, #facts, #rows tr')]
      .filter((node) => node.getBoundingClientRect().top < 800).map((node) => node.innerText).join('\\n')`);
  }
  async function previewRollback(): Promise<void> {
    await page.getByText('Roll back to an earlier list').click();
    await page.locator('#rollback-choice option').first().waitFor({ state: 'attached' });
    await page.locator('#rollback-choice').selectOption({ index: 1 });
    await page.getByRole('button', { name: 'Show what would change' }).click();
    await says(/After a rollback:/);
  }
  const statusOf = async (name: string): Promise<string> =>
    ((await site.ask('GET', `targets/${name}`)) as { status: string }).status;

  test('the list stands still', async () => {
    await site.publish(40);
    await site.pull();
    const text = await find('list-stands-still');

    expect(text).toMatch(/Microsoft’s list stands still: the newest release is from \d+ \w+ \d{4}, 40 days ago\./);
    expect(text).toContain(`All ${managedCount} targets are in sync.`);
  });

  test('a tag that Microsoft retired: a person confirms that it is gone', async () => {
    for (const daysAgo of [30, 23, 16]) {
      await site.publish(daysAgo, [], retired);
      await site.pull();
    }
    expect((await fetch(`${site.url}/api/feeds/${retired}.txt?code=${key}`)).status).toBe(200);

    await goTo('#/regions/UAENorth');
    await says(/It counts as retired\. Feeds keep its prefixes until a person confirms/);
    await keepScreenshot(page, 'state-retired');
    await expectAccessible('region');
    await page.getByRole('button', { name: 'Confirm: it is gone for good' }).click();
    await says(`${retired} counts as retired.`);
    await says(/A person confirmed on \d+ \w+ \d{4} that it is gone for good\./);

    expect(await page.getByRole('button', { name: /^Confirm/ }).count()).toBe(0);
    await expectAccessible('region');
  });

  test('overdue', async () => {
    await site.publish(9, [wide], retired);
    await site.pull();
    const text = await find('overdue');

    expect(text).toMatch(/\d+ targets are overdue: Azure may already use 1 prefix that they do not allow\./);
    expect(text).toMatch(/overdue for [\w ]+, since \d+ \w{3}/);
  });

  test('calm', async () => {
    await site.publish(8, [first], retired);
    await site.pull();
    const text = await find('calm');

    expect(text).toContain(`All ${managedCount} targets are in sync.`);
    expect(text).toContain('Nothing waits for you.');
    expect(text).toMatch(/What changed[\s\S]*What is normal/);
    await page.evaluate("document.getElementById('history').scrollIntoView()");
    await keepScreenshot(page, 'history');
  });

  test('waiting', async () => {
    await site.publish(4, [first, wide], retired);
    await site.pull();
    const text = await find('waiting');

    expect(text).toMatch(
      new RegExp(String.raw`\d+ of ${managedCount} targets are in sync\. 1 decision waits for you\.`),
    );
    expect(text).toMatch(/by \d+ \w{3}, 00:00 UTC \(in 2 days[\s\S]*524,288 addresses[\s\S]*Approve for all/);
    const card = page.locator('#waits article');
    expect(await card.innerText()).toContain(`${wide} in West Europe: 524,288 addresses`);
    expect(await card.getByRole('link', { name: /^the release of/ }).getAttribute('href')).toMatch(/^#\/releases\/2/);
    expect(await card.getByRole('link', { name: 'Microsoft’s own file' }).getAttribute('href')).toContain('56519');
  });

  describe('at first sight', () => {
    const rows = () => page.locator('#rows tbody tr');

    test('says how everything stands, what changed and what is normal', async () => {
      await open('dashboard', { emptyCache: true });

      expect(await textOf('#now')).toMatch(/list was released on \d+ \w+ \d{4} and last fetched .* ago\./);
      expect(await textOf('#now')).toContain(`Not counted: ${previewCount} preview only.`);
      expect(await textOf('#facts')).toMatch(/What changed[\s\S]*What is normal[\s\S]*about every 7 days/);
      expect(await rows().count()).toBe(20);
      expect(await textOf('footer')).toMatch(/Updated .* ago\.\s+Version \d+\.\d+\.\d+/);
      expect(opened.faults).toEqual([]);
    });

    test('asks each route once, and little comes over the wire', () => {
      const asked = opened.requests.filter((path) => !path.startsWith('assets/'));

      expect(asked).toEqual([`dashboard?code=${key}`, 'overview', 'releases']);
      expect(new Set(opened.requests).size).toBe(opened.requests.length);
      expect(opened.transferred()).toBeLessThan(maxTransferred);
    });

    test('a refresh without news changes nothing on the page and transfers nearly nothing', async () => {
      await page.evaluate("window.row = document.querySelector('#rows tbody tr')");
      const before = opened.transferred();
      const answered = page.waitForResponse(/overview/);
      await refresh();

      expect((await answered).status()).toBe(304);
      expect(await page.evaluate("window.row === document.querySelector('#rows tbody tr')")).toBe(true);
      expect(opened.transferred() - before).toBeLessThan(2000);
      expect(opened.requests.filter((path) => path === 'releases')).toHaveLength(1);
    });

    test('the most urgent targets come first, and all of them on request', async () => {
      const statuses = await page.locator('#rows tbody tr .pill').allInnerTexts();
      expect(statuses[0]).toBe('waits for you');
      expect([...statuses].sort((a, b) => Number(b === 'waits for you') - Number(a === 'waits for you'))).toEqual(
        statuses,
      );

      await page.getByRole('button', { name: `Show all ${targetCount}` }).click();
      expect(await rows().count()).toBe(targetCount);
    });

    test('targets are filtered by status, kind, region and text', async () => {
      await page.getByRole('button', { name: `${previewCount} preview only` }).click();
      expect(await rows().count()).toBe(previewCount);
      await page.getByRole('button', { name: `All ${targetCount}` }).click();
      await page.getByLabel('Kind', { exact: true }).selectOption('registryNetworkRules');
      await page.getByLabel('Region', { exact: true }).selectOption({ label: 'Japan East' });
      const found = await rows().allInnerTexts();
      expect(found.length).toBeGreaterThan(0);
      expect(found.every((text) => text.includes('registry IP rules, Japan East'))).toBe(true);
      await page.getByLabel('Kind', { exact: true }).selectOption('');
      await page.getByLabel('Region', { exact: true }).selectOption('');
      await page.getByLabel('Filter by name or reason').fill('webhook');
      expect(await rows().count()).toBe(1);
      await page.getByLabel('Filter by name or reason').fill('no such thing');
      await says('No target matches the filter.');
    });

    test('the size since 2019 is read with the arrow keys and with the pointer', async () => {
      const slider = page.getByRole('slider');
      await slider.focus();
      const last = await slider.getAttribute('aria-valuetext');
      await page.keyboard.press('ArrowLeft');
      const before = await page.getByRole('slider').getAttribute('aria-valuetext');
      expect(before).not.toBe(last);
      await page.keyboard.press('Home');
      expect(await page.getByRole('slider').getAttribute('aria-valuetext')).toMatch(/^22 Jul 2019: IPv4 80, IPv6 0/);
      expect(await textOf('#chart .readout')).toContain('22 Jul 2019: 80 IPv4 prefixes');
      const box = await page.getByRole('slider').boundingBox();
      await page.mouse.move((box?.x ?? 0) + (box?.width ?? 0) - 8, (box?.y ?? 0) + 60);
      expect(await page.getByRole('slider').getAttribute('aria-valuetext')).toBe(last);
      await page.getByRole('button', { name: 'Addresses' }).click();
      expect(await page.getByRole('slider').getAttribute('aria-label')).toMatch(/^Addresses/);
      expect(await page.locator('.tile').count()).toBeGreaterThan(60);
    });

    test('regions that are gone stand together by day; a release names the regions that changed', async () => {
      expect(await textOf('#tiles')).toMatch(
        /No longer listed .*since 15 Jan 2024: UK North, UK South 2; since 30 Jan 2023: East US SLV\./,
      );
      expect(await textOf('#calendar')).toContain('6 Oct 2025 +9 (changed: Belgium Central):');
    });
  });

  describe('look-up while typing', () => {
    const field = () => page.getByLabel(/An address, a range, or a line/);
    const explanations = () => opened.requests.filter((path) => path.startsWith('explain'));

    test('nothing is asked before there is an address', async () => {
      await goTo('#/lookup');
      await field().fill('20.61');
      await field().fill('not an address');

      expect(explanations()).toEqual([]);
      await field().fill('');
    });

    test('an address: what it is, which targets admit it, by which rule', async () => {
      await field().pressSequentially(await listedAddress());
      await page.locator('#explained', { hasText: 'belongs to Azure Container Registry in' }).waitFor();
      expect(await textOf('#explained')).toMatch(/admits it by the rule AllowAcr/);
      expect(explanations().length).toBeLessThan(4);
      expect(opened.faults).toEqual([]);
    });

    test('a line of an error: the caller is no address of the registry, and what to do', async () => {
      await field().fill("denied: client with IP '203.0.114.7' is not allowed access");
      await page.locator('#explained', { hasText: 'az acr network-rule add' }).waitFor();
      expect(await textOf('#explained')).toMatch(/203\.0\.114\.7 is in no service tag/);
    });
  });

  describe('pages of one thing', () => {
    test('a target: plan, what is allowed, runs, and settings with their origins', async () => {
      await goTo('#/targets/webhook-receiver');
      await says('Approve exactly this plan');
      const text = await textOf('#view');
      expect(text).toMatch(/1 prefix to add once approved/);
      expect(text).toMatch(/Added by the app\s+\d+ prefixes/);
      expect(text).toMatch(/of 4,000 used/);
      expect(await page.locator('#target-runs tbody tr').count()).toBeGreaterThan(1);
      await page.getByText('Policy sync').click();
      expect(await textOf('#settings')).toMatch(/policy\s+(Value: )?sync\s+(From: )?defaults/);
      expect(await textOf('#settings')).toMatch(/rule\.direction\s+(Value: )?Outbound\s+(From: )?its scenario/);
      expect(new Set(opened.requests).size).toBe(opened.requests.length);
      expect(opened.faults).toEqual([]);
      await keepScreenshot(page, 'target', true);
    });

    test('a release, with who needs it', async () => {
      await goTo('#/releases/2025-10-06');
      await says('Belgium Central');
      expect(await textOf('#view')).toMatch(/firewall-\d+ needs \d+ prefixes/);
      expect(opened.faults).toEqual([]);
      await keepScreenshot(page, 'release', true);
    });

    test('a region, and back', async () => {
      await goTo('#/');
      await page.locator('.tile', { hasText: 'West Europe' }).click();
      await page.getByRole('heading', { name: 'AzureContainerRegistry.WestEurope' }).waitFor();
      await says('still listed');
      await page.goBack();
      await page.locator('#rows').waitFor();
      expect(opened.faults).toEqual([]);
    });

    test('an answer that comes after its view was left is shown nowhere', async () => {
      let answer!: () => void;
      const answered = new Promise<void>((resolve) => (answer = resolve));
      await page.route('**/api/targets/firewall-001', async (route) => {
        await answered;
        await route.continue().catch(() => undefined);
      });
      const asked = page.waitForRequest('**/api/targets/firewall-001');
      await page.evaluate("location.hash = '#/targets/firewall-001'");
      await asked;
      const next = goTo('#/targets/firewall-008');
      answer();
      await next;
      await page.unroute('**/api/targets/firewall-001');

      await previewRollback();
      expect(await textOf('#rollback-now')).toBe('Roll back firewall-008');
      expect(await page.locator('#view').innerHTML()).not.toContain('firewall-001');
      expect(opened.faults).toEqual([]);
    });

    test('what does not exist is said', async () => {
      await goTo('#/targets/nobody');
      await says(/There is no target "nobody"/);
      await goTo('#/releases/1999-01-01');
      await says(/There is no release "1999-01-01"/);
    });
  });

  describe('a person', () => {
    test('pauses and resumes', async () => {
      await goTo('#/targets/firewall-001');
      await page.getByRole('button', { name: 'Pause' }).click();
      await says('firewall-001 is paused.');
      await page.getByRole('button', { name: 'Resume' }).waitFor();
      expect(await statusOf('firewall-001')).toBe('paused');
      await page.getByRole('button', { name: 'Resume' }).click();
      await says('firewall-001 follows the current list again.');
      expect(await statusOf('firewall-001')).toBe('inSync');
      expect(opened.faults).toEqual([]);
    });

    test('rolls back, having seen what would change, and resumes', async () => {
      await goTo('#/targets/firewall-008');
      await previewRollback();
      await page.getByRole('button', { name: 'Roll back firewall-008' }).click();
      await says('firewall-008 is rolled back and stays so until somebody resumes it.');
      await says(/Rolled back to Public-/);
      await page.getByRole('button', { name: 'Resume' }).click();
      await says('firewall-008 follows the current list again.');
      expect(opened.faults).toEqual([]);
    });

    test('approves on a card, and is told what was added', async () => {
      await goTo('#/targets/firewall-016');
      await page.getByRole('button', { name: 'Approve exactly this plan' }).click();
      await says('firewall-016: approved.');
      expect(await textOf('#done')).toContain(`1 prefix added: ${wide}`);
      await says('Nothing to do: the rules are as they should be.');
      expect(opened.faults).toEqual([]);
    });
  });

  test('a release is undone, and counts again', async () => {
    const { releases } = (await site.ask('GET', 'releases')) as { releases: { date: string }[] };
    await goTo(`#/releases/${releases.at(-1)?.date}`);
    await page.getByText('Undo this list').first().click();
    await page.getByLabel(/^Why/).fill('It lists a prefix that is not of Azure.');
    await page.getByRole('button', { name: 'Undo this list' }).click();
    await says('The list is undone.');
    await says(/A person has undone this list/);
    if (isFullRun) await expectAccessible('release');
    await page.getByRole('button', { name: /^Take this back/ }).click();
    await says('The list counts again.');
    await page.locator('#undo').waitFor();
    expect(opened.faults).toEqual([]);
    await site.services.settle();
  });

  describe('keys', () => {
    test('the page holds nothing, says which key it needs, and that a wrong one was refused', async () => {
      await openAsIs('dashboard');
      await says('This page needs a key');
      expect(await textOf('main')).not.toContain('webhook-receiver');
      expect(await textOf('#key')).toContain('az functionapp keys set');

      await page.getByLabel('Host key').fill('wrong');
      await page.keyboard.press('Enter');
      await says('That key was refused');
      await expectAccessible('key');
      await keepScreenshot(page, 'wrong-key');

      await page.getByLabel('Host key').fill(key);
      await page.keyboard.press('Enter');
      await page.locator('#rows tbody tr').first().waitFor();
      expect(await page.locator('#key').isHidden()).toBe(true);
      expect(page.url()).not.toContain(key);
      expect(await page.evaluate('localStorage.length + sessionStorage.length')).toBe(0);
    });

    testInFullRun('a host without keys, as that of `npm start`, asks for none', async () => {
      const host = await startHostProcess({ root: await builtApp(), settings: site.services.settings });
      await opened.visit(host.url, 'dashboard');
      await page.locator('#rows tbody tr').first().waitFor();

      expect(await page.locator('#key').isHidden()).toBe(true);
      await host.stop();
    });

    test('a key in the address is used and taken out of it', async () => {
      await openAsIs(`dashboard?code=${key}#/targets/webhook-receiver`);
      await says('Allowed now');
      expect(page.url()).not.toContain(key);
      expect(await page.content()).not.toContain(key);
      expect(opened.requests.slice(1).join()).not.toContain(key);
      expect(opened.faults).toEqual([]);
    });

    test('the link of a notification leads to the plan, and says if it has changed since', async () => {
      await openAsIs(`approve#target=webhook-receiver&plan=${'0'.repeat(64)}`);
      await says('This page needs a key');
      await page.getByLabel('Host key').fill(key);
      await page.keyboard.press('Enter');
      await says('The plan has changed since the notification');
      await page.getByRole('button', { name: 'Approve exactly this plan' }).waitFor();
    });
  });

  describe('whoever reads it', () => {
    const views = ['#/', '#/releases/2025-10-06', '#/targets/webhook-receiver', '#/regions/WestEurope'];

    async function visit(view: string): Promise<void> {
      await goTo(view);
      const shown = view === '#/' ? '#now h1' : '#view .card';
      await page.locator(shown).first().waitFor();
    }

    test.each(colorSchemes)('axe finds nothing wrong in any view (%s)', async (colorScheme) => {
      await open('dashboard', { colorScheme });
      for (const view of isFullRun ? views : ['#/targets/webhook-receiver']) {
        await visit(view);
        await page.evaluate(unfoldAll);
        await opened.untilQuiet();

        await expectAccessible(`${view} unfolded`);
      }
      await keepScreenshot(page, `region-${colorScheme}`, true);
    });

    test.each(widths)('nothing scrolls sideways at %i px', async (width) => {
      await open('dashboard', { width });
      for (const view of views) {
        await visit(view);
        await page.evaluate(unfoldAll);

        expect([view, await page.evaluate('document.documentElement.scrollWidth')]).toEqual([view, width]);
        if (view === '#/') await keepScreenshot(page, `width-${width}`, true);
      }
    });

    test('by keyboard alone: every control is reached, shows its focus, and opens a target', async () => {
      await open();
      const reached: string[] = [];
      for (let step = 0; step < 24; step += 1) {
        await page.keyboard.press('Tab');
        reached.push(await page.evaluate<string>(describeFocus));
      }
      expect(reached.filter((text) => text.includes('without a visible focus'))).toEqual([]);
      expect(reached).toEqual(
        expect.arrayContaining([
          'Skip to the content',
          expect.stringMatching(/^approve /),
          'filter-text',
          expect.stringMatching(/^target /),
        ]),
      );
      await page.locator('#rows tbody a').first().focus();
      await page.keyboard.press('Enter');
      await says('Settings that apply');
    });

    test('prints what it says, without what can be pressed', async () => {
      await open();
      await page.emulateMedia({ media: 'print' });
      expect(await page.locator('#waits .acts').first().isVisible()).toBe(false);
      expect(await page.locator('nav').isVisible()).toBe(false);
      expect(await page.locator('#rows').isVisible()).toBe(true);
      await keepScreenshot(page, 'print', true);
    });

    test('without the network the last data stay, greyed, and come back to life', async () => {
      await open();
      await page.context().setOffline(true);
      await refresh();
      await says(/The app does not answer\. What you see is of/);
      expect(await page.locator('main.old').count()).toBe(1);
      expect(await page.locator('#rows tbody tr').count()).toBe(20);
      if (isFullRun) await expectAccessible('offline');
      await page.context().setOffline(false);
      await refresh();
      await page.locator('main:not(.old)').waitFor();
    });

    test('names from outside are text, whatever they hold', async () => {
      const hostile = '<img src=x onerror="document.title=\'owned\'">';
      await page.route('**/api/overview', async (route) => {
        const response = await route.fetch();
        const text = (await response.text()).replaceAll('webhook-receiver', JSON.stringify(hostile).slice(1, -1));
        await route.fulfill({
          response,
          body: text,
          headers: { ...response.headers(), 'content-encoding': 'identity' },
        });
      });
      await open();
      await page.getByText('targets', { exact: false }).first().waitFor();

      expect(await page.locator('img').count()).toBe(0);
      expect(await page.title()).not.toBe('owned');
      expect(await page.content()).toContain('&lt;img src=x');
      await page.unrouteAll();
    });
  });

  test('no page allows anything inline', async () => {
    for (const path of ['dashboard', 'approve', 'docs']) {
      const response = await fetch(`${site.url}/api/${path}`);
      expect(response.headers.get('content-security-policy')).toMatch(
        /default-src 'none'; script-src 'self'; style-src 'self'/,
      );
      expect(response.headers.get('content-security-policy')).not.toContain('unsafe');
    }
  });

  test.each(colorSchemes)('the page of the API has each route once, with an example (%s)', async (colorScheme) => {
    await open('docs', { colorScheme });
    const { paths } = (await site.ask('GET', 'openapi.json')) as {
      paths: Record<string, Record<string, { operationId: string }>>;
    };
    const names = Object.values(paths).flatMap((methods) =>
      Object.entries(methods)
        .filter(([method]) => method !== 'head')
        .map(([, { operationId }]) => operationId.replace(/\d+$/, '')),
    );
    await page.locator('#api details').first().waitFor();

    expect(
      new Set(await page.evaluate<string[]>("[...document.querySelectorAll('#api details')].map(({ id }) => id)")),
    ).toEqual(new Set(names));
    expect(await page.locator('#api details').count()).toBe(new Set(names).size);
    // Routes look alike, so without a full run axe reads few of them unfolded.
    await page.evaluate(
      isFullRun
        ? unfoldAll
        : "document.querySelectorAll('details:nth-of-type(1)').forEach((node) => { node.open = true; })",
    );
    await expectAccessible('docs');
    await page.evaluate(unfoldAll);
    expect(await page.locator('#api details:has(pre)').count()).toBe(new Set(names).size);
    await page.getByRole('button', { name: 'Try it: tags/AzureContainerRegistry.WestEurope' }).click();
    await says('Status 200');
    expect(opened.faults).toEqual([]);
    await keepScreenshot(page, `docs-${colorScheme}`);
  });

  test('blocked', async () => {
    site.services.simulator.putLock(nsgId('nsg-8'), 'ReadOnly');
    await site.publish(2, [first, second, wide], retired);
    await site.pull();
    const text = await find('blocked');

    expect(text).toMatch(new RegExp(`Of ${managedCount} targets, 1 is blocked`));
    expect(text).toMatch(
      /firewall-008[\s\S]*Blocked: the app can write nothing to it\. It lacks 2 listed prefixes:[\s\S]*9\.136\.0\.128\/25 in West Europe[\s\S]*lock/,
    );
    // The command is all there.
    const command = page.locator('article', { hasText: 'firewall-008' }).locator('code', { hasText: 'az lock list' });
    expect(await command.innerText()).toContain(nsgId('nsg-8'));
    await page.evaluate(unfoldAll);
    await expectAccessible('blocked, unfolded');
  });

  test('a registry without room: said so, and no approval is offered, as it would not help', async () => {
    await site.addRegistry('small-registry', 4);
    await find('no-room');

    // With many targets other cards may stand above it.
    const card = page.locator('article', { hasText: 'small-registry' });
    expect(await card.innerText()).toContain('prefixes do not fit');
    expect(await card.getByRole('button', { name: /Approve/ }).count()).toBe(0);
    await card.getByRole('link', { name: 'Review' }).click();
    await says('Does not fit: an approval does not help');
    expect(await page.getByRole('button', { name: /Approve/ }).count()).toBe(0);
    if (isFullRun) await expectAccessible('target');
  });

  test('storage down', async () => {
    await site.services.stopStorage();
    const text = await find('storage-down');

    expect(text).toContain('Storage cannot be read, so the state of the targets is unknown.');
    expect(text).toContain('Rules in Azure stay as they are');
    expect(text).not.toContain('in sync');
  });
});
