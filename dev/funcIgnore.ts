/**
 * Reads .funcignore like the Functions Core Tools, which differ from git. Every pattern becomes a regular expression
 * that starts at the root. `*` matches one or more characters of a name, `**` of a path; everything else is literal. A
 * match must end at a word boundary, even in the middle of a path. A file that matches a `!` pattern is always shipped.
 */
const neverShipped =
  /^(?:\.git|\.vscode)\/|(?:^|\/)(?:\.funcignore|\.gitignore|local\.settings\.json|project\.lock\.json)$/;

/** Returns a function that says whether a file ships. Its `path` is relative to the root, with slashes. */
export function readFuncIgnore(text: string): (path: string) => boolean {
  const lines = text.split('\n').map((line) => line.trim());
  const patterns = lines.filter((line) => line !== '' && !line.startsWith('#'));
  const ignored = toRegExp(patterns.filter((line) => !line.startsWith('!')));
  const kept = toRegExp(patterns.filter((line) => line.startsWith('!')).map((line) => line.slice(1)));
  return (path) => !neverShipped.test(path) && (kept.test(path) || !ignored.test(path));
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
