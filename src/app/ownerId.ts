import { createHash } from 'node:crypto';
import { toBlobServiceUrl, type StorageSetting } from '../config/storage.ts';

/** Marks a deployment's rules. Made from the storage account: deployments that share it share the state, and so the rules. */
export function ownerIdOf(storage: StorageSetting): string {
  return createHash('sha256').update(toBlobServiceUrl(storage)).digest('hex').slice(0, 12);
}
