/**
 * Notifies people of changes in watched tags, of sources that fail, are outdated or disagree, and of lost data; each once,
 * when it begins.
 */
import type { PullStatus } from '../../core/ledger/pullStatus.ts';
import type { SourceReport } from '../../core/serviceTags/snapshot.ts';
import type { TagChange } from '../../core/serviceTags/serviceTagDiff.ts';
import { counted } from '../../core/words.ts';
import type { Notification } from '../ports.ts';
import type { Pull } from './pull.ts';

export interface PullNews extends Pick<PullStatus, 'sources' | 'disagreements'> {
  readonly changes: readonly TagChange[];
  readonly snapshot?: string;
  /** A note if the list is older than the current one and so only adds. */
  readonly late?: string | undefined;
  readonly notices: readonly string[];
}

export async function notifyOfPull({ services, status: before }: Pull, news: PullNews): Promise<void> {
  const notifications = [
    ...news.changes.map((change) => tagChanged(change, news)),
    ...news.sources.filter((source) => isNewlyAmiss(source, before)).map(sourceAmiss),
    ...newDisagreements(before, news).map(sourceDisagreeing),
    ...(news.notices.length > 0 ? [storageDamaged(services.cloud, news.notices)] : []),
  ];
  for (const notification of notifications) await services.notifier.notify(notification);
}

function tagChanged(change: TagChange, { snapshot, late }: PullNews): Notification {
  return {
    type: 'tag.changed',
    subject: change.tag,
    message: [`${change.tag}: ${counted(change.added.length, 'prefix')} added, ${change.removed.length} removed.`, late]
      .filter((sentence) => sentence !== undefined)
      .join(' '),
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
    message: entry.isNewest ? onlyNewest(entry) : onlyOthers(entry),
    data: { source: entry.source, tag: entry.tag, prefixes: entry.prefixes },
  };
}

type Disagreement = PullStatus['disagreements'][number];

function onlyOthers({ source, tag, prefixes }: Disagreement): string {
  return `${source} lists ${counted(prefixes.length, 'prefix')} of ${tag} that the newest document lacks: they stay until every healthy source lacks them.`;
}

/** The weekly file is often weeks ahead of the API. */
function onlyNewest({ source, tag, prefixes }: Disagreement): string {
  const [first = ''] = prefixes;
  return `Only ${source} lists ${counted(prefixes.length, 'prefix')} of ${tag}, such as ${first}: no other source has them yet. They are let in and count double against the limits of additions; reject the snapshot if they are not of Azure.`;
}

function storageDamaged(cloud: string, notices: readonly string[]): Notification {
  return { type: 'storage.damaged', subject: cloud, message: notices.join(' '), data: { notices } };
}
