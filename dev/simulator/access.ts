/** Access control: subscriptions, resource groups, principals, locks. */
import { armErrors } from './armError.ts';
import { isInScope } from './resourceIds.ts';

export interface Permission {
  /** `/subscriptions/…`; includes everything below it. */
  readonly scope: string;
  /** As in a role definition; `*` matches any text. */
  readonly actions: readonly string[];
}

export interface Principal {
  /** Application id or sign-in name, for error messages. */
  readonly client: string;
  readonly objectId: string;
  readonly permissions: readonly Permission[];
}

export interface AuthSettings {
  /** Bearer token → principal. */
  readonly principals: Readonly<Record<string, Principal>>;
  /** The caller of requests without a token: clients send none to a loopback address. Undefined: such calls get 401. */
  readonly withoutToken?: Principal;
}

export type LockLevel = 'ReadOnly' | 'CanNotDelete';

export class AccessControl {
  readonly #subscriptions = new Map<string, 'Enabled' | 'Disabled'>();
  readonly #resourceGroups = new Set<string>();
  readonly #locks = new Map<string, LockLevel>();

  putSubscription(id: string, state: 'Enabled' | 'Disabled'): void {
    this.#subscriptions.set(id.toLowerCase(), state);
  }

  putResourceGroup(subscriptionId: string, name: string): void {
    const known = this.#subscriptions.get(subscriptionId.toLowerCase());
    this.putSubscription(subscriptionId, known ?? 'Enabled');
    this.#resourceGroups.add(`${subscriptionId}/${name}`.toLowerCase());
  }

  putLock(scope: string, level: LockLevel): void {
    this.#locks.set(scope, level);
  }

  removeLock(scope: string): void {
    this.#locks.delete(scope);
  }

  checkSubscription(id: string, isWrite: boolean): void {
    if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id)) throw armErrors.invalidSubscriptionId(id);
    const state = this.#subscriptions.get(id.toLowerCase());
    if (!state) throw armErrors.subscriptionNotFound(id);
    if (isWrite && state === 'Disabled') throw armErrors.subscriptionDisabled(id);
  }

  checkResourceGroup(subscriptionId: string, name: string): void {
    const isKnown = this.#resourceGroups.has(`${subscriptionId}/${name}`.toLowerCase());
    if (!isKnown) throw armErrors.resourceGroupNotFound(name);
  }

  checkLocks(scope: string, verb: 'write' | 'delete'): void {
    const violated = [...this.#locks].filter(
      ([lock, level]) => isInScope(scope, lock) && (verb === 'delete' || level === 'ReadOnly'),
    );
    if (violated.length > 0) {
      throw armErrors.scopeLocked(
        scope,
        verb,
        violated.map(([lock]) => lock),
      );
    }
  }
}

/** Returns undefined if the simulator does not check tokens. Throws 401 errors. */
export function authenticate(authorization: string | undefined, auth: AuthSettings | undefined): Principal | undefined {
  if (!auth) return undefined;
  if (authorization === undefined) {
    if (!auth.withoutToken) throw armErrors.missingToken();
    return auth.withoutToken;
  }
  const principal = auth.principals[authorization.replace(/^Bearer /i, '')];
  if (!principal) throw armErrors.invalidToken();
  return principal;
}

export function isAllowed(principal: Principal | undefined, action: string, scope: string): boolean {
  if (!principal) return true;
  return principal.permissions.some(
    (permission) =>
      isInScope(scope, permission.scope) && permission.actions.some((pattern) => matchesAction(action, pattern)),
  );
}

export function authorize(principal: Principal | undefined, action: string, scope: string): void {
  if (principal && !isAllowed(principal, action, scope)) {
    throw armErrors.authorizationFailed(principal.client, principal.objectId, action, scope);
  }
}

function matchesAction(action: string, pattern: string): boolean {
  const literal = pattern
    .toLowerCase()
    .split('*')
    .map((part) => part.replace(/[.\\+?^${}()|[\]]/g, '\\$&'));
  return new RegExp(`^${literal.join('.*')}$`).test(action.toLowerCase());
}
