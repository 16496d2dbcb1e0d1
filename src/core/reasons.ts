/** Why a part of a plan is not applied, why nothing can be applied, or a note about a run. */
export interface Reason {
  readonly code: ReasonCode;
  /** One sentence that says what is wrong and what a person can do. */
  readonly message: string;
  /** The prefixes that it is about. */
  readonly prefixes?: readonly string[];
}

/** What waits for a person, or is never let in. */
const holdCodes = [
  'removalLimit', // more removals at once than maxRemovedPercent or maxRemovedCount
  'quarantined', // the tag vanished or shrank suspiciously: nothing is removed because of it
  'unreadablePrefix', // a prefix of the tag could not be read, so nothing is removed
  'flapping', // the prefix was removed from the list and came back before
  'foreignInOwnedRule', // someone added a prefix to a rule of ours
  'widestPrefix', // wider than widestPrefix
  'maxAddedAddresses', // more new IPv4 addresses in the window than maxAddedAddresses
  'maxAddedPrefixes', // more new prefixes in the window than maxAddedPrefixes
  'specialPurpose', // RFC 6890: never allowed, an approval does not help
  'fit', // more prefixes than the resource can have
] as const;

const noteCodes = [
  'removalGrace', // no longer listed, and in its grace period (removalGraceDays, removalConfirmations)
  'settling', // removals wait until the additions have taken effect
  'addOnly', // policy addOnly keeps what is no longer listed
  'ipv6Dropped', // a registry takes IPv4 only
  'foreignRules', // rules that this app did not add
  'supernet', // "fit": "supernet" lets in extra addresses
  'maxRules', // capacity.maxRules is more than the registry can have
  'formerRule', // a rule that the app wrote under the former name of the target's rule
  'lastChangeFailed', // the NSG's last change, ours or another's, failed
  'apiVersion', // the cloud has only an older api-version than the SDK's
  'assumedQuota', // Azure did not say how many rules the registry can have
  'planOnly', // policy plan writes nothing
  'paused', // paused, or UPDATES_PAUSED
  'pinned', // pinned to an earlier snapshot
  'otherResource', // the target's resourceId has changed: nothing in the new resource is the app's yet
  'recovered', // state was lost or unreadable and was rebuilt from the ledger
  'restored', // an older copy of the state was put back: what is newer was taken from the ledger
  'unprovenApproval', // the state has an approval that the ledger does not know
  'lateList', // the list is older than the current one: it only adds
  'postponed', // Azure could not make the change now: the app tries again
  'interrupted', // the run before this one was cut off
] as const;

const failureCodes = [
  'outage', // Azure, the network or the identity endpoint did not answer: the app tries again
  'failed', // anything else that ended the run; its message has the code
] as const;

export const blockCodes = [
  'noSnapshot',
  'missingTag', // only a note if the tags of other regions are listed
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
  'proxy', // a proxy or firewall answers instead of Azure
  'rejected', // Azure refused the write for good
  'configuration',
  'newerVersion', // a stored document is of a newer version of this program
] as const;

export type BlockCode = (typeof blockCodes)[number];
export const reasonCodes = [...holdCodes, ...noteCodes, ...failureCodes, ...blockCodes] as const;
export type ReasonCode = (typeof reasonCodes)[number];

/** What something is about: the reasons that wait for a person or forbid a run; all, if there are none of these. */
export function weighty(reasons: readonly Reason[]): readonly Reason[] {
  const notes = new Set<string>(noteCodes);
  const found = reasons.filter(({ code }) => !notes.has(code));
  return found.length > 0 ? found : reasons;
}

/** The reasons of what waits for a person or is never let in. A missing tag is one if it names prefixes that wait. */
export function holdsIn(reasons: readonly Reason[]): readonly Reason[] {
  const holds = new Set<string>(holdCodes);
  return reasons.filter(({ code, prefixes }) => holds.has(code) || (code === 'missingTag' && prefixes !== undefined));
}

/** One reason, or none if there are no prefixes. */
export function reasonFor(code: ReasonCode, prefixes: readonly string[], message: string): Reason[] {
  return prefixes.length === 0 ? [] : [{ code, message, prefixes }];
}
