/**
 * The identity of the app, as `infra/` deploys it: what runs against the simulator with it may do what the roles of the
 * template allow, and is refused everything else. Where each role applies is a matter of test/infra/roles.test.ts.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { AuthSettings, Permission, Principal } from './access.ts';

const template = path.resolve(import.meta.dirname, '../../infra/modules/access.bicep');

/** Actions by the name of their role in the template. */
export function readRoles(): ReadonlyMap<string, readonly string[]> {
  const definitions = readFileSync(template, 'utf8').matchAll(/^ {2}(\w+): \{$.*?^ {4}actions: \[(.*?)\]/gms);
  const roles = new Map(
    Array.from(definitions, ([, role = '', list = '']) => [
      role,
      Array.from(list.matchAll(/'([^']+)'/g), ([, action = '']) => action),
    ]),
  );
  if (roles.size === 0 || [...roles.values()].some((actions) => actions.length === 0)) {
    throw new Error(`${template}: found no roles with actions`);
  }
  return roles;
}

export function appPrincipal(permissions: readonly Permission[]): Principal {
  return { client: 'acr-address-keeper', objectId: '22222222-2222-4222-8222-222222222222', permissions };
}

/** The app on a loopback endpoint, where it sends no token: every action of its roles, anywhere. */
export function appIdentity(): AuthSettings {
  const actions = [...readRoles().values()].flat();
  return { principals: {}, withoutToken: appPrincipal([{ scope: '/', actions }]) };
}
