/** Container `targets`: one state per target. The lease of its blob prevents two updates at the same time. */
import type { TargetSession, TargetStateStore, TargetSummary } from '../../app/ports.ts';
import { RequestError, shorten } from '../../core/errors.ts';
import { targetNamePattern } from '../../core/targets/target.ts';
import { isApplied, type TargetState, targetStatuses } from '../../core/targets/targetState.ts';
import { carryOver, type StateOfVersion1 } from '../../core/targets/stateOfVersion1.ts';
import { BlobContainer, type BlobServices } from './container.ts';
import type { LeaseOptions } from './lease.ts';
import {
  readDocument,
  withDocument,
  withDocumentUnlessUnchanged,
  type DocumentSession,
  type LeasedDocument,
} from './leasedDocument.ts';
import { ledgerHead } from './snapshotShapes.ts';
import { anyObject, listOf, number, object, oneOf, optional, parseBlob, text, textList, type Check } from './shape.ts';

export class BlobTargetStateStore implements TargetStateStore {
  readonly #container: BlobContainer;
  readonly #leaseOptions: Partial<LeaseOptions>;

  constructor(services: BlobServices, leaseOptions: Partial<LeaseOptions> = {}) {
    this.#container = new BlobContainer(services, 'targets');
    this.#leaseOptions = leaseOptions;
  }

  async get(target: string): Promise<TargetState | undefined> {
    return readDocument(this.#container, documentOf(target));
  }

  async listSummaries(): Promise<ReadonlyMap<string, TargetSummary>> {
    const summaries = new Map<string, TargetSummary>();
    for await (const { name, metadata, etag } of this.#container.list('state/')) {
      const target = /^state\/([^/.]+)\.json$/.exec(name)?.[1];
      const status = targetStatuses.find((known) => known === metadata.status);
      if (target === undefined || !targetNamePattern.test(target) || status === undefined) continue;
      const { waitingsnapshot: snapshot, since, selectedsince: selectedSince, registryregions: regions } = metadata;
      summaries.set(target, {
        etag,
        status,
        missing: missingOf(metadata),
        // Version 0.1 did not store it.
        isApplied: metadata.applied !== 'false',
        ...(since === undefined ? {} : { since }),
        ...(selectedSince === undefined ? {} : { selectedSince }),
        ...(snapshot === undefined ? {} : { snapshot }),
        ...(regions === undefined ? {} : { registryRegions: regions.split(',') }),
      });
    }
    return summaries;
  }

  async withLease<T>(target: string, work: (session: TargetSession) => Promise<T>): Promise<T | 'busy'> {
    return withDocument(this.#container, documentOf(target), this.#leaseOptions, (session) => work(toSession(session)));
  }

  async withLeaseToWrite<T>(
    target: string,
    work: (session: TargetSession) => Promise<T>,
  ): Promise<T | 'busy' | 'moved'> {
    return withDocumentUnlessUnchanged(
      this.#container,
      documentOf(target),
      this.#leaseOptions,
      // If an earlier run was interrupted or is still in progress, take the lease first.
      ({ run }) => run.inFlight === undefined && run.outbox.length === 0,
      (session) => work(toSession(session)),
    );
  }
}

function toSession({ value, put, assertHeld }: DocumentSession<TargetState>): TargetSession {
  return { state: value, put: (state) => put(state, metadataOf(state)), assertHeld };
}

function documentOf(target: string): LeasedDocument<TargetState> {
  if (!targetNamePattern.test(target)) {
    throw new RequestError(
      400,
      'unknown-target',
      `"${shorten(target)}" cannot be a target's name; accepted: up to 40 characters of a-z, 0-9 and -`,
    );
  }
  return { path: `state/${target}`, parse: (name, bytes) => parseState(name, bytes, target), toJson: (state) => state };
}

function parseState(name: string, bytes: Buffer, target: string): TargetState {
  const check: Check = (value, path) => {
    object({ version: oneOf(1, 2) })(value, path);
    ((value as { version: number }).version === 1 ? checkOfVersion1(target) : stateCheck(target))(value, path);
  };
  const state = parseBlob(name, bytes, check, 2) as TargetState | StateOfVersion1;
  return state.version === 1 ? carryOver(state) : state;
}

/** The metadata from which `listSummaries` reads, so that it need not read the blobs. */
function metadataOf(state: TargetState): Readonly<Record<string, string>> {
  const { operator, run, selection } = state;
  const { seen, lastResult, inFlight } = run;
  const dated = (seen?.missing ?? []).filter(({ published }) => published !== '');
  const first = dated.sort((a, b) => (a.published < b.published ? -1 : 1))[0];
  // The last result may be older than a pause, or than a run that is in progress or has crashed.
  const status = operator.paused ? 'paused' : inFlight ? 'pending' : lastResult?.status;
  const since = operator.paused?.at ?? inFlight?.startedAt ?? lastResult?.since;
  return {
    applied: String(isApplied(state)),
    ...(since === undefined ? {} : { since }),
    ...(selection ? { selectedsince: selection.since } : {}),
    ...(status ? { status } : {}),
    ...(first ? { waitingprefix: first.prefix, waitingsince: first.published } : {}),
    ...(seen ? { waitingsnapshot: seen.snapshot } : {}),
    ...(seen?.registryRegions ? { registryregions: seen.registryRegions.join(',') } : {}),
  };
}

function missingOf(metadata: Readonly<Record<string, string>>): TargetSummary['missing'] {
  const { waitingprefix: prefix, waitingsince: published } = metadata;
  return prefix !== undefined && published !== undefined ? [{ prefix, published }] : [];
}

const liveRules = listOf(object({ rule: text, prefixes: textList }));
const reasons = listOf(object({ code: text, message: text }));
const ownedPrefixes = listOf(object({ prefix: text, since: text, isUnproven: optional(oneOf(true)) }));
const whoAndWhen = { by: text, at: text };
const pin = optional(object({ snapshot: text, ...whoAndWhen }));
const paused = optional(object(whoAndWhen));
const approval = {
  planId: text,
  ...whoAndWhen,
  snapshot: text,
  configHash: text,
  add: textList,
  remove: textList,
};
const capacity = optional(
  object({ used: number, limit: number, history: listOf(object({ date: text, count: number })) }),
);
const lastResult = {
  alignedWith: optional(text),
  runId: text,
  at: text,
  outcome: text,
  status: oneOf(...targetStatuses),
  reasons,
};
const missing = listOf(object({ prefix: text, published: text }));
const absent = listOf(object({ prefix: text, since: text, confirmations: number }));
const seen = { snapshot: text, byOthers: textList, registryRegions: optional(textList) };

function stateCheck(target: string): Check {
  const write = object({ plan: anyObject, claimed: textList, removalsNotBefore: optional(text) });
  return object({
    target: oneOf(target),
    resourceId: optional(text),
    ownerId: text,
    ownership: object({ prefixes: ownedPrefixes, rules: textList }),
    operator: object({ pin, paused, approval: optional(object({ ...approval, newest: text, record: text })) }),
    run: object({
      inFlight: optional(object({ runId: text, startedAt: text, before: liveRules, writes: listOf(write) })),
      removalsNotBefore: optional(text),
      seen: optional(object({ ...seen, missing, absent })),
      capacity,
      deadlineAnnounced: optional(text),
      lastResult: optional(object({ ...lastResult, since: text })),
      recorded: optional(object({ at: text, news: text, outcome: text })),
      outbox: listOf(object({ id: text, chain: oneOf(target) })),
      ledgerHead: optional(ledgerHead),
    }),
    selection: optional(object({ hash: text, since: text, isFirst: optional(oneOf(true)) })),
  });
}

function checkOfVersion1(target: string): Check {
  return object({
    target: oneOf(target),
    resourceId: optional(text),
    ownerId: text,
    owned: ownedPrefixes,
    ownedRules: textList,
    removalsNotBefore: optional(text),
    inFlight: optional(object({ runId: text, startedAt: text, plan: anyObject, before: liveRules })),
    pin,
    paused,
    capacity,
    waiting: optional(missing),
    coverage: optional(object(seen)),
    deadlineAnnounced: optional(text),
    lastResult: optional(object(lastResult)),
    outbox: optional(object({ id: text, chain: oneOf(target) })),
    ledgerHead: optional(ledgerHead),
  });
}
