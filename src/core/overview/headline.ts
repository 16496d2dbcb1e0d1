/** The first sentence of the page, about the worst problem, and details about all others. */
import { adviseOnRegistry, describeGone, type FollowedGoneTag, type Quarantine } from '../history/quarantine.ts';
import { isOldList } from '../serviceTags/listAge.ts';
import { dayInMs } from '../time.ts';
import type { TargetStatus } from '../targets/targetState.ts';
import { agree, andMore, counted, dayInWords, listed } from '../words.ts';
import type { ListInfo, Now, TargetRow, Tone } from './overview.ts';

export interface HeadlineInput {
  readonly targets: readonly TargetRow[] | null;
  readonly list: ListInfo;
  /** How many different prefixes the overdue targets lack. */
  readonly overduePrefixes: number;
  /** How many cards wait for a person. */
  readonly decisions: number;
  readonly isStorageDown: boolean;
  readonly updatesPaused: boolean;
  readonly isTargetsFileMissing: boolean;
  readonly quarantines: readonly Quarantine[];
  /** Tags that Azure has probably given up, and the targets that follow them. */
  readonly goneTags: readonly FollowedGoneTag[];
  readonly now: Date;
}

export function headlineOf(input: HeadlineInput): Now {
  const worst = describeWorst(input);
  return { ...worst, details: [...(worst.details ?? []), ...detailsOf(input, worst.state)] };
}

type Headline = Omit<Now, 'details'> & { readonly details?: readonly string[] };

function describeWorst(input: HeadlineInput): Headline {
  const { targets, list, decisions } = input;
  const headline = (state: Now['state'], tone: Tone, sentence: string, ...details: string[]) => ({
    state,
    tone,
    sentence,
    details,
  });
  if (input.isStorageDown) {
    return headline(
      'storageDown',
      'bad',
      'Storage cannot be read, so the state of the targets is unknown.',
      'Rules in Azure stay as they are, and nothing is written until storage answers. The app retries automatically. If this lasts for more than an hour, check the storage account: its firewall, the roles of the app, and whether the account is disabled.',
    );
  }
  if (targets === null)
    return headline(
      'storageDown',
      'bad',
      'The targets cannot be read.',
      'GET targets says why. Rules in Azure stay as they are until they can be read.',
    );
  if (list.released === null)
    return headline(
      'noList',
      'warn',
      'No list has been pulled yet.',
      'The first pull comes with the timer, or at once with POST pull.',
    );
  const overdue = targets.filter(({ isOverdue }) => isOverdue);
  if (overdue.length > 0) {
    return headline(
      'overdue',
      'bad',
      `${counted(overdue.length, 'target')} ${agree(overdue.length, 'is', 'are')} overdue: Azure may already use ${counted(input.overduePrefixes, 'prefix')} that ${agree(overdue.length, 'it does', 'they do')} not allow.`,
      inSyncOf(targets),
    );
  }
  const stopped = targets.filter(({ status }) => stoppedStatuses.includes(status));
  const total = targets.filter((target) => isCounted(target) || stoppedStatuses.includes(target.status)).length;
  const waits =
    decisions > 0 ? [`${counted(decisions, 'decision')} ${agree(decisions, 'waits', 'wait')} for you.`] : [];
  const rest = [inSyncOf(targets), ...waits];
  if (stopped.length > 0) return headline('blocked', 'bad', describeStopped(stopped, total), ...rest);
  if (isOldList(list.released, input.now)) {
    const age = ageInDays(list.released, input.now);
    return headline(
      'listStandsStill',
      'warn',
      `Microsoft’s list stands still: the newest release is from ${dayInWords(list.released)}, ${counted(age, 'day')} ago.`,
      'A new list usually appears every week. Targets keep what they have; check whether the sources are still the right ones.',
      inSyncOf(targets),
    );
  }
  if (decisions > 0) return headline('waiting', 'warn', rest.join(' '));
  const counting = targets.filter(isCounted);
  const pending = counting.filter(({ status }) => status === 'pending').length;
  if (pending > 0)
    return headline(
      'updating',
      'good',
      `${inSyncOf(targets)} ${counted(pending, 'target')} ${agree(pending, 'is', 'are')} being updated now.`,
    );
  return headline('calm', 'good', inSyncOf(targets));
}

/** Facts that the sentence does not mention. */
function detailsOf(input: HeadlineInput, state: Now['state']): string[] {
  const { targets, list, updatesPaused, isTargetsFileMissing, quarantines, goneTags } = input;
  const details: string[] = [];
  if (state !== 'storageDown' && targets) {
    const previews = targets.filter(({ policy }) => policy === 'plan').length;
    const paused = targets.filter(({ status }) => status === 'paused').length;
    const apart = [...(previews > 0 ? [`${previews} preview only`] : []), ...(paused > 0 ? [`${paused} paused`] : [])];
    if (apart.length > 0) details.push(`Not counted: ${apart.join(', ')}.`);
  }
  for (const { tag, reason, status } of quarantines) {
    if (status === 'quarantined')
      details.push(`${tag} is in quarantine, so nothing is removed because of it: ${reason}`);
  }
  for (const gone of goneTags) {
    details.push(
      `${describeGone(gone)}, so Microsoft has probably given it up. Take it out of ${andMore(gone.targets)} in the targets file.${adviseOnRegistry(gone)}`,
    );
  }
  if (isTargetsFileMissing)
    details.push('There is no targets file: no target is managed. Put it back, or set TARGETS={} if none is wanted.');
  if (updatesPaused) details.push('UPDATES_PAUSED is set: nothing is written to any target until it is removed.');
  if (list.isPullFailed)
    details.push('The last pull failed: the list is the one from the pull before, and the next pull tries again.');
  const bad = list.sources.filter(({ status }) => status !== 'healthy');
  if (bad.length > 0) {
    details.push(
      `${bad.length} of ${counted(list.sources.length, 'source')} ${agree(bad.length, 'is', 'are')} not healthy: ${bad.map(({ source, status }) => `${source} (${status})`).join(', ')}.`,
    );
  }
  if (list.disagreements > 0) details.push(`The sources disagree about ${counted(list.disagreements, 'tag')}.`);
  return details;
}

/** Previews and paused targets write nothing on purpose, so they count neither as in sync nor as late. */
function isCounted({ policy, status }: TargetRow): boolean {
  return policy !== 'plan' && status !== 'paused';
}

function inSyncOf(targets: readonly TargetRow[]): string {
  const counting = targets.filter(isCounted);
  const inSync = counting.filter(({ status }) => status === 'inSync').length;
  if (targets.length === 0) return 'No targets are configured: lists and look-ups work.';
  if (counting.length === 0)
    return `No target is written to: ${counted(targets.length, 'target')} preview only or paused.`;
  if (inSync === counting.length)
    return inSync === 1 ? 'The target is in sync.' : `All ${counted(inSync, 'target')} are in sync.`;
  if (inSync === 0)
    return counting.length === 1
      ? 'The target is not in sync.'
      : `None of the ${counted(counting.length, 'target')} is in sync.`;
  return `${inSync} of ${counted(counting.length, 'target')} ${agree(inSync, 'is', 'are')} in sync.`;
}

const stoppedStatuses: readonly TargetStatus[] = ['blocked', 'failed', 'noEffect'];

function describeStopped(stopped: readonly TargetRow[], total: number): string {
  const blocked = stopped.filter(({ status }) => status === 'blocked').length;
  const failed = stopped.filter(({ status }) => status === 'failed').length;
  const noEffect = stopped.length - blocked - failed;
  const parts = [
    ...(blocked > 0 ? [`${blocked} ${agree(blocked, 'is', 'are')} blocked`] : []),
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(noEffect > 0 ? [`${noEffect} ${agree(noEffect, 'has', 'have')} rules without effect`] : []),
  ];
  return `Of ${counted(total, 'target')}, ${listed(parts)}: ${agree(stopped.length, 'its rules stay as they are until someone acts', 'their rules stay as they are until someone acts')}.`;
}

function ageInDays(day: string, now: Date): number {
  return Math.floor((now.getTime() - Date.parse(`${day}T00:00:00Z`)) / dayInMs);
}
