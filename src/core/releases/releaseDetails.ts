/** One release: what it changed per region, which targets need it, which have it, and when Azure may start to use it. */
import { deadlineOf } from '../goLive.ts';
import { countAddresses, familyOf, overlapping, prefixesOf } from '../prefixes.ts';
import { regionNameOf } from '../serviceTags/regions.ts';
import { additionsFor, type TargetNeed } from './releaseRow.ts';
import type { Release } from '../history/historyDocument.ts';

export interface ReleasedPrefix {
  readonly prefix: string;
  readonly addresses: number;
}

export interface ReleaseDetails {
  readonly date: string;
  readonly seenAt: string;
  readonly snapshot: string;
  readonly isBuiltIn: boolean;
  readonly isRejected: boolean;
  /** ISO time from which on Azure may use the added prefixes. */
  readonly deadline: string;
  readonly changes: readonly {
    readonly tag: string;
    /** Such as `West Europe`; null: the tag of all regions. */
    readonly region: string | null;
    readonly isGone: boolean;
    readonly added: readonly ReleasedPrefix[];
    readonly removed: readonly ReleasedPrefix[];
  }[];
  /** The targets that need something that the release added. */
  readonly targets: readonly { readonly name: string; readonly needs: number; readonly lacks: readonly string[] }[];
}

export function releaseDetails(release: Release, needs: readonly TargetNeed[] = []): ReleaseDetails {
  const { date, seenAt, snapshot, builtIn, rejected, tags } = release;
  return {
    date,
    seenAt,
    snapshot,
    isBuiltIn: builtIn ?? false,
    isRejected: rejected ?? false,
    deadline: deadlineOf(date).toISOString(),
    changes: Object.entries(tags).map(([tag, difference]) => ({
      tag,
      region: regionNameOf(tag),
      isGone: difference === null,
      added: (difference?.add ?? []).map(withAddresses),
      removed: (difference?.remove ?? []).map(withAddresses),
    })),
    targets: needs.flatMap(({ target, missing }) => {
      const added = additionsFor(target, release);
      if (added.length === 0) return [];
      return [{ name: target.name, needs: added.length, lacks: overlapping(added, prefixesOf(missing)) }];
    }),
  };
}

function withAddresses(prefix: string): ReleasedPrefix {
  return { prefix, addresses: Number(countAddresses([prefix], familyOf(prefix))) };
}
