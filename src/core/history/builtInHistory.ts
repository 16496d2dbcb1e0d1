/** The history that ships with the product: every change of AzureContainerRegistry since 2019 is known from the first pull on. */
import { gunzipSync } from 'node:zlib';
import { defaultServiceTag, type Cloud } from '../serviceTags/serviceTags.ts';
import { historyVersion, type HistoryDocument, type Release, type TagDelta } from './historyDocument.ts';

/** One weekly file in packed form. A tag with neither `add` nor `remove` is listed and empty. */
export interface PackedRelease {
  readonly date: string;
  readonly changeNumber: number;
  readonly tags?: Readonly<Record<string, Partial<TagDelta> | null>>;
}

export async function builtInHistory(cloud: Cloud): Promise<HistoryDocument> {
  const { packed } = await loaders[cloud]();
  const releases = JSON.parse(gunzipSync(Buffer.from(packed, 'base64')).toString('utf8')) as readonly PackedRelease[];
  return {
    version: historyVersion,
    cloud,
    services: [defaultServiceTag],
    releases: releases.map((release) => toRelease(cloud, release)),
  };
}

const loaders = {
  Public: () => import('./builtIn/Public.ts'),
  AzureGovernment: () => import('./builtIn/AzureGovernment.ts'),
  China: () => import('./builtIn/China.ts'),
} as const;

function toRelease(cloud: Cloud, { date, changeNumber, tags = {} }: PackedRelease): Release {
  return {
    date,
    seenAt: `${date}T00:00:00.000Z`,
    changeNumber,
    snapshot: `${cloud}-${date.replaceAll('-', '')}-${changeNumber}-builtin`,
    builtIn: true,
    tags: Object.fromEntries(
      Object.entries(tags).map(([tag, delta]) => [tag, delta && { add: [], remove: [], ...delta }]),
    ),
  };
}
