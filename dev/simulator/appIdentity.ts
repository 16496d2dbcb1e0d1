/**
 * The identity of the app, as `infra/` deploys it: what runs against the simulator with it may do what the roles of the
 * template allow, and is refused everything else. Where each role applies is a matter of test/infra/roles.test.ts.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { AuthSettings, Permission, Principal } from './access.ts';

/** The template takes its roles from it, too. */
const file = path.resolve(import.meta.dirname, '../../infra/modules/roles.json');

type Roles = Readonly<Record<string, { readonly actions: readonly string[] }>>;

/** Actions by the name of their role in the template. */
export function readRoles(): ReadonlyMap<string, readonly string[]> {
  const roles = JSON.parse(readFileSync(file, 'utf8')) as Roles;
  return new Map(Object.entries(roles).map(([role, { actions }]) => [role, actions]));
}

export function appPrincipal(permissions: readonly Permission[]): Principal {
  return { client: 'acr-address-keeper', objectId: '22222222-2222-4222-8222-222222222222', permissions };
}

/** The app on a loopback endpoint, where it sends no token: every action of its roles, anywhere. */
export function appIdentity(): AuthSettings {
  const actions = [...readRoles().values()].flat();
  return { principals: {}, withoutToken: appPrincipal([{ scope: '/', actions }]) };
}
