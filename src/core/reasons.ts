/** Why a plan holds something, or why nothing of it can be applied. */
export interface Reason {
  readonly code: ReasonCode;
  /** One sentence that says what is the matter and what a person can do. */
  readonly message: string;
  /** The prefixes that it is about. */
  readonly prefixes?: readonly string[];
}

type HoldCode =
  | 'removalLimit' // more removals at once than maxRemovedPercent or maxRemovedCount
  | 'quarantined' // the snapshot's removals for this tag are not believed
  | 'unreadablePrefix' // a prefix of the tag could not be read, so nothing is removed
  | 'flapping' // the prefix left and came back before
  | 'foreignInOwnedRule' // someone added a prefix to a rule of ours
  | 'widestPrefix' // wider than widestPrefix
  | 'maxAddedAddresses' // more new IPv4 addresses in the window than maxAddedAddresses
  | 'maxAddedPrefixes' // more new prefixes in the window than maxAddedPrefixes
  | 'specialPurpose' // RFC 6890: refused, an approval does not help
  | 'fit'; // more rules than the quota has room for

type NoteCode =
  | 'removalGrace' // retained until removalGraceDays and removalConfirmations are over
  | 'settling' // removals wait until the additions have taken effect
  | 'addOnly' // policy addOnly keeps what is no longer selected
  | 'ipv6Dropped' // a registry takes IPv4 only
  | 'foreignRules' // rules that this app did not add
  | 'supernet' // fit: supernet opened extra addresses
  | 'maxRules' // capacity.maxRules is more than the registry takes
  | 'formerRule' // a rule that this target wrote under a name that it had before
  | 'lastChangeFailed' // the NSG's last change, ours or another's, failed
  | 'apiVersion' // the cloud has only an older api-version than the SDK's
  | 'assumedQuota' // Azure did not say how many rules the registry takes
  | 'planOnly' // policy plan writes nothing
  | 'paused' // paused, or UPDATES_PAUSED
  | 'pinned' // pinned to an earlier snapshot
  | 'otherResource' // the target's resourceId has changed: what was known of the other one is let go
  | 'recovered' // state was lost or unreadable and was rebuilt from the ledger
  | 'restored' // an older copy of the state was put back: what is newer was taken from the ledger
  | 'unprovenApproval' // the state has an approval that the ledger does not know
  | 'lateList' // older than the list that holds: it only adds
  | 'postponed' // Azure could not take the change now: asked for again by itself
  | 'interrupted'; // the run before this one ended in the middle

type FailureCode =
  | 'outage' // Azure, the network or the identity endpoint did not answer: passes by itself
  | 'failed'; // anything else that ended the run; its message has the code

export const blockCodes = [
  'noSnapshot',
  'missingTag', // of one region among several: only a note
  'emptySelection',
  'unknownRegion',
  'foreignRule', // a rule of our name that we did not write
  'otherOwner', // another deployment of this app owns the rule
  'priorityTaken',
  'quota',
  'wrongSku',
  'inert', // the registry is open or closed to all, whatever its rules say; only a note if they can be written nevertheless
  'virtualNetworkRules',
  'noPermission',
  'notFound',
  'locked',
  'badCredentials',
  'proxy', // a proxy or firewall answers in Azure's place
  'rejected', // Azure refused the write for good
  'configuration',
  'newerVersion', // a stored document is of a newer version of this program
] as const;

export type BlockCode = (typeof blockCodes)[number];
export type ReasonCode = HoldCode | NoteCode | FailureCode | BlockCode;

/** None where it would be about nothing. */
export function reasonFor(code: ReasonCode, prefixes: readonly string[], message: string): Reason[] {
  return prefixes.length === 0 ? [] : [{ code, message, prefixes }];
}
