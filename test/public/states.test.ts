/** The six states in which a person finds the page: what the first 800 pixels say in each, to people and to axe. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { executablePath, keepScreenshot, launch, openPage } from './browser.ts';
import { findViolations } from './browserScripts.ts';
import { nsgId, startSite, type Site } from './site.ts';

const describeWithBrowser = executablePath === undefined ? describe.skip : describe;

const targetCount = 24;
const wide = '9.128.0.0/13';
const first = '9.136.0.0/25';
const second = '9.136.0.128/25';

describeWithBrowser('the page in each state', () => {
  const stops: (() => Promise<unknown>)[] = [];
  let fresh: Site;
  let late: Site;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    browser = await launch();
    stops.push(() => browser.close());
    fresh = await startSite(targetCount);
    stops.push(() => fresh.stop());
    late = await startSite(targetCount);
    stops.push(() => late.stop());
  });

  afterAll(async () => {
    for (const stop of stops.toReversed()) await stop();
  });

  afterEach(() => page.close());

  /** The page as somebody finds it; `text` is what stands in its first 800 pixels. */
  async function find(site: Site, state: string): Promise<string> {
    ({ page } = await openPage(browser, site.url, 'dashboard'));
    await page.locator('#now .sign').waitFor({ timeout: 60_000 });
    await page.waitForLoadState('networkidle');
    await keepScreenshot(page, `state-${state}`);
    expect(await findViolations(page)).toEqual([]);
    return page.evaluate<string>(`[...document.querySelectorAll('#now, #waits, #facts, #rows tr')]
      .filter((node) => node.getBoundingClientRect().top < 800).map((node) => node.innerText).join('\\n')`);
  }

  test('calm', async () => {
    await fresh.publish(16);
    await fresh.pull();
    await fresh.publish(9, [first]);
    await fresh.pull();
    const text = await find(fresh, 'calm');

    expect(text).toMatch(/All 23 targets are in sync\./);
    expect(text).toContain('Nothing waits for you.');
    await page.evaluate("document.getElementById('history').scrollIntoView()");
    await keepScreenshot(page, 'history');
    expect(text).toMatch(/What changed[\s\S]*What is normal/);
  });

  test('waiting', async () => {
    await fresh.publish(4, [first, wide]);
    await fresh.pull();
    const text = await find(fresh, 'waiting');

    expect(text).toMatch(/\d+ of 23 targets are in sync\. 1 decision waits for you\./);
    expect(text).toMatch(/by \d+ \w{3}, 00:00 UTC \(in 2 days[\s\S]*524,288 addresses[\s\S]*Approve for all/);
    const card = page.locator('#waits article');
    expect(await card.getByRole('link', { name: /^the release of/ }).getAttribute('href')).toMatch(/^#\/releases\/2/);
    expect(await card.getByRole('link', { name: 'Microsoft’s own file' }).getAttribute('href')).toContain('56519');
  });

  test('blocked', async () => {
    fresh.services.simulator.putLock(nsgId('nsg-8'), 'ReadOnly');
    await fresh.publish(2, [first, second, wide]);
    await fresh.pull();
    const text = await find(fresh, 'blocked');

    expect(text).toMatch(/Of 23 targets, 1 is blocked/);
    expect(text).toMatch(
      /firewall-008[\s\S]*Blocked: nothing is written to it\. It lacks 2 listed prefixes:[\s\S]*9\.136\.0\.128\/25 in West Europe[\s\S]*lock/,
    );
    // The command is all there.
    const command = page.locator('article', { hasText: 'firewall-008' }).locator('code', { hasText: 'az lock list' });
    expect(await command.innerText()).toContain(nsgId('nsg-8'));
  });

  test('the list stands still', async () => {
    await late.publish(40);
    await late.pull();
    const text = await find(late, 'list-stands-still');

    expect(text).toMatch(/Microsoft’s list stands still: the newest release is from \d+ \w+ \d{4}, 40 days ago\./);
    expect(text).toContain('All 23 targets are in sync.');
  });

  test('overdue', async () => {
    await late.publish(9, [wide]);
    await late.pull();
    const text = await find(late, 'overdue');

    expect(text).toMatch(/\d+ targets are overdue: Azure may already use 1 prefix that they do not allow\./);
    expect(text).toMatch(/overdue for \d+ days?( \d+ hours?)?, since \d+ \w{3}/);
  });

  test('storage down', async () => {
    await late.services.stopStorage();
    const text = await find(late, 'storage-down');

    expect(text).toContain('Storage cannot be read, so the state of the targets is unknown.');
    expect(text).toContain('Rules in Azure stay as they are');
    expect(text).not.toContain('in sync');
  });

  test('a tag that Microsoft retired: a person confirms that it is gone', async () => {
    const [retired, feed] = ['AzureContainerRegistry.UAENorth', 'feeds/AzureContainerRegistry.UAENorth.txt'];
    const site = await startSite(1);
    stops.push(() => site.stop());
    await site.publish(30);
    await site.pull();
    for (const daysAgo of [23, 16, 9]) {
      await site.publish(daysAgo, [], retired);
      await site.pull();
    }
    expect((await fetch(`${site.url}/api/${feed}`)).status).toBe(200);

    ({ page } = await openPage(browser, site.url, 'dashboard#/regions/UAENorth'));
    await page.getByText(/It counts as retired\. Feeds keep its prefixes until a person confirms/).waitFor();
    await keepScreenshot(page, 'state-retired');
    expect(await findViolations(page)).toEqual([]);
    await page.getByRole('button', { name: 'Confirm: it is gone for good' }).click();
    await page.getByText(`${retired} counts as retired.`).waitFor();
    await page.getByText(/A person confirmed on \d+ \w+ \d{4} that it is gone for good\./).waitFor();

    expect(await page.getByRole('button', { name: /^Confirm/ }).count()).toBe(0);
    expect(await findViolations(page)).toEqual([]);
  }, 180_000);

  test('a registry without room: said so, and no approval is offered, as it would not help', async () => {
    const tight = await startSite(6, 4);
    stops.push(() => tight.stop());
    await tight.publish(2);
    await tight.pull();
    await tight.pull();
    const text = await find(tight, 'no-room');

    expect(text).toMatch(/firewall-005[\s\S]*prefixes do not fit/);
    const card = page.locator('article', { hasText: 'firewall-005' });
    expect(await card.getByRole('button', { name: /Approve/ }).count()).toBe(0);
    await card.getByRole('link', { name: 'Review' }).click();
    await page.getByText('Does not fit: an approval does not help').waitFor();
    expect(await page.getByRole('button', { name: /Approve/ }).count()).toBe(0);
    expect(await findViolations(page)).toEqual([]);
  });
});
