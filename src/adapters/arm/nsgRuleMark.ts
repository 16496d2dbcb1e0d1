/**
 * Our rules carry a mark in their description: `acr-address-keeper owner=<owner id> target=<name>`.
 * By it a deployment recognises a rule that another deployment manages.
 */
export interface RuleOwner {
  readonly ownerId: string;
  readonly target: string;
}

/** Azure allows 140 characters in a description; a target's name has at most 40. */
const maxOwnerIdLength = 66;

export function describeOwner(ownerId: string, target: string): string {
  return `acr-address-keeper owner=${toMarkedOwnerId(ownerId)} target=${target}`;
}

export function parseOwner(description: string | undefined): RuleOwner | undefined {
  const match = /\bacr-address-keeper owner=(\S+) target=(\S+)/.exec(description ?? '');
  return match?.[1] !== undefined && match[2] !== undefined ? { ownerId: match[1], target: match[2] } : undefined;
}

/** Says whether this deployment (`ownerId`), another one, or nobody has marked the rule with this description. */
export function toMark(description: string | undefined, ownerId: string): 'ours' | 'otherOwner' | 'unmarked' {
  const owner = parseOwner(description);
  if (!owner) return 'unmarked';
  return owner.ownerId === toMarkedOwnerId(ownerId) ? 'ours' : 'otherOwner';
}

/** True if this deployment wrote the rule for the target with this name. */
export function isMarkOf(description: string | undefined, ownerId: string, target: string): boolean {
  const owner = parseOwner(description);
  return owner?.ownerId === toMarkedOwnerId(ownerId) && owner.target === target;
}

function toMarkedOwnerId(ownerId: string): string {
  return ownerId.replace(/\s/g, '_').slice(0, maxOwnerIdLength);
}
