/** Renders docs/operations.md as a page of the app. Alerts and notifications link to its headings. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Marked, type Tokens } from 'marked';

/**
 * `root` is the project's folder. Links to other documents, and pictures, become plain text: the app does not serve
 * them.
 */
export function renderRunbook(root: string): string {
  const text = readFileSync(join(root, 'docs/operations.md'), 'utf8');
  const marked = new Marked({
    renderer: {
      heading({ tokens, depth, text: title }) {
        return `<h${depth} id="${anchorOf(title)}">${this.parser.parseInline(tokens)}</h${depth}>\n`;
      },
      link({ href, tokens }: Tokens.Link) {
        const shown = this.parser.parseInline(tokens);
        return href.startsWith('#') ? `<a href="${href}">${shown}</a>` : shown;
      },
      image: ({ text: shown }: Tokens.Image) => shown,
      html: () => '',
    },
  });
  return page(marked.parse(text, { async: false }));
}

/** The same anchor that GitHub gives a heading. */
export function anchorOf(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

function page(body: string): string {
  return `<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Operations: ACR Address Keeper</title>
    <link rel="stylesheet" href="assets/dashboard.css" />
  </head>
  <body>
    <main>
${body}    </main>
  </body>
</html>
`;
}
