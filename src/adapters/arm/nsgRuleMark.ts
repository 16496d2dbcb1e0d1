/**
 * The mark of a rule of ours, in its description: `acr-address-keeper owner=<owner id> target=<name>`.
 * Two deployments that aim at one rule know each other by it.
 */
export interface RuleOwner {
  readonly ownerId: string;
  readonly target: string;
}

/** Azure takes 140 characters; a target's name has 40 at most. */
const maxOwnerIdLength = 66;

export function describeOwner(ownerId: string, target: string): string {
  return `acr-address-keeper owner=${toMarkedOwnerId(ownerId)} target=${target}`;
}

export function parseOwner(description: string | undefined): RuleOwner | undefined {
  const match = /\bacr-address-keeper owner=(\S+) target=(\S+)/.exec(description ?? '');
  return match?.[1] !== undefined && match[2] !== undefined ? { ownerId: match[1], target: match[2] } : undefined;
}

export function toMark(description: string | undefined, ownerId: string): 'ours' | 'otherOwner' | 'unmarked' {
  const owner = parseOwner(description);
  if (!owner) return 'unmarked';
  return owner.ownerId === toMarkedOwnerId(ownerId) ? 'ours' : 'otherOwner';
}

/** True for a rule that this deployment wrote for the target of that name. */
export function isMarkOf(description: string | undefined, ownerId: string, target: string): boolean {
  const owner = parseOwner(description);
  return owner?.ownerId === toMarkedOwnerId(ownerId) && owner.target === target;
}

function toMarkedOwnerId(ownerId: string): string {
  return ownerId.replace(/\s/g, '_').slice(0, maxOwnerIdLength);
}
