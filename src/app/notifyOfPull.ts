/** What people hear of a pull: watched tags that changed, sources that fail, are stale or disagree. Each once, when it begins. */
import type { PullStatus, SourceReport } from '../core/snapshot.ts';
import type { TagChange } from '../core/serviceTagDiff.ts';
import type { Notification, Notifier } from './ports.ts';

export async function notifyOfPull(
  notifier: Notifier,
  before: PullStatus | undefined,
  after: Pick<PullStatus, 'sources' | 'disagreements'>,
  changes: readonly TagChange[],
  snapshot: string | undefined,
): Promise<void> {
  const notifications = [
    ...changes.map((change) => tagChanged(change, snapshot)),
    ...after.sources.filter((source) => isNewlyAmiss(source, before)).map(sourceAmiss),
    ...newDisagreements(before, after).map(sourceDisagreeing),
  ];
  for (const notification of notifications) await notifier.notify(notification);
}

function tagChanged(change: TagChange, snapshot: string | undefined): Notification {
  return {
    type: 'tag.changed',
    subject: change.tag,
    message: `${change.tag}: ${change.added.length} prefixes added, ${change.removed.length} removed.`,
    data: { snapshot, added: change.added, removed: change.removed },
  };
}

function isNewlyAmiss(source: SourceReport, before: PullStatus | undefined): boolean {
  const last = before?.sources.find((report) => report.source === source.source);
  return source.status !== 'healthy' && last?.status !== source.status;
}

function sourceAmiss({ source, status, date, unchangedSince, error }: SourceReport): Notification {
  const stale = `source ${source} is stale: ${date === undefined ? `the same since ${unchangedSince ?? 'long ago'}` : `its file is of ${date}`}, so it is not counted`;
  const what = status === 'stale' ? stale : (error ?? 'unknown error');
  return {
    type: 'source.failed',
    subject: source,
    message: `${what}. The other sources go on.`,
    data: { source, status, error: what },
  };
}

function newDisagreements(
  before: PullStatus | undefined,
  after: Pick<PullStatus, 'disagreements'>,
): PullStatus['disagreements'] {
  const known = new Set(before?.disagreements.map((entry) => `${entry.source} ${entry.tag}`));
  return after.disagreements.filter((entry) => !known.has(`${entry.source} ${entry.tag}`));
}

function sourceDisagreeing(entry: PullStatus['disagreements'][number]): Notification {
  return {
    type: 'source.disagreeing',
    subject: entry.tag,
    message: `${entry.source} lists ${entry.prefixes.length} prefixes of ${entry.tag} that the newest document lacks: they stay until every healthy source lacks them.`,
    data: { source: entry.source, tag: entry.tag, prefixes: entry.prefixes },
  };
}
