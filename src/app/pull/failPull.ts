/** Ends a pull that failed: records it and notifies people. */
import { SourceError, toErrorMessage } from '../../core/errors.ts';
import type { PullStatus } from '../../core/ledger/pullStatus.ts';
import { missingIfDamaged } from '../missingIfDamaged.ts';
import { commitPull, lastPullOf, reasonsOf } from './commitPull.ts';
import { notifyOfPull } from './notifyOfPull.ts';
import type { Pull } from './pull.ts';
import { withoutPeriod } from '../../core/words.ts';
import { readStoredList } from './storedList.ts';
import { toSourceReports, type FetchedSource } from './sourceReports.ts';

/** For a pull in which no source could be read. */
export async function failUnread(pull: Pull, fetched: readonly FetchedSource[]): Promise<never> {
  const { services, status, startedAt } = pull;
  // If the status was lost, the snapshot still knows since when the content of a source has not changed.
  const before = status?.sources.length ? status.sources : ((await lastSources(services)) ?? []);
  const sources = toSourceReports(fetched, before, undefined, startedAt);
  const error = sources.map((report) => report.error ?? report.source).join('; ') || 'no source is configured';
  const next = await commitFailure(pull, error, sources);
  await notifyOfPull(pull, { ...next, changes: [], quarantine: [], notices: pull.notices });
  throw new SourceError(services.sources.map((source) => source.name).join(', '), `none is healthy: ${error}`);
}

async function lastSources(services: Pull['services']): Promise<PullStatus['sources'] | undefined> {
  return (await readStoredList(services).catch(() => undefined))?.snapshot?.sources;
}

/** For a pull that failed for another reason, such as storage or a queue. Throws the cause. */
export async function failPull(pull: Pull, cause: unknown): Promise<never> {
  try {
    await recordFailure(pull, toErrorMessage(cause));
  } catch (failure) {
    pull.services.logger.error('the failed pull could not be recorded', { error: toErrorMessage(failure) });
  }
  throw cause;
}

async function recordFailure(pull: Pull, error: string): Promise<void> {
  const { services, status } = pull;
  if (await isRecorded(pull)) return;
  await commitFailure(pull, error, status?.sources ?? []);
  if (status?.lastPull.error === error) return;
  const message = `The pull of the service tags (${services.cloud}) failed: ${withoutPeriod(error)}. Rules and feeds stay as they are, and the next pull tries again.`;
  await services.notifier.notify({ type: 'pull.failed', subject: services.cloud, message, data: { error } });
}

/** A pull may fail after it was recorded; a second record would fork the chain. */
async function isRecorded({ services, runId }: Pull): Promise<boolean> {
  const stored = await services.snapshots.readPullStatus(services.cloud).catch(missingIfDamaged);
  return stored?.ledgerHead?.runId === runId || (stored?.outbox ?? []).some(({ id }) => id === runId);
}

async function commitFailure(pull: Pull, error: string, sources: PullStatus['sources']): Promise<PullStatus> {
  const { services, status, notices } = pull;
  const next: PullStatus = {
    ...status,
    cloud: services.cloud,
    lastPull: lastPullOf(pull, 'failed', { error }),
    sources,
    disagreements: status?.disagreements ?? [],
  };
  await commitPull(pull, next, { outcome: 'failed', reasons: reasonsOf(notices) }, { error, sources });
  return next;
}
