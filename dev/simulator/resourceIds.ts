/** Resource ids: compared without regard to letter case, stored as given. */

export interface ResourceId {
  readonly id: string;
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  /** `Microsoft.Network/networkSecurityGroups`, as given. */
  readonly type: string;
  readonly name: string;
}

const pattern = /^\/subscriptions\/([^/]+)\/resourceGroups\/([^/]+)\/providers\/([^/]+\/[^/]+)\/([^/]+)$/i;

export function parseResourceId(id: string): ResourceId {
  const match = pattern.exec(id);
  if (!match) {
    throw new Error(
      `"${id}" is not a resource id; expected /subscriptions/…/resourceGroups/…/providers/<namespace>/<type>/<name>`,
    );
  }
  const [, subscriptionId = '', resourceGroup = '', type = '', name = ''] = match;
  return { id, subscriptionId, resourceGroup, type, name };
}

/** True if `scope` is `id` itself or an ancestor of it; `/` is the ancestor of all. */
export function isInScope(id: string, scope: string): boolean {
  const [inner, outer] = [id.toLowerCase(), scope.toLowerCase().replace(/\/$/, '')];
  return inner === outer || inner.startsWith(`${outer}/`);
}
