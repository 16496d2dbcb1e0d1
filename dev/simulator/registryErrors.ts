/** Errors of Microsoft.ContainerRegistry for updates. */
import { ArmError } from './armError.ts';

const badRequest = (message: string) => new ArmError(400, 'BadRequest', message);

export const registryErrors = {
  unknownProperty: (path: string) => badRequest(`The request body has a property that cannot be set: '${path}'.`),

  wrongValue: (path: string, value: unknown, accepted: string) =>
    badRequest(
      `The value ${value === undefined ? 'undefined' : JSON.stringify(value)} of '${path}' is invalid. Accepted: ${accepted}.`,
    ),

  /** In the wording of public reports. */
  overQuota: (feature: string, quota: number, sku: string) =>
    badRequest(`The requested feature ${feature} exceeds allowed quota ${quota} for the SKU ${sku}.`),

  notInSku: (sku: string) =>
    badRequest(`Network rules are only supported for managed registries in Premium SKU, not ${sku}.`),

  updating: (name: string) =>
    new ArmError(409, 'Conflict', `The registry '${name}' is being updated by another operation. Please retry later.`),
};
