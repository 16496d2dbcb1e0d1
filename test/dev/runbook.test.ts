/** The runbook that alerts link to is docs/operations.md, whole, and leads nowhere else. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { anchorOf, renderRunbook } from '../../dev/runbook.ts';
import { runbookAnchors } from '../../src/core/notificationFormats.ts';

const root = path.resolve(import.meta.dirname, '../..');
const source = readFileSync(path.join(root, 'docs/operations.md'), 'utf8');
const html = renderRunbook(root);

describe('the runbook', () => {
  test('has every heading of the document, under the name that GitHub gives it', () => {
    const headings = [...source.replaceAll(/^```.*?^```/gms, '').matchAll(/^#+ (.+)$/gm)].map(
      (match) => match[1] ?? '',
    );

    expect(headings.length).toBeGreaterThan(20);
    for (const heading of headings) expect(html).toContain(` id="${anchorOf(heading)}"`);
  });

  test('leads to itself alone, and only to what is there', () => {
    const links = [...html.matchAll(/<a href="([^"]+)"/g)].map((match) => match[1] ?? '');

    expect(links.length).toBeGreaterThan(10);
    for (const link of links) expect(html).toContain(` id="${link.replace('#', '')}"`);
  });

  test.each(Object.entries(runbookAnchors))('has the line that a notification %s leads to: %s', (_, anchor) => {
    expect(html).toContain(` id="${anchor}"`);
  });

  test('holds no script and no style of its own', () => {
    expect(html).not.toMatch(/<script|style=|onclick=|<img|<iframe/);
    expect(html).toContain('<table>');
  });

  test.each([
    ['Alert `pull-late`', 'alert-pull-late'],
    ['A target that is `blocked` or `failed`', 'a-target-that-is-blocked-or-failed'],
    ['Lock the ledger', 'lock-the-ledger'],
  ])('%s: %s', (title, anchor) => {
    expect(anchorOf(title)).toBe(anchor);
  });
});
