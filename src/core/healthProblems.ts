/** What health can find, in words that name no resource: what is the matter, and what to do about it. */
import { adviseOnRegistry, describeGone, type FollowedGoneTag, type Quarantine } from './history/quarantine.ts';
import type { SilentTimer } from './timers.ts';
import { agree, counted, dayAndTimeInWords, dayInWords, inWords } from './words.ts';

/** `degraded`: the app works, and somebody should look. `unhealthy`: it does not do its work. */
export type Severity = 'degraded' | 'unhealthy';

interface HealthProblem {
  readonly severity: Severity;
  // Each has facts of its own.
  readonly text: (...facts: never[]) => string;
}

/** How many targets, and of how many. */
interface Share {
  readonly count: number;
  readonly total: number;
}

type QuarantinedTag = Pick<Quarantine, 'tag' | 'reason'>;

export const healthProblems = {
  settings: {
    severity: 'unhealthy',
    text: () =>
      'the settings named below are wrong, so nothing is pulled or updated: correct them, and the app starts again',
  },
  storageRefuses: {
    severity: 'unhealthy',
    text: (summary: string) =>
      `storage cannot be read: ${summary}. The log names the account and the command that helps; the app retries by itself`,
  },
  storageIsSilent: {
    severity: 'unhealthy',
    text: () =>
      'storage cannot be read: it does not answer. The app retries by itself; if this lasts for an hour, check the storage account',
  },
  noList: {
    severity: 'unhealthy',
    text: () => 'no snapshot of the service tags can be read: the next pull makes one, and POST pull starts it now',
  },
  lastKnownList: {
    severity: 'degraded',
    text: () =>
      'storage does not answer; the last known list is served until it does. If this lasts for an hour, check the storage account',
  },
  oldList: {
    severity: 'degraded',
    text: (age: string) =>
      `the list is old: ${age}. Microsoft usually releases one per week: "sources" has the day of each source's list; check or replace the one that stands still in SERVICE_TAGS_SOURCES`,
  },
  suspiciousList: {
    severity: 'degraded',
    text: (warning: string) =>
      `the newest list is suspicious: ${warning}. Nothing is removed because of it, and feeds keep what the tag had; compare it with Microsoft's own file`,
  },
  quarantine: {
    severity: 'degraded',
    text: ({ reason }: QuarantinedTag) =>
      `${reason} Nothing is removed because of it, and feeds keep what the tag had. The quarantine ends by itself when the tag is back or further releases confirm it; compare with Microsoft's own file if you cannot wait`,
  },
  goneTag: {
    severity: 'degraded',
    text: (gone: FollowedGoneTag) => {
      const count = gone.targets.length;
      const advice = `take it out of ${agree(count, 'that target', 'these targets')} in the targets file (the page names ${agree(count, 'it', 'them')})`;
      return `${describeGone(gone)}, so Microsoft has probably given it up, and ${counted(count, 'target')} still ${agree(count, 'follows', 'follow')} it: ${advice}${gone.isOfRegistry ? '.' : ''}${adviseOnRegistry(gone)}`;
    },
  },
  noPull: {
    severity: 'unhealthy',
    text: () => 'the service tags have never been pulled: the timer starts the first pull, or POST pull does',
  },
  latePull: {
    severity: 'unhealthy',
    text: (hours: number) =>
      `the last pull was ${counted(hours, 'hour')} ago: check whether the function pullServiceTags runs, or start a pull (POST pull)`,
  },
  failedPull: {
    severity: 'degraded',
    text: () => 'the last pull failed; the next one tries again. GET runs?target=pull has its error',
  },
  badSources: {
    severity: 'degraded',
    text: ({ count, total }: Share) =>
      `${inWords(count)} of ${counted(total, 'source')} ${agree(count, 'is', 'are')} stale or failed: "sources" says which, and GET runs?target=pull why. ${agree(count, 'It is', 'They are')} asked again with every pull`,
  },
  silentTimer: {
    severity: 'degraded',
    text: ({ name, schedule, since }: SilentTimer) =>
      `the timer ${name} has not fired since ${dayAndTimeInWords(since)}, though it is due by its schedule "${schedule}": look at that function in the portal, and restart the app`,
  },
  unreadableTargets: {
    severity: 'unhealthy',
    text: () => 'the targets cannot be read: GET targets says why',
  },
  unreadableStates: {
    severity: 'unhealthy',
    text: () => 'the states of the targets cannot be read: GET targets says why; the app retries by itself',
  },
  noTargetsFile: {
    severity: 'degraded',
    text: () =>
      'there is no targets file: no target is managed, and rules stay as they are (TARGETS={} says that none is wanted)',
  },
  failedTargets: {
    severity: 'degraded',
    text: ({ count, total }: Share) =>
      `${inWords(count)} of ${counted(total, 'target')} failed or ${agree(count, 'is', 'are')} blocked: GET targets?status=failed,blocked says why`,
  },
  heldTargets: {
    severity: 'degraded',
    text: ({ count, total }: Share) =>
      `${inWords(count)} of ${counted(total, 'target')} ${agree(count, 'has', 'have')} changes that wait for approval or cannot be made now: review them on the page, or with GET targets?status=held`,
  },
  targetsWithoutEffect: {
    severity: 'degraded',
    text: ({ count, total }: Share) =>
      `the rules of ${inWords(count)} of ${counted(total, 'target')} have no effect: the ${agree(count, 'registry does', 'registries do')} not look at them (GET targets?status=noEffect says why)`,
  },
  stuckTargets: {
    severity: 'degraded',
    text: ({ count, since }: { readonly count: number; readonly since: string }) =>
      `${counted(count, 'target')} ${agree(count, 'has', 'have')} been pending for more than two hours, the first since ${dayAndTimeInWords(since)}: GET targets?status=pending says why`,
  },
  webhook: {
    severity: 'degraded',
    // By its number: even its host may be nobody's business.
    text: ({ number, total, since, fault }: { number: number; total: number; since: string; fault: string }) =>
      `webhook ${number} of ${total} has taken no notification since ${dayInWords(since)} (it ${fault}): correct or remove it in NOTIFICATION_WEBHOOKS; the log has its host`,
  },
  deadlineNear: {
    severity: 'degraded',
    text: ({ daysLeft, deadline }: { readonly daysLeft: number; readonly deadline: string }) =>
      `targets lack listed prefixes, and Azure may use the first of them in ${counted(daysLeft, 'day')}, from ${dayAndTimeInWords(deadline)}: the page says which target lacks what, and why`,
  },
  deadlineOver: {
    severity: 'degraded',
    text: (since: string) =>
      `targets lack listed prefixes, and Azure may have used the first of them since ${dayAndTimeInWords(since)}: the page says which target lacks what, and why`,
  },
  updatesPaused: {
    severity: 'degraded',
    text: () =>
      'updates are paused by the setting UPDATES_PAUSED: nothing is written to any target until it is removed',
  },
} as const satisfies Readonly<Record<string, HealthProblem>>;

export type HealthProblemKind = keyof typeof healthProblems;
export type HealthFacts<K extends HealthProblemKind> = Parameters<(typeof healthProblems)[K]['text']>;
