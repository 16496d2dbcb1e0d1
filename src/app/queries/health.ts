/** Whether the app works. Anybody may read it, so it has no names of resources, no addresses and no error texts. */
import { findStorageRefusal, toErrorMessage } from '../../core/errors.ts';
import { calculateGoLive, deadlineOf, type GoLiveClock } from '../../core/goLive.ts';
import { healthProblems, type HealthFacts, type HealthProblemKind, type Severity } from '../../core/healthProblems.ts';
import { openQuarantine } from '../../core/history/quarantine.ts';
import type { PullStatus } from '../../core/ledger/pullStatus.ts';
import { describeAge, isOldList, releaseDay } from '../../core/serviceTags/listAge.ts';
import type { Snapshot, SourceReport } from '../../core/serviceTags/snapshot.ts';
import { isFollowed } from '../../core/serviceTags/watchedTags.ts';
import type { Target } from '../../core/targets/target.ts';
import type { TargetStatus } from '../../core/targets/targetState.ts';
import type { DeliveryStatus, Logger } from '../ports.ts';
import { summarizeTargets, type NamedTargetSummary, type SummaryReaders } from '../update/targetSummaries.ts';
import type { CurrentSnapshot } from './currentSnapshot.ts';
import { nextOccurrence } from '../../core/ncrontab.ts';
import { hourInMs } from '../../core/time.ts';
import { findSilentTimers, timerNames, type SilentTimer } from '../../core/timers.ts';
import { counted } from '../../core/words.ts';
import type { QueryServices } from './queryServices.ts';
import { followedGoneTags } from './goneTags.ts';
import { describeCause, isDamaged, readStorage, StorageReadError } from './storage.ts';
import { readTargets } from './targetQueries.ts';

export interface Health {
  /** `healthy`, `degraded` (it works, somebody should look) or `unhealthy` (it does not do its work). */
  readonly status: 'healthy' | 'degraded' | 'unhealthy';
  readonly snapshot: {
    readonly id: string;
    /** Hours since the day of the release. */
    readonly ageHours: number;
    /** `YYYY-MM-DD`: day of the newest release with the content of this snapshot. */
    readonly released: string;
    /** ISO time of the last pull that found this list to be current. */
    readonly fetchedAt: string;
    /** `released 28 Oct 2025, fetched 2 minutes ago` */
    readonly age: string;
  } | null;
  readonly lastPull: { readonly at: string; readonly outcome: PullStatus['lastPull']['outcome'] } | null;
  /** Each target counts once: the other figures add up to `total`. */
  readonly targets: {
    readonly total: number;
    readonly inSync: number;
    readonly pending: number;
    readonly held: number;
    /** Failed and blocked. */
    readonly failed: number;
    readonly planOnly: number;
    readonly paused: number;
    /** Registries that ignore their IP rules, because they are open or closed to everybody. */
    readonly noEffect: number;
  };
  /** What is left of the week in which every target must get new prefixes; null if it cannot be read. */
  readonly goLive: {
    readonly status: GoLiveClock['status'];
    readonly daysLeft: number;
    /** ISO time by which the first prefix that a target lacks should be allowed: seven days after its release. */
    readonly deadline: string | null;
  } | null;
  readonly sources: readonly {
    readonly source: string;
    readonly status: SourceReport['status'];
    readonly date?: string;
  }[];
  readonly disagreements: number;
  /** What is wrong, one sentence each, without names of resources. */
  readonly problems: readonly string[];
  /** Worth knowing; nobody has to act. */
  readonly notes: readonly string[];
}

export type HealthServices = QueryServices & Pick<SummaryReaders, 'history'>;

interface Finding {
  readonly severity: Severity;
  readonly text: string;
}

type AddProblem = <K extends HealthProblemKind>(kind: K, ...facts: HealthFacts<K>) => void;

export async function readHealth(services: HealthServices, current: CurrentSnapshot): Promise<Health> {
  const findings: Finding[] = [];
  const addProblem: AddProblem = (kind, ...facts) => {
    const { severity, text } = healthProblems[kind];
    findings.push({ severity, text: (text as (...given: typeof facts) => string)(...facts) });
  };
  const now = services.clock.now();
  const { logger } = services;

  const failures: unknown[] = [];
  const attempt = <T>(work: () => Promise<T>): Promise<T | undefined> => attemptAndLog(logger, failures, work);

  // Not among `failures`: the targets may come from a file of the app, whose faults say nothing about storage.
  const configured = attemptAndLog(logger, [], () => readTargets(services.targets));
  const [view, pull, summaries, isTargetsFileMissing, silent, deliveries] = await Promise.all([
    attempt(() => current.get()),
    attempt(() => readStorage('the pull status', () => services.snapshots.readPullStatus(services.cloud))),
    attempt(async () => readSummaries(services, await configured)),
    attempt(async () => services.isTargetsFileMissing?.()),
    attempt(() => readSilentTimers(services, now)),
    attempt(async () => readStorage('the deliveries', () => services.readDeliveries?.() ?? Promise.resolve([]))),
  ]);
  const targets = summaries && countTargets(summaries);
  // Before the first pull it is not known what a target lacks.
  const goLive =
    view &&
    summaries &&
    calculateGoLive(
      summaries.filter(({ hasDeadline }) => hasDeadline),
      now,
    );
  const snapshot = view ? ageOf(view.snapshot, pull, now) : null;

  const isStorageRead = addStorageProblems(failures, addProblem);
  if (!view) addProblem('noList');
  if (view?.staleForInSeconds !== undefined) addProblem('lastKnownList');
  if (snapshot && isOldList(snapshot.released, now)) addProblem('oldList', snapshot.age);
  if (view) await addTagProblems(view.snapshot, (await configured) ?? [], summaries ?? [], services, addProblem);
  // If storage cannot be read, a missing pull status means nothing.
  if (pull || isStorageRead) addPullProblems(pull, now, services, addProblem);
  for (const timer of silent ?? []) addProblem('silentTimer', timer);
  if (!(await configured)) addProblem('unreadableTargets');
  else if (!summaries) addProblem('unreadableStates');
  if (isTargetsFileMissing) addProblem('noTargetsFile');
  if (targets) addTargetProblems(targets, addProblem);
  addWebhookProblems(deliveries ?? [], addProblem);
  addStuckTargets(summaries ?? [], now, addProblem);
  addDeadlineProblems(goLive, addProblem);
  if (services.updatesPaused) addProblem('updatesPaused');

  return {
    status: worst(findings),
    snapshot,
    lastPull: pull ? { at: pull.lastPull.at, outcome: pull.lastPull.outcome } : null,
    targets: targets ?? countTargets([]),
    goLive: goLive
      ? { status: goLive.status, daysLeft: goLive.daysLeft, deadline: goLive.first?.deadline ?? null }
      : null,
    sources: (pull?.sources ?? []).map(({ source, status, date }) => ({
      source: publicSourceName(source),
      status,
      ...(date !== undefined && { date }),
    })),
    disagreements: pull?.disagreements.length ?? 0,
    problems: findings.map((finding) => finding.text),
    notes: notesOf(pull),
  };
}

/** The health of an app that cannot start its work, because settings are wrong. */
export function unhealthy(faults: readonly string[]): Health {
  return {
    status: 'unhealthy',
    snapshot: null,
    lastPull: null,
    targets: countTargets([]),
    goLive: null,
    sources: [],
    disagreements: 0,
    problems: [healthProblems.settings.text(), ...faults],
    notes: [],
  };
}

/** One problem per tag: a tag that is left out of the list is in quarantine for that very reason. */
async function addTagProblems(
  snapshot: Snapshot,
  targets: readonly Target[],
  summaries: readonly NamedTargetSummary[],
  services: HealthServices,
  addProblem: AddProblem,
): Promise<void> {
  const warnings = leftOut(snapshot, targets);
  for (const { message } of warnings) addProblem('suspiciousList', message);
  const known = new Set(warnings.map(({ tag }) => tag.toLowerCase()));
  for (const entry of await quarantinedTags(snapshot, services)) {
    if (!known.has(entry.tag.toLowerCase())) addProblem('quarantine', entry);
  }
  const followers = targets.map((target, index) => ({ target, registryRegions: summaries[index]?.registryRegions }));
  for (const gone of await followedGoneTags(snapshot, followers, services.history).catch(() => []))
    addProblem('goneTag', gone);
}

/** Warnings about followed tags: Microsoft has never published a tag with such a name or so many prefixes. */
function leftOut({ warnings }: Snapshot, targets: readonly Target[]): Snapshot['warnings'] {
  return warnings.filter(({ kind, tag }) => (kind === 'badName' || kind === 'tooLarge') && isFollowed(tag, targets));
}

/**
 * Tags in quarantine. People who only use feeds hear of it here alone. The snapshot is as it was stored: the history says
 * whether the quarantine is over, or later releases have confirmed it.
 */
async function quarantinedTags({ quarantine: entries }: Snapshot, { history }: HealthServices) {
  const found = entries.map(async (entry) => {
    const known = await history.readFor(entry.tag).catch(() => undefined);
    return known ? (openQuarantine(known, entry.tag) ?? []) : entry;
  });
  return (await Promise.all(found)).flat();
}

export function ageOf(snapshot: Snapshot, pull: PullStatus | undefined, now: Date): NonNullable<Health['snapshot']> {
  const released = releaseDay(snapshot, pull?.publication);
  const wasFetched = pull !== undefined && pull.lastPull.outcome !== 'failed';
  const fetchedAt = wasFetched ? pull.lastPull.at : snapshot.pulledAt;
  const age = describeAge(released, fetchedAt, now);
  return { id: snapshot.id, ageHours: hoursSince(released, now), released, fetchedAt, age };
}

/** Returns false if storage cannot be read; one damaged blob does not count. */
function addStorageProblems(failures: readonly unknown[], addProblem: AddProblem): boolean {
  const refusal = failures.map(findStorageRefusal).find((found) => found !== undefined);
  const isDown = failures.some((error) => error instanceof StorageReadError && !isDamaged(error));
  if (refusal) addProblem('storageRefuses', refusal.summary);
  else if (isDown) addProblem('storageIsSilent');
  return !refusal && !isDown;
}

function addTargetProblems({ total, failed, held, noEffect }: Health['targets'], addProblem: AddProblem): void {
  if (failed > 0) addProblem('failedTargets', { count: failed, total });
  if (held > 0) addProblem('heldTargets', { count: held, total });
  if (noEffect > 0) addProblem('targetsWithoutEffect', { count: noEffect, total });
}

/** Names a webhook by its number, because even its host may be confidential. */
function addWebhookProblems(deliveries: readonly (DeliveryStatus | undefined)[], addProblem: AddProblem): void {
  for (const [index, status] of deliveries.entries()) {
    if (status?.failingSince === undefined) continue;
    const fault = /^answered [^:]*/.exec(status.error ?? '')?.[0] ?? 'does not answer';
    addProblem('webhook', { number: index + 1, total: deliveries.length, since: status.failingSince, fault });
  }
}

function addPullProblems(
  pull: PullStatus | undefined,
  now: Date,
  { maxPullAgeInHours, timers }: QueryServices,
  addProblem: AddProblem,
): void {
  if (!pull) return addProblem('noPull');
  const ageInHours = hoursSince(pull.lastPull.at, now);
  if (ageInHours > maxPullAgeInHours && isPullOverdue(pull.lastPull.at, timers, now))
    addProblem('latePull', ageInHours);
  if (pull.lastPull.outcome === 'failed') addProblem('failedPull');
  const bad = pull.sources.filter((source) => source.status !== 'healthy').length;
  if (bad > 0) addProblem('badSources', { count: bad, total: pull.sources.length });
}

/** The weekly file is often weeks ahead of the API, so a difference is no fault. */
function notesOf(pull: PullStatus | undefined): string[] {
  return (pull?.disagreements ?? []).map(({ source, tag, prefixes, isNewest }) =>
    isNewest
      ? `only ${source} lists ${counted(prefixes.length, 'prefix')} of ${tag} so far: added, and counted double against the limits`
      : `${source} still lists ${counted(prefixes.length, 'prefix')} of ${tag} that the newest document omits: kept until every source omits them`,
  );
}

/** Two rounds of the hourly reconciliation, with some time for the queue. */
const stuckAfterInMs = 2.5 * hourInMs;

/** Targets stay pending if, for example, a resource lock stays or no function handles the queue messages. */
function addStuckTargets(summaries: readonly NamedTargetSummary[], now: Date, addProblem: AddProblem): void {
  const times = summaries.flatMap(({ status, since }) => (status === 'pending' && since !== undefined ? [since] : []));
  const stuck = times.filter((since) => now.getTime() - Date.parse(since) > stuckAfterInMs).sort();
  const [since] = stuck;
  if (since !== undefined) addProblem('stuckTargets', { count: stuck.length, since });
}

function addDeadlineProblems(goLive: GoLiveClock | undefined, addProblem: AddProblem): void {
  const { status, daysLeft = 0, first } = goLive ?? {};
  if (!first) return;
  if (status === 'near') addProblem('deadlineNear', { daysLeft, deadline: first.deadline });
  if (status === 'overdue') addProblem('deadlineOver', deadlineOf(first.published).toISOString());
}

/** A pull that is scheduled once per week is not late after a day. */
function isPullOverdue(lastPull: string, timers: QueryServices['timers'], now: Date): boolean {
  if (!timers) return true;
  const due = nextOccurrence(timers.schedules.pullServiceTags, new Date(lastPull));
  return due === undefined || due.getTime() + 2 * hourInMs < now.getTime();
}

async function readSilentTimers({ timers }: QueryServices, now: Date): Promise<readonly SilentTimer[]> {
  if (!timers) return [];
  const runs = await readStorage('the runs of the timers', () =>
    Promise.all(timerNames.map((name) => timers.read(name))),
  );
  const known = timerNames.flatMap((name, index) => (runs[index] ? [[name, runs[index]] as const] : []));
  return findSilentTimers({ ...timers, runs: Object.fromEntries(known) }, now);
}

async function readSummaries(
  services: HealthServices,
  targets: readonly Target[] | undefined,
): Promise<readonly NamedTargetSummary[] | undefined> {
  return targets && readStorage('the states of the targets', () => summarizeTargets(services, targets));
}

function countTargets(summaries: readonly NamedTargetSummary[]): Health['targets'] {
  const count = (...wanted: readonly TargetStatus[]): number =>
    summaries.filter(({ status }) => wanted.includes(status)).length;
  return {
    total: summaries.length,
    inSync: count('inSync'),
    pending: count('pending'),
    held: count('held'),
    failed: count('failed', 'blocked'),
    planOnly: count('planOnly'),
    paused: count('paused'),
    noEffect: count('noEffect'),
  };
}

/** The kind of a source, or its host: a URL may contain a signature, and a path the name of a machine. */
export function publicSourceName(source: string): string {
  if (source.startsWith('file:')) return 'file';
  return URL.canParse(source) ? new URL(source).hostname || 'url' : source;
}

function worst(findings: readonly Finding[]): Health['status'] {
  if (findings.some((finding) => finding.severity === 'unhealthy')) return 'unhealthy';
  return findings.length > 0 ? 'degraded' : 'healthy';
}

function hoursSince(iso: string, now: Date): number {
  return Math.max(0, Math.round(((now.getTime() - Date.parse(iso)) / hourInMs) * 10) / 10);
}

async function attemptAndLog<T>(logger: Logger, failures: unknown[], work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    failures.push(error);
    logger.warn('Health cannot read a part', { error: toErrorMessage(error), cause: describeCause(error) });
    return undefined;
  }
}
