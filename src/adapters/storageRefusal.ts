/** Explains why a storage account refused a request, and what to do about it. Pure. */
import { StorageRefusedError } from '../core/errors.ts';

/** An answer of the service, in the shape that the SDK's errors have. */
export interface StorageAnswer {
  readonly statusCode?: unknown;
  readonly code?: unknown;
  readonly details?: { readonly errorCode?: unknown };
  readonly response?: { readonly bodyAsText?: string | null | undefined };
}

export interface StorageRequest {
  readonly method: string;
  readonly url: string;
}

interface Account {
  /** For example `stkeeper`. */
  readonly name: string;
  readonly service: 'blob' | 'queue';
}

interface Explanation {
  readonly summary: string;
  readonly help: (account: Account) => string;
}

/** The same roles that the Functions host needs. */
const roles = { blob: 'Storage Blob Data Owner', queue: 'Storage Queue Data Contributor' } as const;

const missingRole: Explanation = {
  summary: 'the app\u2019s identity has no role there',
  help: ({ name, service }) =>
    `the app's identity lacks the role "${roles[service]}" on the account: assign it (az role assignment create ` +
    `--assignee-object-id <object id of the identity> --role "${roles[service]}" --scope $(az storage account show --name ${name} ` +
    '--query id --output tsv)). If it was recently granted, wait ten minutes',
};

const keysForbidden: Explanation = {
  summary: 'it does not accept keys',
  help: ({ name }) =>
    `the account accepts no keys: set AzureWebJobsStorage__accountName=${name} in place of the connection string and give the ` +
    `app's identity the roles "${roles.blob}" and "${roles.queue}", or allow keys (az storage account update --name ${name} --allow-shared-key-access true)`,
};

const firewall: Explanation = {
  summary: 'its firewall does not let the app in',
  help: ({ name }) =>
    `the account's firewall does not let the app in: connect the app to a virtual network that the account allows, or add a ` +
    `private endpoint (az storage account show --name ${name} --query "{access:publicNetworkAccess, rules:networkRuleSet}" shows what it allows)`,
};

const wrongKey: Explanation = {
  summary: 'it does not accept the key or signature',
  help: ({ name }) =>
    `the key or signature in AzureWebJobsStorage is not, or no longer, the right one: set a new connection string ` +
    `(az storage account show-connection-string --name ${name}), or use an identity with AzureWebJobsStorage__accountName`,
};

const narrowSignature: Explanation = {
  summary: 'the shared access signature does not allow this',
  help: () =>
    'the shared access signature in AzureWebJobsStorage does not allow this: it must be for the services blob and queue, for ' +
    'services, containers and objects, and allow to read, write, delete, list, add, create, update and process',
};

const disabled: Explanation = {
  summary: 'it is disabled',
  help: ({ name }) =>
    `the account is disabled, as it is if its subscription is: enable the subscription again (az account list --all shows its state; az storage account show --name ${name} shows the account)`,
};

const unknown: Explanation = {
  summary: 'the service does not say why in a way that the app knows',
  help: ({ name, service }) =>
    `check the app's role ("${roles[service]}"), the account's firewall and its keys (az storage account show --name ${name})`,
};

/** By code in lower case. */
export const explanations: ReadonlyMap<string, Explanation> = new Map<string, Explanation>(
  Object.entries({
    AuthorizationPermissionMismatch: missingRole,
    InsufficientAccountPermissions: missingRole,
    KeyBasedAuthenticationNotPermitted: keysForbidden,
    AuthorizationFailure: firewall,
    AuthorizationSourceIPMismatch: firewall,
    AuthenticationFailed: wrongKey,
    InvalidAuthenticationInfo: wrongKey,
    NoAuthenticationInformation: wrongKey,
    AuthorizationProtocolMismatch: narrowSignature,
    AuthorizationServiceMismatch: narrowSignature,
    AuthorizationResourceTypeMismatch: narrowSignature,
    AccountIsDisabled: disabled,
  }).map(([code, explanation]) => [code.toLowerCase(), explanation]),
);

/** Returns undefined unless the status is 401 or 403. */
export function toStorageRefusal(
  answer: StorageAnswer,
  { method, url }: StorageRequest,
): StorageRefusedError | undefined {
  if (answer.statusCode !== 401 && answer.statusCode !== 403) return undefined;
  const code = codeOf(answer);
  const { host, pathname } = new URL(url);
  const account = toAccount(host, pathname);
  const { summary, help } = explanations.get(code.toLowerCase()) ?? unknown;
  return new StorageRefusedError(
    `storage account ${account.name} refused ${method} ${pathname} (${code}): ${help(account)}`,
    { code, summary: `the storage account refuses the app: ${summary} (${code})` },
    { cause: answer },
  );
}

/** The error code is in a header, or only in the body. */
function codeOf({ code, details, response, statusCode }: StorageAnswer): string {
  const inBody = /<Code>\s*([^<\s]+)\s*<\/Code>/i.exec(response?.bodyAsText ?? '')?.[1];
  const found = [details?.errorCode, inBody, code].find((value) => typeof value === 'string' && value !== '');
  return (found as string | undefined) ?? String(statusCode);
}

/** The account is the first label of the host (`stkeeper.blob.core.windows.net`); the emulator has it in the path. */
function toAccount(host: string, pathname: string): Account {
  const service = /\.queue\.|:10001$/.test(host) ? 'queue' : 'blob';
  const isName = /^[a-z\d-]+\.(blob|queue)\./i.test(host);
  return { name: isName ? (host.split('.')[0] ?? host) : (pathname.split('/')[1] ?? host), service };
}
