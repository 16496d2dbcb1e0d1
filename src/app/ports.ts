/** What the app needs from outside, as interfaces only. Adapters implement them; tests may fake them. */
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
  /** `now` tells which files are dated in the future; `misdated` names those that were when they were first seen. */
  fetch(now?: Date, misdated?: MisdatedDays): Promise<ServiceTagsDownload>;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Pass it in the next request to get the next page; absent on the last page. */
  readonly continuation?: string;
}

export interface PageRequest {
  readonly limit: number;
  readonly continuation?: string;
}

/** Container `service-tags`. */
export interface SnapshotStore {
  /** Write-once: `exists` if the id is stored already. */
  put(snapshot: Snapshot): Promise<'created' | 'exists'>;
  get(cloud: Cloud, id: string): Promise<Snapshot | undefined>;
  /** All of them, newest first. */
  list(cloud: Cloud): Promise<readonly SnapshotSummary[]>;
  /** `notModified` if its ETag still is `unlessEtag`; undefined before the first pull. Throws InvalidDocumentError. */
  readPointer(
    cloud: Cloud,
    unlessEtag?: string,
  ): Promise<{ readonly pointer: SnapshotPointer; readonly etag: string } | 'notModified' | undefined>;
  /** ETag of the pointer, even if it is damaged; undefined if there is none. */
  readPointerEtag(cloud: Cloud): Promise<string | undefined>;
  /** Replaces the pointer only if its ETag still is `etag` (undefined: only if there is none). */
  replacePointer(pointer: SnapshotPointer, etag: string | undefined): Promise<'replaced' | 'conflict'>;
  readPullStatus(cloud: Cloud): Promise<PullStatus | undefined>;
  /** Pointer and status of the pulls; `known` is what was read last, and is not read again as long as it is the same. */
  readCurrent(cloud: Cloud, known?: CurrentRelease): Promise<CurrentRelease>;
  /** Runs `work` under the lease of the pulls. Returns `busy` if another pull has it. */
  withPullLease<T>(cloud: Cloud, work: (session: PullSession) => Promise<T>): Promise<T | 'busy'>;
}

/** Every pull and every decision about releases ends with a new status: what is stored of them is the same as long as both ETags are. */
export interface CurrentRelease {
  readonly pointer: SnapshotPointer | undefined;
  readonly status: PullStatus | undefined;
  readonly etags: { readonly pointer: string | undefined; readonly status: string | undefined };
}

export interface PullSession {
  readonly status: PullStatus | undefined;
  putStatus(status: PullStatus): Promise<void>;
}

/** Container `service-tags`, `changes/<cloud>/<id>.json.gz`: the changes from the snapshot before to this one. */
export interface ChangeStore {
  /** Write-once: `exists` if it is stored already. */
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

/** Container `service-tags`, `history/<cloud>.json.gz`; rebuilt from the snapshots and `releases/` if it is lost. */
export interface HistoryStore {
  /** `notModified` if its ETag still is `unlessEtag`; undefined if there is none. Throws InvalidDocumentError. */
  read(
    cloud: Cloud,
    unlessEtag?: string,
  ): Promise<{ readonly document: HistoryDocument; readonly etag: string } | 'notModified' | undefined>;
  /** ETag of the document, even if it is damaged; undefined if there is none. */
  readEtag(cloud: Cloud): Promise<string | undefined>;
  /** Replaces the document only if its ETag still is `etag` (undefined: only if there is none). */
  replace(document: HistoryDocument, etag: string | undefined): Promise<'replaced' | 'conflict'>;
  /** Write-once. Stores a release whose content is that of a stored snapshot. */
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
  /** ETag of the stored state; absent if there is none. */
  readonly etag?: string;
  readonly status: TargetStatus;
  /** ISO time since when the target has this status; absent before its first run. */
  readonly since?: string;
  /** True if its rules contain prefixes that the app added. */
  readonly isApplied: boolean;
  /** ISO time since when it has selected what it selects now; absent if that is not known. */
  readonly selectedSince?: string;
  /** At most one entry: of the prefixes that the target lacks, the one that was published first. */
  readonly missing: readonly MissingPrefix[];
  /** Id of the snapshot that the last run compared the target with; absent before its first run. */
  readonly snapshot?: string;
  /** For a target with `regions.ofRegistry`: home and replicas of that registry, as the last run read them. */
  readonly registryRegions?: readonly string[];
}

/** Container `targets`. */
export interface TargetStateStore {
  /** Throws InvalidDocumentError if the blob is not a state. */
  get(target: string): Promise<TargetState | undefined>;
  /** Summaries of all targets with a state, by target name, from one listing of blobs. */
  listSummaries(): Promise<ReadonlyMap<string, TargetSummary>>;
  /** Runs `work` under the target's lease and renews it. Returns `busy` if another run has the lease. */
  withLease<T>(target: string, work: (session: TargetSession) => Promise<T>): Promise<T | 'busy'>;
  /**
   * As `withLease`, but the lease is taken only when `work` first writes the state, and only if the state is still as it
   * was read; `moved` if it is not, so that `work` has to begin anew.
   */
  withLeaseToWrite<T>(target: string, work: (session: TargetSession) => Promise<T>): Promise<T | 'busy' | 'moved'>;
}

export interface TargetSession {
  /** As read; `unreadable` if the blob is not a state (a copy of it is kept). */
  readonly state: TargetState | 'unreadable' | undefined;
  /** Throws LeaseLostError if the lease is lost. */
  put(state: TargetState): Promise<void>;
  /** Throws LeaseLostError if the lease is lost. Call it before every write to Azure. */
  assertHeld(): void;
}

export interface LedgerPage extends Page<RunRecord> {
  /** Records that are damaged or of a newer version; absent if there is none. */
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
  /** Id of the newest record of a chain if it is newer than the record `head`. Makes one call per month since then. */
  newestAfter(chain: string, head: string, now: Date): Promise<string | undefined>;
  /** Newest first. `until` (ISO time): only runs that started by then. Without `chain`: all chains. */
  list(query: { readonly chain?: string; readonly until?: string } & PageRequest): Promise<LedgerPage>;
}

/** Body of a message of the queue `update-target`. */
export interface UpdateMessage {
  readonly target: string;
  readonly reason: string;
  /** W3C trace context of the run that sent the message. */
  readonly traceparent?: string;
  /** How often the update was put off because its target was busy. */
  readonly postponed?: number;
}

export interface UpdateQueue {
  send(message: UpdateMessage, delayInMs?: number): Promise<void>;
}

/** A target's live resource, as far as planning needs it. */
export interface CurrentState {
  /** The rules that are or may be ours, with all their prefixes as read. A registry has one rule, `ipRules`. */
  readonly rules: readonly CurrentRule[];
  /** ARM location, lower case. */
  readonly location: string;
  /** Limit for these rules: an NSG's 4,000 per side minus other rules; a registry's rule quota. Undefined: not known. */
  readonly maxRules: number | undefined;
  /** Why nothing can be written to the resource, as found by the adapter. */
  readonly blockers: readonly { readonly code: BlockCode; readonly message: string }[];
  /** What a person should know: rules without effect, a registry that is being updated. */
  readonly notes: readonly Reason[];
  /** Opaque to the core; the adapter's `write` needs it. */
  readonly token: unknown;
}

/** How many prefixes a resource can have. */
export interface Quota {
  readonly limit: number;
  /** If Azure did not tell the limit: where the figure comes from. */
  readonly note?: Reason;
}

/** Reads and writes one kind of target. Throws TargetBlockedError, TargetBusyError, TargetMovedError, or what the SDK throws. */
export interface TargetAdapter<T extends Target = Target> {
  read(target: T): Promise<CurrentState>;
  /**
   * Writes the changes, waits for the end of the operation and reads the resource back. `owned`: the prefixes of a
   * registry that are ours.
   */
  write(
    target: T,
    current: CurrentState,
    changes: readonly RuleChange[],
    owned: readonly string[],
  ): Promise<CurrentState>;
  /** Reads how many prefixes the resource can have, if that needs a call of its own. */
  readQuota?(target: T, current: CurrentState): Promise<Quota>;
  /** How long added prefixes may need to take effect after a write. */
  readonly settleInMs: number;
}

/** Azure Resource Manager as one run uses it; counts its calls. */
export interface ArmSession {
  /** After this time the session retries no call and waits for no operation. */
  readonly deadline: Date;
  readonly nsgRules: TargetAdapter<NsgRuleTarget>;
  readonly registryNetworkRules: TargetAdapter<RegistryTarget>;
  /** Home location and replicas of a registry, ARM locations in lower case. Passing `home`, if it is known, saves a call. */
  readRegistryRegions(registryId: string, home?: string): Promise<readonly string[]>;
  usage(): ArmUsage;
}

export interface Arm {
  /** `deadline`: of the session; by default four minutes from now. */
  openSession(options?: { readonly deadline?: Date }): ArmSession;
}

/** An event that people should know of. `type` is the CloudEvents type without its prefix. */
export interface Notification {
  readonly type: NotificationType;
  /** A target's name, a tag's name, a source, or the cloud that was pulled. */
  readonly subject: string;
  readonly message: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface Notifier {
  /** Never throws: an endpoint that does not answer must not stop a run. */
  notify(notification: Notification): Promise<void>;
}

/** Result of the last notification to a webhook. */
export interface DeliveryStatus {
  readonly version: 1;
  readonly at: string;
  /** ISO time of the first failure since the last success; absent if the last notification was delivered. */
  readonly failingSince?: string;
  readonly error?: string;
}

/** Keyed by the URL of the webhook. */
export interface DeliveryStore {
  read(webhook: string): Promise<DeliveryStatus | undefined>;
  put(webhook: string, status: DeliveryStatus): Promise<void>;
}

/** The targets as they are configured now. Throws ConfigurationError. */
export interface TargetsSource {
  read(): Promise<readonly Target[]>;
}

/** A resource with the Azure tag `service-tag-sync`; `profile` is the tag's value. */
export interface TaggedResource {
  readonly resourceId: string;
  readonly kind: Target['kind'];
  readonly profile: string;
}

/** Finds resources by their Azure tag. */
export interface TaggedResourceFinder {
  /** Azure silently omits resources that the app may not read, and shows changes some minutes late. */
  findTaggedResources(): Promise<readonly TaggedResource[]>;
  /**
   * The profile that the resource's tag names now; undefined if it has no such tag. Throws TargetBlockedError
   * (`notFound`: it is gone), or what the SDK throws; retries nothing after `deadline`.
   */
  readProfile(resource: TaggedResource, deadline: Date): Promise<string | undefined>;
}

/** Container `targets`, `tagged.json`: the tagged resources that any process managed last. */
export interface TaggedResourceMemory {
  read(): Promise<readonly TaggedResource[]>;
  write(resources: readonly TaggedResource[]): Promise<void>;
}

export type TelemetryAttributes = Readonly<Record<string, string | number | boolean>>;

/** One trace from pull to rule, and metrics by name. Nothing here throws or delays a run. */
export interface Telemetry {
  /** Runs `work` in a span. `parent`: W3C traceparent of the invocation, or of the message that asked for the run. */
  span<T>(
    name: string,
    options: { readonly parent?: string | undefined; readonly attributes?: TelemetryAttributes },
    work: (span: TelemetrySpan) => Promise<T>,
  ): Promise<T>;
  record(measurements: readonly Measurement[]): void;
  /** Sends what was recorded, within a few seconds. Call it at the end of an invocation. */
  flush(): Promise<void>;
}

export interface TelemetrySpan {
  /** For queue messages; undefined if nothing is traced. */
  readonly traceparent: string | undefined;
  set(attributes: TelemetryAttributes): void;
}
