/** What the stories need from outside, as interfaces only. Adapters implement them; tests may fake them. */
import type { ServiceTagsDownload, Cloud } from '../core/serviceTags/serviceTags.ts';
import type { UnchangedRelease } from '../core/history/appendRelease.ts';
import type { HistoryDocument, Retirement } from '../core/history/historyDocument.ts';
import type { MisdatedDays } from '../core/serviceTags/fileDate.ts';
import type { PullStatus } from '../core/ledger/pullStatus.ts';
import type { Snapshot, SnapshotPointer, SnapshotSummary } from '../core/serviceTags/snapshot.ts';
import type { SnapshotDiff } from '../core/serviceTags/serviceTagDiff.ts';
import type { NsgRuleTarget, RegistryTarget, Target } from '../core/targets/target.ts';
import type { TargetState, TargetStatus, MissingPrefix } from '../core/targets/targetState.ts';
import type { ArmUsage, RunRecord } from '../core/ledger/runRecord.ts';
import type { BlockCode, Reason } from '../core/reasons.ts';
import type { CurrentRule } from '../core/plan/currentRule.ts';
import type { RuleChange } from '../core/plan/plan.ts';
import type { Measurement } from '../core/metrics.ts';
import type { TimerName, TimerRun } from '../core/timers.ts';
import type { NotificationType } from '../core/notificationFormats.ts';

export type { CurrentRule };

export interface Logger {
  info(message: string, details?: Readonly<Record<string, unknown>>): void;
  warn(message: string, details?: Readonly<Record<string, unknown>>): void;
  error(message: string, details?: Readonly<Record<string, unknown>>): void;
}

export interface Clock {
  now(): Date;
  sleep(ms: number): Promise<void>;
}

/** One configured source of service tags. Throws SourceError. */
export interface ServiceTagsSource {
  /** As configured: `download`, `api`, a URL, `file:PATH`. */
  readonly name: string;
  /** `now` tells which file names are dated in the future, `misdated` which ones were when they were first seen. */
  fetch(now?: Date, misdated?: MisdatedDays): Promise<ServiceTagsDownload>;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Give it back to get the next page; absent on the last one. */
  readonly continuation?: string;
}

export interface PageRequest {
  readonly limit: number;
  readonly continuation?: string;
}

/** Container `service-tags`. */
export interface SnapshotStore {
  /** Write-once: `exists` where the id is there already. */
  put(snapshot: Snapshot): Promise<'created' | 'exists'>;
  get(cloud: Cloud, id: string): Promise<Snapshot | undefined>;
  /** Newest first. */
  list(cloud: Cloud, page: PageRequest): Promise<Page<SnapshotSummary>>;
  /** `notModified` where `unlessEtag` is still its ETag; undefined where there is none yet. Throws InvalidDocumentError. */
  readPointer(
    cloud: Cloud,
    unlessEtag?: string,
  ): Promise<{ readonly pointer: SnapshotPointer; readonly etag: string } | 'notModified' | undefined>;
  /** Of the pointer, whether it can be read or not; undefined where there is none. */
  readPointerEtag(cloud: Cloud): Promise<string | undefined>;
  /** Replaces the pointer only where its ETag is still `etag` (undefined: only where there is none). */
  replacePointer(pointer: SnapshotPointer, etag: string | undefined): Promise<'replaced' | 'conflict'>;
  readPullStatus(cloud: Cloud): Promise<PullStatus | undefined>;
  /** Runs `work` while nobody else pulls; `busy` where somebody does. */
  withPullLease<T>(cloud: Cloud, work: (session: PullSession) => Promise<T>): Promise<T | 'busy'>;
}

export interface PullSession {
  readonly status: PullStatus | undefined;
  putStatus(status: PullStatus): Promise<void>;
}

/** Container `service-tags`, `changes/<cloud>/<id>.json.gz`: what a snapshot changed against the one before it. */
export interface ChangeStore {
  /** Write-once: `exists` where it is there already. */
  put(cloud: Cloud, snapshotId: string, changes: SnapshotDiff): Promise<'created' | 'exists'>;
  get(cloud: Cloud, snapshotId: string): Promise<SnapshotDiff | undefined>;
}

/** What people decided about releases and tags: `decisions/<cloud>.json`. */
export interface HistoryDecisions {
  readonly version: 1;
  readonly cloud: Cloud;
  readonly rejected: readonly RejectedRelease[];
  readonly retired: readonly Retirement[];
}

export interface RejectedRelease {
  readonly snapshot: string;
  /** ISO */
  readonly at: string;
  readonly by: string;
  readonly reason: string;
}

/** Container `service-tags`, `history/<cloud>.json.gz`; made anew of the snapshots and of `releases/` if it is lost. */
export interface HistoryStore {
  /** `notModified` if `unlessEtag` is still its ETag; undefined if there is none. Throws InvalidDocumentError. */
  read(
    cloud: Cloud,
    unlessEtag?: string,
  ): Promise<{ readonly document: HistoryDocument; readonly etag: string } | 'notModified' | undefined>;
  /** Of the document, whether it can be read or not. */
  readEtag(cloud: Cloud): Promise<string | undefined>;
  /** Replaces the document only if its ETag is still `etag` (undefined: only if there is none). */
  replace(document: HistoryDocument, etag: string | undefined): Promise<'replaced' | 'conflict'>;
  /** Write-once: a release with the content of a snapshot that is there already. */
  putUnchanged(cloud: Cloud, release: UnchangedRelease): Promise<void>;
  /** In no particular order. */
  listUnchanged(cloud: Cloud): Promise<readonly UnchangedRelease[]>;
  readDecisions(cloud: Cloud): Promise<{ readonly decisions: HistoryDecisions; readonly etag: string } | undefined>;
  replaceDecisions(decisions: HistoryDecisions, etag: string | undefined): Promise<'replaced' | 'conflict'>;
}

/** Container `service-tags`, `timers/<name>.json`. */
export interface TimerStore {
  /** Throws InvalidDocumentError. */
  read(timer: TimerName): Promise<TimerRun | undefined>;
  put(timer: TimerName, run: TimerRun): Promise<void>;
}

export interface TargetSummary {
  /** Of the stored state: the same as long as nobody has written to it; absent if there is none. */
  readonly etag?: string;
  readonly status: TargetStatus;
  /** ISO time since when; absent if no run has told yet. */
  readonly since?: string;
  /** Whether anything of the app's is in its rules. */
  readonly isApplied: boolean;
  /** At most one: the prefix that was published first of those that the target still lacks. */
  readonly missing: readonly MissingPrefix[];
  /** Id of the snapshot that `missing` was compared with; absent if no run has told yet. */
  readonly snapshot?: string;
}

/** Container `targets`. */
export interface TargetStateStore {
  /** Throws InvalidDocumentError where the blob is not a state. */
  get(target: string): Promise<TargetState | undefined>;
  /** Of every target that has a state, from one listing. */
  listSummaries(): Promise<ReadonlyMap<string, TargetSummary>>;
  /** Runs `work` while nobody else holds the target's lease; `busy` where somebody does. The lease is renewed. */
  withLease<T>(target: string, work: (session: TargetSession) => Promise<T>): Promise<T | 'busy'>;
}

export interface TargetSession {
  /** As read under the lease; `unreadable` where the blob is not a state (a copy of it is kept). */
  readonly state: TargetState | 'unreadable' | undefined;
  /** Throws LeaseLostError where the lease is gone. */
  put(state: TargetState): Promise<void>;
  /** Throws LeaseLostError; call before every write to Azure. */
  assertHeld(): void;
}

/** A record that is damaged, or of a newer version, takes none of the others with it. */
export interface LedgerPage extends Page<RunRecord> {
  /** Absent if there is none. */
  readonly skipped?: readonly SkippedRecord[];
}

export interface SkippedRecord {
  readonly runId: string;
  /** InvalidDocumentError or NewerVersionError. */
  readonly error: Error;
}

/** Container `ledger`. */
export interface Ledger {
  /** Write-once. */
  put(record: RunRecord): Promise<'created' | 'exists'>;
  get(runId: string): Promise<RunRecord | undefined>;
  /** Id of the newest record of a chain that is newer than `head`: one call for each month since. */
  newestAfter(chain: string, head: string, now: Date): Promise<string | undefined>;
  /** Newest first; `until` (ISO): none that started later. Without `chain`, all chains. */
  list(query: { readonly chain?: string; readonly until?: string } & PageRequest): Promise<LedgerPage>;
}

/** Body of a message of the queue `update-target`. */
export interface UpdateMessage {
  readonly target: string;
  readonly reason: string;
  /** W3C trace context of the run that asked for it. */
  readonly traceparent?: string;
  /** How often the update was put off because its target was busy. */
  readonly postponed?: number;
}

export interface UpdateQueue {
  send(message: UpdateMessage, delayInMs?: number): Promise<void>;
}

/** What a target's live resource holds, as far as planning needs it. */
export interface CurrentState {
  /** Every prefix of the rules that are or may be ours, as read. One entry a rule; a registry has one, `ipRules`. */
  readonly rules: readonly CurrentRule[];
  /** ARM location, lower case. */
  readonly location: string;
  /** Room for prefixes: an NSG's 4,000 a side less those of other rules; a registry's rule quota. Undefined: not known. */
  readonly maxRules: number | undefined;
  /** What stands in the way of any write; the adapter's own checks. */
  readonly blockers: readonly { readonly code: BlockCode; readonly message: string }[];
  /** What a person should know: rules without effect, a registry that is being updated. */
  readonly notes: readonly Reason[];
  /** Opaque to the core: handed back to `write`. */
  readonly token: unknown;
}

/** How many prefixes a resource takes. */
export interface Quota {
  readonly limit: number;
  /** If Azure did not say: how the figure came about. */
  readonly note?: Reason;
}

/** Reads and writes one kind of target. Throws TargetBlockedError, TargetBusyError, TargetMovedError, or what the SDK throws. */
export interface TargetAdapter<T extends Target = Target> {
  read(target: T): Promise<CurrentState>;
  /**
   * Writes the changes, follows the operation to its end and reads back what came of it. `owned`: the prefixes of a
   * registry that are ours.
   */
  write(
    target: T,
    current: CurrentState,
    changes: readonly RuleChange[],
    owned: readonly string[],
  ): Promise<CurrentState>;
  /** How many prefixes the resource takes, if that must be asked for. One more call. */
  readQuota?(target: T, current: CurrentState): Promise<Quota>;
  /** How long after a write its additions may need to take effect. */
  readonly settleInMs: number;
}

/** Azure Resource Manager as one run uses it; counts its calls. */
export interface ArmSession {
  /** No call is tried again, and no operation is followed, beyond it. */
  readonly deadline: Date;
  readonly nsgRules: TargetAdapter<NsgRuleTarget>;
  readonly registryNetworkRules: TargetAdapter<RegistryTarget>;
  /** Home location and replicas of a registry, ARM locations in lower case. `home`, where it is known, saves a call. */
  readRegistryRegions(registryId: string, home?: string): Promise<readonly string[]>;
  usage(): ArmUsage;
}

export interface Arm {
  /** `deadline`: of the session; by default four minutes from now. */
  openSession(options?: { readonly deadline?: Date }): ArmSession;
}

/** Something that people should hear of. `type` is the CloudEvents type without its prefix. */
export interface Notification {
  readonly type: NotificationType;
  /** A target's name, a tag's name, a source, or the cloud that was pulled. */
  readonly subject: string;
  readonly message: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface Notifier {
  /** Never throws: a dead endpoint holds nobody up. */
  notify(notification: Notification): Promise<void>;
}

/** How the last notification to a webhook ended. */
export interface DeliveryStatus {
  readonly version: 1;
  readonly at: string;
  /** ISO time of the first one that was not taken; absent if the last one was. */
  readonly failingSince?: string;
  readonly error?: string;
}

/** By the URL of the webhook. */
export interface DeliveryStore {
  read(webhook: string): Promise<DeliveryStatus | undefined>;
  put(webhook: string, status: DeliveryStatus): Promise<void>;
}

/** The targets file as it stands now. Throws ConfigurationError. */
export interface TargetsSource {
  read(): Promise<readonly Target[]>;
}

/** A resource that asks by its Azure tag to be managed; `profile` is the tag's value. */
export interface TaggedResource {
  readonly resourceId: string;
  readonly kind: Target['kind'];
  readonly profile: string;
}

/** Azure, asked for its tags. */
export interface TaggedResourceFinder {
  /** All that it lists. What the app may not read is missing without a word, and a change shows some minutes late. */
  findTaggedResources(): Promise<readonly TaggedResource[]>;
  /**
   * One look at one resource: the profile that its tag names now, undefined where it has no such tag. Throws
   * TargetBlockedError (`notFound`: it is gone), or what the SDK throws; nothing is tried again beyond `deadline`.
   */
  readProfile(resource: TaggedResource, deadline: Date): Promise<string | undefined>;
}

/** Container `targets`, `tagged.json`: what was managed last, by whichever process. */
export interface TaggedResourceMemory {
  read(): Promise<readonly TaggedResource[]>;
  write(resources: readonly TaggedResource[]): Promise<void>;
}

export type TelemetryAttributes = Readonly<Record<string, string | number | boolean>>;

/** What a run tells of itself: one trace from pull to rule, and figures by name. Nothing of it throws or delays a run. */
export interface Telemetry {
  /** Runs `work` in a span; `parent` is a W3C traceparent: of the invocation, or of the message that asked for the run. */
  span<T>(
    name: string,
    options: { readonly parent?: string | undefined; readonly attributes?: TelemetryAttributes },
    work: (span: TelemetrySpan) => Promise<T>,
  ): Promise<T>;
  record(measurements: readonly Measurement[]): void;
  /** Sends what there is, within a few seconds; call at the end of an invocation. */
  flush(): Promise<void>;
}

export interface TelemetrySpan {
  /** To hand on in a queue message; undefined where nothing is traced. */
  readonly traceparent: string | undefined;
  set(attributes: TelemetryAttributes): void;
}
