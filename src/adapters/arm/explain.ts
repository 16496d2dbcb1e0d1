/** Why a target is blocked and what a person can do, from what Azure says: pure. */
import type { ArmError } from './armError.ts';

export type Facts = Pick<ArmError, 'code' | 'detailCode' | 'message' | 'path'>;

export function explainCredential({ message }: Pick<Facts, 'message'>): string {
  return `the app's credential was not accepted; check its managed identity, AZURE_CLIENT_ID and AZURE_CLOUD: ${message}`;
}

export function explainPermission({ message, path }: Facts): string {
  const action = /perform action '([^']+)'/i.exec(message)?.[1];
  const asked = /over scope '([^']+)'/i.exec(message)?.[1] ?? path;
  const scope = toAssignableScope(asked);
  const principal = /object id '([^']+)'/i.exec(message)?.[1];
  const what = scope === asked ? scope : `${scope} (an operation is no scope of its own)`;
  if (action === undefined) return `no permission on ${what}: ${message}`;
  return (
    `the app's identity may not do ${action} on ${what}: assign it a role that contains this action, at that scope ` +
    `(az role assignment create --assignee-object-id ${principal ?? '<object id>'} --role <role> --scope ${scope})`
  );
}

/** Of an operation of a registry: the registry; of one of Microsoft.Network: the subscription. */
function toAssignableScope(scope: string): string {
  return scope.replace(/(\/providers\/Microsoft\.\w+\/locations\/[^/]+)?\/operation(s|Results|Statuses)\/[^/]+$/i, '');
}

export function explainLock({ message, path }: Facts): string {
  const scope = /are locked: '([^']+)'/i.exec(message)?.[1] ?? path;
  return `a resource lock on ${scope} forbids the change: remove the lock (az lock list --resource ${scope}), or pause the target`;
}

export function explainSubscription({ path }: Facts): string {
  return `subscription ${subscriptionOf(path)} does not exist, or belongs to another tenant or cloud: correct resourceId or remove the target`;
}

export function explainDisabled({ path }: Facts): string {
  return `subscription ${subscriptionOf(path)} is disabled and therefore read-only: enable it again, or remove the target`;
}

export function explainGroup({ path }: Facts): string {
  return `resource group ${groupOf(path)} does not exist: correct resourceId or remove the target`;
}

export function explainGroupDeletion({ path }: Facts): string {
  return `resource group ${groupOf(path)} is being deleted: remove the target`;
}

export function explainParent({ message, path }: Facts): string {
  return explainResource({ path: /parent resource '([^']+)'/i.exec(message)?.[1] ?? path });
}

export function explainResource({ path }: Pick<Facts, 'path'>): string {
  return `${path} does not exist: it was deleted or moved; correct resourceId or remove the target`;
}

export function explainRejection({ message, code, detailCode }: Facts): string {
  return `Azure refused the request for good (${detailCode ?? code}): ${message}`;
}

export function explainFull({ message }: Facts): string {
  return `the NSG is full: remove rules that are not needed, or use fewer regions (${message})`;
}

function subscriptionOf(path: string): string {
  return /\/subscriptions\/([^/]+)/i.exec(path)?.[1] ?? path;
}

function groupOf(path: string): string {
  return /\/resourceGroups\/([^/]+)/i.exec(path)?.[1] ?? path;
}
