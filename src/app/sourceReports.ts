/** Asks every source, and says of each what it gave: healthy, stale or failed. */
import { contentHash } from '../core/contentHash.ts';
import { toErrorMessage } from '../core/errors.ts';
import type { ServiceTagsDownload } from '../core/serviceTags.ts';
import type { SourceReport } from '../core/snapshot.ts';
import type { ServiceTagsSource } from './ports.ts';

/** Microsoft says that the Discovery API may be four weeks behind: later than that, nobody waits for a source. */
const staleAfterInDays = 28;
const dayInMs = 24 * 60 * 60 * 1000;

export interface FetchedSource {
  readonly source: string;
  readonly download?: ServiceTagsDownload;
  readonly error?: unknown;
}

/** One failing source is not the end: its error is in the answer. */
export async function fetchAll(sources: readonly ServiceTagsSource[]): Promise<FetchedSource[]> {
  const settled = await Promise.allSettled(sources.map((source) => source.fetch()));
  return settled.map((result, index) => ({
    source: sources[index]?.name ?? '',
    ...(result.status === 'fulfilled' ? { download: result.value } : { error: result.reason as unknown }),
  }));
}

/**
 * Stale is a file more than four weeks older than the newest one, or content that stood still for four weeks and
 * differs from another source's. `newestDate` is the newest date known, of this pull and of the snapshot before it.
 */
export function toSourceReports(
  fetched: readonly FetchedSource[],
  before: readonly SourceReport[],
  newestDate: string | undefined,
  now: Date,
): SourceReport[] {
  const reports = fetched.map((entry) => toReport(entry, before, now));
  const hashes = new Set(reports.map((report) => report.contentHash).filter((hash) => hash !== undefined));
  return reports.map((report) =>
    report.status === 'healthy' && isStale(report, newestDate, hashes.size > 1, now)
      ? { ...report, status: 'stale' }
      : report,
  );
}

function toReport(
  { source, download, error }: FetchedSource,
  before: readonly SourceReport[],
  now: Date,
): SourceReport {
  if (!download) return { source, status: 'failed', error: toErrorMessage(error) };
  const hash = contentHash(download.document);
  const last = before.find((report) => report.source === source);
  const unchangedSince = last?.contentHash === hash ? last.unchangedSince : undefined;
  return {
    source,
    status: 'healthy',
    ...(download.date === undefined ? {} : { date: download.date }),
    changeNumber: download.document.changeNumber,
    contentHash: hash,
    origin: download.origin,
    unchangedSince: unchangedSince ?? now.toISOString(),
  };
}

function isStale(report: SourceReport, newestDate: string | undefined, disagrees: boolean, now: Date): boolean {
  const staleAfterInMs = staleAfterInDays * dayInMs;
  if (report.date !== undefined) {
    return newestDate !== undefined && Date.parse(newestDate) - Date.parse(report.date) > staleAfterInMs;
  }
  const since = Date.parse(report.unchangedSince ?? now.toISOString());
  return disagrees && now.getTime() - since > staleAfterInMs;
}

/** The documents that count: those of healthy sources, or all where none is. */
export function countedDownloads(
  fetched: readonly FetchedSource[],
  reports: readonly SourceReport[],
): ServiceTagsDownload[] {
  const healthy = fetched.filter((_, index) => reports[index]?.status === 'healthy');
  return (healthy.length > 0 ? healthy : fetched).flatMap(({ download }) => download ?? []);
}
