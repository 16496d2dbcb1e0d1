/**
 * .funcignore as the Functions Core Tools read it, not as git would. Every pattern becomes a regular expression: it begins at
 * the root, `*` is one or more characters of a name and `**` of a path, all else is literal, and it ends at a word's end,
 * wherever the path goes on. What a pattern with `!` matches is shipped, whatever the order.
 */
const neverShipped =
  /^(?:\.git|\.vscode)\/|(?:^|\/)(?:\.funcignore|\.gitignore|local\.settings\.json|project\.lock\.json)$/;

/** Whether a file ships; `path` is relative to the root, with slashes. */
export function readFuncIgnore(text: string): (path: string) => boolean {
  const lines = text.split('\n').map((line) => line.trim());
  const patterns = lines.filter((line) => line !== '' && !line.startsWith('#'));
  const left = toRegExp(patterns.filter((line) => !line.startsWith('!')));
  const kept = toRegExp(patterns.filter((line) => line.startsWith('!')).map((line) => line.slice(1)));
  return (path) => !neverShipped.test(path) && (kept.test(path) || !left.test(path));
}

function toRegExp(patterns: readonly string[]): RegExp {
  if (patterns.length === 0) return /$^/;
  return new RegExp(`^(?:${patterns.map(toSource).join('|')})\\b`);
}

function toSource(pattern: string): string {
  return pattern
    .replace(/^\//, '')
    .split(/(\*\*?)/)
    .map((part) => (part === '**' ? '.+' : part === '*' ? '[^/]+' : part.replaceAll(/[-[\]/{}()+?.\\^$|]/g, '\\$&')))
    .join('');
}
