/** Whether a tag is in quarantine: it vanished or shrank suspiciously, so nothing is removed because of that. */
import { dayInMs } from '../time.ts';
import { dayInWords } from '../words.ts';
import type { TagQuarantine } from '../serviceTags/snapshot.ts';
import type { History } from './history.ts';
import { releaseAt, toReleaseRef, type ReleaseRef } from './historyDocument.ts';
import { quarantineLimits } from './limits.ts';
import { listAt } from './tagRecord.ts';
import type { QuarantineKind } from './tagTrust.ts';

export interface Quarantine {
  readonly tag: string;
  readonly kind: QuarantineKind;
  /**
   * `retired`: the tag has been gone for so long that it counts as gone. A target that names it asks before it removes what
   * the tag had.
   */
  readonly status: 'quarantined' | 'retired';
  readonly reason: string;
  /** The first release that showed the tag like this. */
  readonly since: ReleaseRef;
  /** The last release whose list was trusted. */
  readonly comparedWith: ReleaseRef;
  /** How many further releases showed the tag like this, and how many are needed. */
  readonly confirmations: number;
  readonly confirmationsNeeded: number;
  /** ISO time before which the quarantine does not end, unless the tag comes back. */
  readonly notBefore?: string;
  /** ISO time at which a person confirmed that the tag is gone for good. */
  readonly confirmedAt?: string;
}

/** A tag that has been missing, or empty, for so long that Azure has probably given it up. */
export interface GoneTag {
  readonly tag: string;
  /** The first release without a prefix of it. */
  readonly since: ReleaseRef;
  readonly isEmpty: boolean;
}

export interface FollowedGoneTag extends GoneTag {
  readonly targets: readonly string[];
  /** True if one of the targets takes its regions from a registry: its entry does not name the region. */
  readonly isOfRegistry: boolean;
}

/** What follows from a quarantine, said after its reason. */
export const nothingIsRemoved =
  'Nothing is removed because of it until it is back or further releases confirm it; new prefixes are still added.';

/** Undefined if the tag is not in quarantine. `limits`: of a target; default: those of feeds. */
export function quarantine(history: History, tag: string, limits = quarantineLimits): Quarantine | undefined {
  const [record, found] = [history.tag(tag), history.trust(tag, limits)?.quarantine];
  if (!record || !found) return undefined;
  const { name } = record;
  const since = releaseAt(history.releases, found.since);
  const confirmedAt = retiredAt(history, name, since.seenAt);
  const notBefore = new Date(Date.parse(since.seenAt) + limits.removalGraceDays * dayInMs).toISOString();
  return {
    tag: name,
    kind: found.kind,
    status: found.retired === undefined ? 'quarantined' : 'retired',
    reason: found.reason,
    since: toReleaseRef(since),
    comparedWith: toReleaseRef(releaseAt(history.releases, found.comparedWith)),
    confirmations: found.confirmations,
    confirmationsNeeded: Math.max(1, limits.removalConfirmations),
    ...(found.kind === 'shrunken' && { notBefore }),
    ...(confirmedAt !== undefined && { confirmedAt }),
  };
}

/** The quarantine of a tag unless it is retired: nothing is removed because of this tag. */
export function openQuarantine(history: History, tag: string, limits = quarantineLimits): Quarantine | undefined {
  const found = quarantine(history, tag, limits);
  return found?.status === 'quarantined' ? found : undefined;
}

/** Undefined while the tag lists something, is in quarantine, or was never listed, and until further releases confirm it. */
export function goneTag(history: History, tag: string, limits = quarantineLimits): GoneTag | undefined {
  const record = history.tag(tag);
  const left = record?.steps.findLast(({ remove }) => remove.length > 0);
  if (!record || !left || openQuarantine(history, tag, limits)) return undefined;
  const list = listAt(record, Infinity);
  if (list?.length) return undefined;
  const confirmations = (history.ordinals.at(-1) ?? 0) - (history.ordinals[left.index] ?? 0);
  if (confirmations < Math.max(1, limits.removalConfirmations)) return undefined;
  const since = toReleaseRef(releaseAt(history.releases, left.index));
  return { tag: record.name, since, isEmpty: list !== undefined };
}

/** `AzureContainerRegistry.ItalyNorth has been missing from the list since 19 Jan 2026` */
export function describeGone({ tag, since, isEmpty }: GoneTag): string {
  return `${tag} has been ${isEmpty ? 'in the list without a prefix' : 'missing from the list'} since ${dayInWords(since.date)}`;
}

/** What else to do, after the advice to take the tag out of a target: ` If a target …`; nothing if that is enough. */
export function adviseOnRegistry({ isOfRegistry }: FollowedGoneTag): string {
  if (!isOfRegistry) return '';
  return ' If a target takes its regions from a registry (ofRegistry), list the other regions by name instead.';
}

const goneTagsOf = new WeakMap<History, readonly GoneTag[]>();

/** By the limits of feeds. */
export function goneTags(history: History): readonly GoneTag[] {
  const known = goneTagsOf.get(history) ?? history.tags.flatMap(({ name }) => goneTag(history, name) ?? []);
  goneTagsOf.set(history, known);
  return known;
}

/** As snapshots store it. */
export function toTagQuarantine({ tag, kind, reason, comparedWith, since, confirmations }: Quarantine): TagQuarantine {
  return { tag, kind, reason, baseline: comparedWith.snapshot, since: since.date, confirmations };
}

/** The quarantines of all tags, by name. */
export function quarantines(history: History): readonly Quarantine[] {
  return history.tags.flatMap(({ name }) => quarantine(history, name) ?? []).sort((a, b) => (a.tag < b.tag ? -1 : 1));
}

/** A confirmation counts for this absence of the tag, not for a later one. */
function retiredAt({ document }: History, tag: string, since: string): string | undefined {
  const name = tag.toLowerCase();
  return document.retired?.find((entry) => entry.tag.toLowerCase() === name && entry.at >= since)?.at;
}
