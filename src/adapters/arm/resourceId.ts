import { ConfigurationError } from '../../core/errors.ts';
import { resourceTypes, type TargetKind } from '../../core/targets/targetKinds.ts';

export interface ResourceId {
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  readonly name: string;
}

/** Parses the id of an NSG or registry, in any letter case as Azure does. Throws ConfigurationError. */
export function parseResourceId(id: string, kind: TargetKind): ResourceId {
  const type = resourceTypes[kind];
  const pattern = new RegExp(`^/subscriptions/([^/]+)/resourceGroups/([^/]+)/providers/${type}/([^/]+)/?$`, 'i');
  const [, subscriptionId, resourceGroup, name] = pattern.exec(id) ?? [];
  if (subscriptionId === undefined || resourceGroup === undefined || name === undefined) {
    throw new ConfigurationError(
      'resourceId',
      `"${id}" is not accepted: /subscriptions/<id>/resourceGroups/<group>/providers/${type}/<name> is`,
    );
  }
  return { subscriptionId, resourceGroup, name };
}

/** The last part of a resource's id: its name. */
export function nameOf({ resourceId }: { readonly resourceId: string }): string {
  return resourceId.split('/').at(-1) ?? resourceId;
}
