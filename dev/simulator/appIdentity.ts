/**
 * The app's identity as `infra/` deploys it: it may do what the roles of the template allow, and nothing else.
 * test/infra/roles.test.ts checks the scopes at which the template assigns them.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { AuthSettings, Permission, Principal } from './access.ts';

/** The template reads its roles from the same file. */
const file = path.resolve(import.meta.dirname, '../../infra/modules/roles.json');

type Roles = Readonly<Record<string, { readonly actions: readonly string[] }>>;

/** Name of the role in the template → its actions. */
export function readRoles(): ReadonlyMap<string, readonly string[]> {
  const roles = JSON.parse(readFileSync(file, 'utf8')) as Roles;
  return new Map(Object.entries(roles).map(([role, { actions }]) => [role, actions]));
}

export function appPrincipal(permissions: readonly Permission[]): Principal {
  return { client: 'acr-address-keeper', objectId: '22222222-2222-4222-8222-222222222222', permissions };
}

/**
 * For calls without a token, which the app sends to a loopback address: allows every action of its roles, at any scope.
 */
export function appIdentity(): AuthSettings {
  const actions = [...readRoles().values()].flat();
  return { principals: {}, withoutToken: appPrincipal([{ scope: '/', actions }]) };
}
