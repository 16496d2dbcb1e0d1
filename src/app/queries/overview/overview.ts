/** Reads in parallel what the page shows first. If one part cannot be read, the others are still shown. */
import { toErrorMessage } from '../../../core/errors.ts';
import { byDeadline, mergeCards, targetCards } from '../../../core/overview/cards.ts';
import { headlineOf } from '../../../core/overview/headline.ts';
import type { Card, DescribePrefix, ListInfo, Overview } from '../../../core/overview/overview.ts';
import { byUrgency, deadlineOfRow, targetRow, type TargetFacts } from '../../../core/overview/targetRow.ts';
import type { PullStatus } from '../../../core/ledger/pullStatus.ts';
import { describeNormal, normalOf } from '../../../core/releases/normal.ts';
import { releaseRow } from '../../../core/releases/releaseRow.ts';
import { quarantines } from '../../../core/history/quarantine.ts';
import type { Release } from '../../../core/history/historyDocument.ts';
import { defaultServiceTag, downloadPageIds, type Cloud } from '../../../core/serviceTags/serviceTags.ts';
import type { Snapshot } from '../../../core/serviceTags/snapshot.ts';
import { readAppVersion } from '../../appRoot.ts';
import type { Queries } from '../../queries.ts';
import type { SnapshotView } from '../currentSnapshot.ts';
import { followedGoneTags } from '../goneTags.ts';
import { ageOf, publicSourceName } from '../health.ts';
import { describePrefixes } from '../describePrefixes.ts';
import { readLastPlan } from '../ledgerQueries.ts';
import { readReleases } from '../releases.ts';
import { describeCause, readStorage } from '../storage.ts';
import { readTargetFacts } from './targetFacts.ts';

const shownReleases = 6;

export async function readOverview(queries: Queries): Promise<Overview> {
  const { services, current } = queries;
  const now = services.clock.now();
  const [view, pull, facts, releases, isTargetsFileMissing, history] = await Promise.all([
    attempt(queries, 'the list', () => current.get()),
    attempt(queries, 'the pull status', () =>
      readStorage('the pull status', () => services.snapshots.readPullStatus(services.cloud)),
    ),
    attempt(queries, 'the targets', () => readTargetFacts(queries)),
    readReleases(queries),
    attempt(queries, 'the targets file', async () => services.isTargetsFileMissing?.()),
    attempt(queries, 'the history', () => queries.history.read()),
  ]);
  const snapshot = view?.snapshot;
  const followers = facts?.map(({ target, state }) => ({ target, registryRegions: state?.run.seen?.registryRegions }));
  const gone =
    snapshot &&
    followers &&
    (await attempt(queries, 'the tags that are gone', () => followedGoneTags(snapshot, followers, queries.history)));
  const rows = facts?.map((fact) => targetRow(fact, snapshot?.document, now));
  const waiting = await readCards(queries, facts ?? [], releases, snapshot, now);
  const list = listInfo(services.cloud, view, pull, now);
  return {
    cloud: services.cloud,
    version: await readAppVersion(),
    now: headlineOf({
      targets: rows ?? null,
      list,
      overduePrefixes: countOverdue(facts ?? [], now),
      decisions: waiting.length,
      isStorageDown: facts === undefined && pull === undefined,
      updatesPaused: services.updatesPaused,
      isTargetsFileMissing: isTargetsFileMissing ?? false,
      quarantines: history ? quarantines(history) : [],
      goneTags: gone ?? [],
      now,
    }),
    waiting,
    targets: rows?.sort(byUrgency) ?? null,
    list,
    releases: latest(releases).map((release) => releaseRow(release, defaultServiceTag, facts)),
    normal: describe(releases),
  };
}

async function readCards(
  queries: Queries,
  facts: readonly TargetFacts[],
  releases: readonly Release[],
  snapshot: Snapshot | undefined,
  now: Date,
): Promise<readonly Card[]> {
  const describe = describePrefixes(snapshot?.document, releases);
  const cards = await Promise.all(facts.map((fact) => cardsOf(queries, fact, describe, snapshot, now)));
  return [...mergeCards(cards.flat())].sort(byDeadline);
}

const statusesWithCards: readonly string[] = ['held', 'blocked', 'failed', 'noEffect'];

/** Reads the ledger only of targets that need a person. */
async function cardsOf(
  { services }: Queries,
  fact: TargetFacts,
  describe: DescribePrefix,
  snapshot: Snapshot | undefined,
  now: Date,
): Promise<readonly Card[]> {
  const row = targetRow(fact, snapshot?.document, now);
  if (!statusesWithCards.includes(fact.status) && !row.isOverdue) return [];
  const plan =
    fact.status === 'held' ? await readLastPlan(services.ledger, fact.state).catch(() => undefined) : undefined;
  return targetCards({ ...fact, row, plan }, describe, now);
}

function listInfo(cloud: Cloud, view: SnapshotView | undefined, pull: PullStatus | undefined, now: Date): ListInfo {
  const age = view && ageOf(view.snapshot, pull, now);
  return {
    snapshot: age?.id ?? null,
    released: age?.released ?? null,
    fetchedAt: age?.fetchedAt ?? null,
    officialPage: `https://www.microsoft.com/en-us/download/details.aspx?id=${downloadPageIds[cloud]}`,
    isPullFailed: pull?.lastPull.outcome === 'failed',
    sources: (pull?.sources ?? []).map(({ source, status, date }) => ({
      source: publicSourceName(source),
      status,
      ...(date !== undefined && { date }),
    })),
    disagreements: pull?.disagreements.length ?? 0,
  };
}

/** A prefix that several targets lack counts once. */
function countOverdue(facts: readonly TargetFacts[], now: Date): number {
  const overdue = facts.filter((fact) => (deadlineOfRow(fact) ?? now) < now);
  return new Set(overdue.flatMap(({ missing }) => missing.map(({ prefix }) => prefix))).size;
}

function latest(releases: readonly Release[]): readonly Release[] {
  return releases.slice(-shownReleases).reverse();
}

function describe(releases: readonly Release[]): readonly string[] {
  const normal = normalOf(releases, defaultServiceTag);
  return normal ? describeNormal(normal) : [];
}

async function attempt<T>({ services }: Queries, what: string, read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    services.logger.warn('The overview lacks a part', {
      what,
      error: toErrorMessage(error),
      cause: describeCause(error),
    });
    return undefined;
  }
}
