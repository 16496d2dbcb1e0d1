/**
 * The history of the recorded tags as one document: every release in order, with what it changed in each tag.
 *
 *     { "version": 1, "cloud": "Public", "services": ["AzureContainerRegistry"],
 *       "releases": [{ "date": "2025-10-28", "seenAt": "2025-10-29T06:00:00.000Z", "changeNumber": 410,
 *         "snapshot": "Public-20251028-410-0123456789ab",
 *         "tags": { "AzureContainerRegistry.WestEurope": { "add": ["20.61.98.0/25"], "remove": [] } } }] }
 */
import type { Cloud } from '../serviceTags/serviceTags.ts';

export const historyVersion = 1;

/** What a release changed in one tag; prefixes as the list writes them. */
export interface TagDelta {
  readonly add: readonly string[];
  readonly remove: readonly string[];
  /** The added prefixes that only one of several working sources lists. */
  readonly onlyOneSource?: readonly string[];
}

/** One edition of Microsoft's weekly file, with the changes in the recorded tags. */
export interface Release {
  /** `YYYY-MM-DD`: the date of the file, or the day on which it was first seen if its date was in the future then. */
  readonly date: string;
  /** ISO time of the pull that found it; for a built-in release its date. */
  readonly seenAt: string;
  /** ISO time of the last pull before, whatever its result. If absent, the time of the release before stands in. */
  readonly lookedAt?: string;
  readonly changeNumber: number;
  /** Id of the stored snapshot; for a built-in release an id that the API accepts instead. */
  readonly snapshot: string;
  /** Built into the app, not pulled. */
  readonly builtIn?: true;
  /** Its list is the one before plus prefixes of an outdated list, so it confirms no removal. */
  readonly addsOnly?: true;
  /** The tags that differ from the release before, by name; null: the tag is no longer listed. */
  readonly tags: Readonly<Record<string, TagDelta | null>>;
  /** A person has rejected it: it counts as never published. */
  readonly rejected?: true;
}

/** A person has confirmed that a tag is gone for good. */
export interface Retirement {
  readonly tag: string;
  /** ISO */
  readonly at: string;
}

export interface HistoryDocument {
  readonly version: typeof historyVersion;
  readonly cloud: Cloud;
  /** The recorded services, each with all its tags: `AzureContainerRegistry` includes its regions. */
  readonly services: readonly string[];
  /** Oldest first. */
  readonly releases: readonly Release[];
  readonly retired?: readonly Retirement[];
}

/** A reference to a release in other documents and messages. */
export type ReleaseRef = Pick<Release, 'date' | 'seenAt' | 'snapshot' | 'builtIn'>;

export function toReleaseRef({ date, seenAt, snapshot, builtIn }: Release): ReleaseRef {
  return { date, seenAt, snapshot, ...(builtIn && { builtIn }) };
}

export function releaseAt(releases: readonly Release[], index: number): Release {
  const release = releases[index];
  if (!release) throw new RangeError(`there is no release ${index}`);
  return release;
}

/** `AzureContainerRegistry` from `AzureContainerRegistry.WestEurope`. */
export function serviceOf(tag: string): string {
  return tag.split('.', 1)[0] ?? tag;
}
