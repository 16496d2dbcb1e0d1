/** What the browser is asked to evaluate: texts, because the project's own code knows no DOM. */

/** Tag name of what has the focus, and whether that can be seen. */
export const describeFocus = `(() => {
  const focused = document.activeElement;
  if (!focused || focused === document.body) return 'nothing';
  const { outlineStyle, outlineWidth } = getComputedStyle(focused);
  const isVisible = outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 2;
  return focused.tagName.toLowerCase() + (isVisible ? '' : ' without a visible focus');
})()`;

/** Controls without a label, an aria-label or a text. */
export const findUnnamed = `[...document.querySelectorAll('button, input, a')]
  .filter((node) => !(node.labels?.[0]?.textContent || node.ariaLabel || node.textContent).trim())
  .map((node) => node.outerHTML)`;

/** Text whose colour is too near to what is behind it (WCAG 2.2, 1.4.3). */
export const findLowContrast = `(() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const toRgb = (color) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const luminance = (color) => {
    const [red, green, blue] = color.map((part) => {
      const share = part / 255;
      return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const isDark = matchMedia('(prefers-color-scheme: dark)').matches;
  const behind = (node) => {
    if (!node) return isDark ? [18, 18, 18] : [255, 255, 255];
    const color = toRgb(getComputedStyle(node).backgroundColor);
    return color[3] === 255 ? color : behind(node.parentElement);
  };
  return [...document.querySelectorAll('body *')]
    .filter((node) => [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim() !== ''))
    .map((node) => {
      const [a, b] = [luminance(toRgb(getComputedStyle(node).color)), luminance(behind(node))];
      return { node, ratio: (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) };
    })
    .filter(({ ratio }) => ratio < 4.5)
    .map(({ node, ratio }) => node.tagName + ' "' + node.textContent.slice(0, 40) + '": ' + ratio.toFixed(1));
})()`;
