/** What the browser is asked to evaluate: texts, because the project's own code knows no DOM. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

/** Tag name and id of what has the focus, and whether that can be seen. */
export const describeFocus = `(() => {
  const focused = document.activeElement;
  if (!focused || focused === document.body) return 'nothing';
  const { outlineStyle, outlineWidth } = getComputedStyle(focused);
  const isVisible = outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 2;
  return (focused.id || focused.textContent.trim().slice(0, 30)) + (isVisible ? '' : ' without a visible focus');
})()`;

/** Opens all that is folded. */
export const unfoldAll = "document.querySelectorAll('details').forEach((node) => { node.open = true; })";

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe finds wrong with the page as it stands, a line each. Preloading is for audio and for rules that are off. */
export async function findViolations(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe);
  return page.evaluate<
    string[]
  >(`axe.run(document, { resultTypes: ['violations'], preload: false }).then(({ violations }) =>
    violations.flatMap(({ id, nodes }) => nodes.map((node) => id + ': ' + node.html.slice(0, 160) + ' ' + node.any.map((check) => check.message).join(' '))))`);
}
