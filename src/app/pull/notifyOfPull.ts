/**
 * Notifies people of changes in watched tags, of sources that fail, are outdated or disagree, and of lost data; each once,
 * when it begins.
 */
import type { PullStatus } from '../../core/ledger/pullStatus.ts';
import { nothingIsRemoved } from '../../core/history/quarantine.ts';
import type { SourceReport, TagQuarantine } from '../../core/serviceTags/snapshot.ts';
import type { TagChange } from '../../core/serviceTags/serviceTagDiff.ts';
import { agree, andMore, counted, dayInWords, listed, withoutPeriod } from '../../core/words.ts';
import type { Notification } from '../ports.ts';
import type { Pull } from './pull.ts';

export interface PullNews extends Pick<PullStatus, 'sources' | 'disagreements'> {
  readonly changes: readonly TagChange[];
  readonly quarantine: readonly TagQuarantine[];
  readonly snapshot?: string;
  /** A note if the list is older than the current one and so only adds. */
  readonly late?: string | undefined;
  readonly notices: readonly string[];
}

export async function notifyOfPull({ services, status: before }: Pull, news: PullNews): Promise<void> {
  const notifications = [
    ...news.changes.map((change) => tagChanged(change, news)),
    ...news.sources.filter((source) => isNewlyAmiss(source, before)).map((source) => sourceAmiss(source, news.sources)),
    ...newDisagreements(before, news).map(sourceDisagreeing),
    ...(news.notices.length > 0 ? [storageDamaged(services.cloud, news.notices)] : []),
  ];
  for (const notification of notifications) await services.notifier.notify(notification);
}

function tagChanged(change: TagChange, { snapshot, quarantine, late }: PullNews): Notification {
  const suspicion = quarantine.find(({ tag }) => tag === change.tag)?.reason;
  return {
    type: 'tag.changed',
    subject: change.tag,
    message: [changeInWords(change, suspicion), late].filter((sentence) => sentence !== undefined).join(' '),
    data: { snapshot, added: change.added, removed: change.removed },
  };
}

function changeInWords({ tag, added, removed }: TagChange, suspicion: string | undefined): string {
  const parts = [
    ...(added.length > 0 ? [`adds ${counted(added.length, 'prefix')} (${andMore(added)})`] : []),
    ...(removed.length > 0 ? [`leaves out ${counted(removed.length, 'prefix')} (${andMore(removed)})`] : []),
  ];
  return `${tag}: the newest list ${listed(parts)}. ${consequence(removed.length, suspicion)} The page shows every prefix.`;
}

function consequence(removed: number, suspicion: string | undefined): string {
  if (suspicion !== undefined) return `${suspicion} ${nothingIsRemoved}`;
  const now = 'Feeds and the targets that follow the tag are updated now, within their limits.';
  if (removed === 0) return now;
  return `${now} Targets keep what is left out until its grace period is over; what was listed only briefly has none.`;
}

function isNewlyAmiss(source: SourceReport, before: PullStatus | undefined): boolean {
  const last = before?.sources.find((report) => report.source === source.source);
  return source.status !== 'healthy' && last?.status !== source.status;
}

function sourceAmiss(
  { source, status, date, unchangedSince, error }: SourceReport,
  all: readonly SourceReport[],
): Notification {
  const since = unchangedSince === undefined ? '' : ` since ${dayInWords(unchangedSince)}`;
  const fact = date === undefined ? `it has given the same list${since}` : `its file is of ${dayInWords(date)}`;
  const stale = `source ${source} is stale: ${fact}, so the app takes nothing from it`;
  const what = withoutPeriod(status === 'stale' ? stale : (error ?? `source ${source} failed`));
  const others = all.some((other) => other.source !== source && other.status === 'healthy')
    ? 'The other sources continue'
    : 'No other source works, so the current list stays';
  return {
    type: 'source.failed',
    subject: source,
    message: `${what}. ${others}, and every pull asks this one again. If it stays so, correct or replace it in SERVICE_TAGS_SOURCES.`,
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
  const it = agree(prefixes.length, 'it stays', 'they stay');
  return `${source} lists ${counted(prefixes.length, 'prefix')} of ${tag} that the newest document omits: ${it} until every working source omits ${agree(prefixes.length, 'it', 'them')}. Nothing to do.`;
}

/** The weekly file is often weeks ahead of the API. */
function onlyNewest({ source, tag, prefixes }: Disagreement): string {
  const count = prefixes.length;
  const fact = `${counted(count, 'prefix')} of ${tag} (${andMore(prefixes)}): no other source lists ${agree(count, 'it', 'them')} yet`;
  const fate = agree(count, 'It is added and counts', 'They are added and count');
  return `Only ${source} lists ${fact}. ${fate} double against the limits of additions. If Microsoft did not release ${agree(count, 'it', 'them')}, undo the release on the page (POST snapshots/{id}/reject).`;
}

function storageDamaged(cloud: string, notices: readonly string[]): Notification {
  return { type: 'storage.damaged', subject: cloud, message: notices.join(' '), data: { notices } };
}
