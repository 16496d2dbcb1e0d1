/** The data for the charts of a tag and its regions. */
import { regionInWords } from '../serviceTags/regions.ts';
import { releaseRow, type TargetNeed } from './releaseRow.ts';
import type { Release } from '../history/historyDocument.ts';
import { sizesOf, type TagSize } from './tagSizes.ts';

export interface RegionPicture {
  readonly tag: string;
  /** Such as `West Europe`. */
  readonly region: string;
  /** Number of prefixes now. */
  readonly ipv4: number;
  readonly ipv6: number;
  /** `YYYY-MM-DD` of the last release that changed it. */
  readonly lastChanged: string;
  /** False if Microsoft no longer lists it. */
  readonly isListed: boolean;
  /** Number of prefixes after each release that changed it. */
  readonly sizes: readonly (readonly [day: string, count: number])[];
}

export interface Pictures {
  readonly tag: string;
  /** All releases, the oldest first. */
  readonly releases: readonly ReturnType<typeof releaseRow>[];
  /** The tag after each release that changed it. */
  readonly sizes: readonly TagSize[];
  /** By name. */
  readonly regions: readonly RegionPicture[];
}

export function picturesOf(
  releases: readonly Release[],
  tag: string,
  needs: readonly TargetNeed[] | undefined,
): Pictures {
  return {
    tag,
    releases: releases.map((release) => releaseRow(release, tag, needs)),
    sizes: sizesOf(releases, tag),
    regions: regionalNames(releases, tag).flatMap((name) => regionPicture(releases, tag, name) ?? []),
  };
}

function regionalNames(releases: readonly Release[], tag: string): readonly string[] {
  const names = new Set(releases.flatMap(({ tags }) => Object.keys(tags)));
  return [...names].filter((name) => name.startsWith(`${tag}.`)).sort();
}

function regionPicture(releases: readonly Release[], tag: string, name: string): RegionPicture | undefined {
  const sizes = sizesOf(releases, name);
  const last = sizes.at(-1);
  if (!last) return undefined;
  const newest = releases.findLast(({ tags, rejected }) => tags[name] !== undefined && !rejected);
  return {
    tag: name,
    region: regionInWords(name.slice(tag.length + 1)),
    ipv4: last.ipv4,
    ipv6: last.ipv6,
    lastChanged: last.date,
    isListed: newest?.tags[name] !== null,
    sizes: sizes.map(({ date, ipv4, ipv6 }) => [date, ipv4 + ipv6]),
  };
}
