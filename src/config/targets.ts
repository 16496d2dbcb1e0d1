/** TARGETS: where the targets are, or the targets themselves. */
import { toErrorMessage } from '../core/errors.ts';
import { quote, readText, refuse, type Environment } from './environment.ts';

export type TargetsSetting =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'blob'; readonly container: string; readonly name: string }
  | { readonly kind: 'json'; readonly json: string };

const setting = 'TARGETS';
const defaultTargetsPath = 'targets.json';
const accepted = 'the path of a file, blob:<container>/<name>, or JSON that begins with {';

export function readTargets(env: Environment): TargetsSetting {
  const text = readText(env, setting) ?? defaultTargetsPath;
  if (/^(?:[{[]|\/\*)/.test(text)) return { kind: 'json', json: checkJson(text) };
  if (/^[a-z][a-z\d+.-]*:\/\//i.test(text)) return refuse(setting, 'a URL (not shown: it may hold a key)', accepted);
  if (!/^blob:/i.test(text)) return { kind: 'file', path: text };
  const [, container, name] = /^([a-z\d](?:-?[a-z\d]){2,62})\/(.+)$/.exec(text.slice('blob:'.length)) ?? [];
  if (container === undefined || name === undefined) return refuse(setting, quote(text), accepted);
  return { kind: 'blob', container, name };
}

/** An app that has no file at the default place wants none, unless it had one before. */
export function areTargetsExpected(targets: TargetsSetting): boolean {
  return targets.kind !== 'file' || targets.path !== defaultTargetsPath;
}

/** Only whether it is JSON, with the means at hand: the parser of targets is heavy, and this runs at every cold start. */
function checkJson(text: string): string {
  if (text.startsWith('[')) return refuse(setting, quote(text), accepted);
  try {
    JSON.parse(withoutComments(text));
    return text;
  } catch (error) {
    const fault = toErrorMessage(error).replaceAll(/\s+/g, ' ');
    return refuse(setting, `${quote(text)}, which is not JSON (${fault})`, accepted);
  }
}

/** Comments and trailing commas are welcome, as in a file. What is taken out leaves blanks, so that positions stay true. */
function withoutComments(json: string): string {
  const blank = (part: string) => (part.startsWith('"') ? part : part.replaceAll(/[^\n]/g, ' '));
  return json
    .replaceAll(/"(?:[^"\\]|\\.)*"|\/\/.*|\/\*[\s\S]*?\*\//g, blank)
    .replaceAll(/"(?:[^"\\]|\\.)*"|,(?=\s*[}\]])/g, blank);
}
