/** TARGETS: the place of the targets file, or its JSON. */
import { quote, readText, refuse, refuseReference, type Environment } from './environment.ts';

export type TargetsSetting =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'blob'; readonly container: string; readonly name: string }
  | { readonly kind: 'json'; readonly json: string };

const setting = 'TARGETS';
const defaultTargetsPath = 'targets.json';
const accepted = 'the path of a file, blob:<container>/<name>, or JSON that begins with {';
const acceptedBlob = 'blob:<container>/<name>, the container of 3 to 63 of a-z, 0-9 and single hyphens';

/** Default: the file targets.json. Throws ConfigurationError. */
export function readTargets(env: Environment): TargetsSetting {
  const text = readText(env, setting) ?? defaultTargetsPath;
  refuseReference(setting, text);
  // The sources have file:PATH, so `file:` here is a slip; a path that begins so would be a file that does not exist.
  if (/^(?:\[|file:)/i.test(text)) return refuse(setting, quote(text), accepted);
  // The content is not checked here: the parser takes long to load, and every cold start runs this.
  if (/^(?:\{|\/\*)/.test(text)) return { kind: 'json', json: text };
  if (/^[a-z][a-z\d+.-]*:\/\//i.test(text)) return refuse(setting, 'a URL (not shown: it may hold a key)', accepted);
  if (!/^blob:/i.test(text)) return { kind: 'file', path: text };
  const [, container, name] = /^([a-z\d](?:-?[a-z\d]){2,62})\/(.+)$/.exec(text.slice('blob:'.length)) ?? [];
  if (container === undefined || name === undefined) return refuse(setting, quote(text), acceptedBlob);
  return { kind: 'blob', container, name };
}

/** Containers with the app's own data, which the app trusts. */
const ownContainers = ['targets', 'service-tags', 'ledger'];

/** Returns a note if the targets are in one of these: who may edit one blob may edit the whole container. */
export function targetsNotes(targets: TargetsSetting): readonly string[] {
  if (targets.kind !== 'blob' || !ownContainers.includes(targets.container)) return [];
  const advice = `blob:config/${targets.name} keeps the right to edit targets apart from it`;
  return [`TARGETS is in the container "${targets.container}", which holds the app's own data: ${advice}`];
}

/** False for the default path: an app without that file manages no targets on purpose, so nothing is reported. */
export function areTargetsExpected(targets: TargetsSetting): boolean {
  return targets.kind !== 'file' || targets.path !== defaultTargetsPath;
}
