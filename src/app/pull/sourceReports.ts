/** Reads every source and reports whether it is healthy, stale or failed. */
import { contentHash } from '../../core/serviceTags/contentHash.ts';
import { toErrorMessage } from '../../core/errors.ts';
import {
  dayOfDownload,
  maxLagInDays,
  newestDay,
  withKnownDay,
  type MisdatedDays,
} from '../../core/serviceTags/fileDate.ts';
import type { ServiceTagsDownload } from '../../core/serviceTags/serviceTags.ts';
import type { SourceReport } from '../../core/serviceTags/snapshot.ts';
import { dayInMs } from '../../core/time.ts';
import type { ServiceTagsSource } from '../ports.ts';

export interface FetchedSource {
  readonly source: string;
  readonly download?: ServiceTagsDownload;
  readonly error?: unknown;
}

/** A source that fails does not stop the pull: its error is in the result. */
export async function fetchAll(
  sources: readonly ServiceTagsSource[],
  now: Date,
  misdated: MisdatedDays,
): Promise<FetchedSource[]> {
  const settled = await Promise.allSettled(sources.map((source) => source.fetch(now, misdated)));
  return settled.map((result, index) => ({
    source: sources[index]?.name ?? '',
    ...(result.status === 'fulfilled'
      ? { download: withKnownDay(result.value, now, misdated) }
      : { error: result.reason as unknown }),
  }));
}

/** The parts of the current list that sources are compared with. */
export interface KnownList {
  readonly fileDate: string | undefined;
  readonly contentHash: string | undefined;
}

/**
 * A source is stale if its file is more than four weeks older than the newest known one. It is also stale if its content
 * has not changed for four weeks and differs from other sources, or from the current list if no other source answers.
 */
export function toSourceReports(
  fetched: readonly FetchedSource[],
  before: readonly SourceReport[],
  known: KnownList | undefined,
  now: Date,
): SourceReport[] {
  const reports = fetched.map((entry) => toReport(entry, before, now));
  const newestDate = newestDay([known?.fileDate, ...reports.map((report) => report.date)]);
  return reports.map((report) =>
    report.status === 'healthy' && isStale(report, newestDate, isContradicted(report, reports, known), now)
      ? { ...report, status: 'stale' }
      : report,
  );
}

function isContradicted(report: SourceReport, reports: readonly SourceReport[], known: KnownList | undefined): boolean {
  const others = reports.filter((other) => other !== report && other.status !== 'failed');
  return (others.length > 0 ? others : [{ contentHash: known?.contentHash }]).some(
    ({ contentHash: hash }) => hash !== undefined && hash !== report.contentHash,
  );
}

function toReport(
  { source, download, error }: FetchedSource,
  before: readonly SourceReport[],
  now: Date,
): SourceReport {
  const { contentHash: lastHash, unchangedSince: since } = before.find((report) => report.source === source) ?? {};
  if (!download) {
    // Kept, so that a source that sometimes fails does not seem to have changed.
    const last = lastHash === undefined || since === undefined ? {} : { contentHash: lastHash, unchangedSince: since };
    return { source, status: 'failed', error: toErrorMessage(error), ...last };
  }
  const hash = contentHash(download.document);
  const unchangedSince = (lastHash === hash ? since : undefined) ?? now.toISOString();
  const date = dayOfDownload(download, unchangedSince);
  return {
    source,
    status: 'healthy',
    ...(date === undefined ? {} : { date }),
    changeNumber: download.document.changeNumber,
    contentHash: hash,
    origin: download.origin,
    unchangedSince,
  };
}

function isStale(
  { date, unchangedSince }: SourceReport,
  newestDate: string | undefined,
  isContradicted: boolean,
  now: Date,
): boolean {
  const maxLagInMs = maxLagInDays * dayInMs;
  if (date !== undefined) return newestDate !== undefined && Date.parse(newestDate) - Date.parse(date) > maxLagInMs;
  return isContradicted && now.getTime() - Date.parse(unchangedSince ?? now.toISOString()) > maxLagInMs;
}

/** The documents of healthy sources, each with the date in its report. Without a current list, stale sources count too. */
export function countedDownloads(
  fetched: readonly FetchedSource[],
  reports: readonly SourceReport[],
  hasList: boolean,
): ServiceTagsDownload[] {
  const isAnyHealthy = reports.some(({ status }) => status === 'healthy');
  return fetched.flatMap(({ download }, index) => {
    const report = reports[index];
    const counts = report?.status === 'healthy' || (!isAnyHealthy && !hasList);
    return download && counts ? { ...download, date: report?.date } : [];
  });
}
