/**
 * Makes the proxy variables count for every outgoing call or for none. Node obeys them only with NODE_USE_ENV_PROXY, but
 * the Azure SDKs obey them always: the app would download lists directly and call Azure through the proxy.
 */
import { listed } from '../core/words.ts';

type MutableEnvironment = Record<string, string | undefined>;

const names = ['HTTPS_PROXY', 'HTTP_PROXY', 'ALL_PROXY'];

/**
 * Call it before the first request. If Node uses the variables, all calls use them except those to the platform's
 * identity endpoint. If Node does not, deletes them. Returns a note for people about variables that are not used.
 */
export function settleProxies(env: MutableEnvironment, isUsedByNode = doesNodeUseProxies()): string | undefined {
  const variables = Object.keys(env).filter((key) => names.includes(key.toUpperCase()) && env[key]?.trim());
  // Node does not support ALL_PROXY.
  const unused = isUsedByNode ? variables.filter((key) => key.toUpperCase() === 'ALL_PROXY') : variables;
  for (const key of unused) Reflect.deleteProperty(env, key);
  if (variables.length > unused.length) bypassIdentityEndpoint(env);
  if (unused.length === 0) return undefined;
  return isUsedByNode
    ? `${listed(unused)} is not used: set HTTPS_PROXY in its place`
    : `${listed(unused)} is not used, for no call: to send every call through the proxy, set NODE_USE_ENV_PROXY=1 as well (Node 22.21, 24.5 or newer) and restart the app`;
}

function bypassIdentityEndpoint(env: MutableEnvironment): void {
  const endpoints = [env.IDENTITY_ENDPOINT, env.MSI_ENDPOINT].flatMap((text) => URL.parse(text ?? '')?.hostname ?? []);
  const direct = new Set(['127.0.0.1', 'localhost', '169.254.169.254', ...endpoints]);
  const key = env.no_proxy === undefined ? 'NO_PROXY' : 'no_proxy';
  const given = (env[key] ?? '')
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  env[key] = [...new Set([...given, ...direct])].join(',');
}

/** Checks what `fetch` really uses, because a worker that starts before it gets its settings has not read the variable. */
function doesNodeUseProxies(): boolean {
  const dispatcher = (globalThis as Readonly<Record<symbol, unknown>>)[Symbol.for('undici.globalDispatcher.1')];
  return dispatcher?.constructor.name === 'EnvHttpProxyAgent';
}
