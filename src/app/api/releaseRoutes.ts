import * as z from 'zod';
import { RequestError, shorten } from '../../core/errors.ts';
import { quarantine } from '../../core/history/quarantine.ts';
import { picturesOf } from '../../core/releases/pictures.ts';
import { releaseDetails } from '../../core/releases/releaseDetails.ts';
import { isSnapshotId } from '../../core/serviceTags/contentHash.ts';
import { defaultServiceTag } from '../../core/serviceTags/serviceTags.ts';
import type { Queries } from '../queries.ts';
import type { TargetFacts } from '../../core/overview/targetRow.ts';
import { readTargetFacts } from '../queries/overview/targetFacts.ts';
import { readReleases } from '../queries/releases.ts';
import { defineRoute, jsonAnswer } from './route.ts';
import * as schemas from './schemas.ts';

const release = z.looseObject({
  date: z.string(),
  snapshot: z.string().nullable(),
  isRejected: z.boolean(),
  added: z.int(),
  removed: z.int(),
  regions: z.array(z.string()),
  needed: z.int().nullable().describe('Targets for which it has something new; null if they cannot be read.'),
  lacking: z.int().nullable().describe('How many of them lack some of it.'),
});

export const releasesRoute = defineRoute({
  summary: 'Every release since 2019, and the size of the tag and of each region after it',
  description: 'The page draws its charts from this. GET history has the prefixes.',
  query: z.strictObject({
    tag: schemas
      .matching(schemas.tagPattern, 'one service tag such as AzureContainerRegistry')
      .default(defaultServiceTag),
  }),
  responses: {
    200: {
      description: 'Oldest first.',
      content: {
        'application/json': z.looseObject({
          tag: z.string(),
          releases: z.array(release),
          sizes: z.array(z.looseObject({ date: z.string(), ipv4: z.int(), ipv6: z.int() })),
          regions: z.array(z.looseObject({ tag: z.string(), region: z.string(), ipv4: z.int(), ipv6: z.int() })),
          quarantine: z.looseObject({ status: z.enum(['quarantined', 'retired']), reason: z.string() }).nullable(),
        }),
      },
    },
  },
  async handle({ query: { tag } }, { queries }) {
    const [releases, facts] = await Promise.all([readReleases(queries), readFacts(queries)]);
    const history = await queries.history.readFor(tag).catch(() => undefined);
    const ofTag = history && quarantine(history, tag);
    return jsonAnswer({ ...picturesOf(releases, tag, facts), quarantine: ofTag ?? null });
  },
});

export const releaseRoute = defineRoute({
  summary: 'One release: what it changed, which targets need it, which have it',
  params: z.strictObject({ date: z.string().max(120, 'a day such as 2025-10-13, or the id of a snapshot') }),
  responses: {
    200: {
      description: 'deadline is the time from which Azure may use what the release added.',
      content: {
        'application/json': z.looseObject({
          date: z.string(),
          snapshot: z.string().nullable(),
          deadline: z.string(),
          changes: z.array(z.looseObject({ tag: z.string() })),
          targets: z.array(z.looseObject({ name: z.string(), needs: z.int(), lacks: schemas.prefixes })),
        }),
      },
    },
  },
  async handle({ params: { date } }, { queries }) {
    const [releases, facts] = await Promise.all([readReleases(queries), readFacts(queries)]);
    const found = releases.findLast((candidate) =>
      isSnapshotId(date) ? candidate.snapshot === date : candidate.date === date,
    );
    if (found) return jsonAnswer(releaseDetails(found, facts));
    throw new RequestError(404, 'unknown-release', `there is no release "${shorten(date)}"; GET releases lists them`);
  },
});

/** Undefined if the targets cannot be read: the releases are shown without them. */
async function readFacts(queries: Queries): Promise<readonly TargetFacts[] | undefined> {
  return readTargetFacts(queries).catch(() => undefined);
}
