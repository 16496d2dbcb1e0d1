/** Container `targets`: one state a target; the lease that keeps two updates apart sits on its blob. */
import type { TargetSession, TargetStateStore, TargetSummary } from '../../app/ports.ts';
import { RequestError, shorten } from '../../core/errors.ts';
import { targetNamePattern } from '../../core/targets/targetName.ts';
import { targetStatuses, type TargetState } from '../../core/targets/targetState.ts';
import { BlobContainer, type BlobServices } from './container.ts';
import type { LeaseOptions } from './lease.ts';
import { readDocument, withDocument, type LeasedDocument } from './leasedDocument.ts';
import { ledgerHead } from './snapshotShapes.ts';
import { anyObject, listOf, number, object, oneOf, optional, text, type Check } from './shape.ts';

export class BlobTargetStateStore implements TargetStateStore {
  readonly #container: BlobContainer;
  readonly #leaseOptions: Partial<LeaseOptions>;

  constructor(services: BlobServices, leaseOptions: Partial<LeaseOptions> = {}) {
    this.#container = new BlobContainer(services, 'targets');
    this.#leaseOptions = leaseOptions;
  }

  async get(target: string): Promise<TargetState | undefined> {
    return readDocument<TargetState>(this.#container, documentOf(target));
  }

  async listSummaries(): Promise<ReadonlyMap<string, TargetSummary>> {
    const found = new Map<string, TargetSummary>();
    for await (const { name, metadata } of this.#container.list('state/')) {
      const target = /^state\/([^/.]+)\.json$/.exec(name)?.[1];
      const status = targetStatuses.find((known) => known === metadata.status);
      if (target === undefined || !targetNamePattern.test(target) || status === undefined) continue;
      const { waitingsnapshot: snapshot } = metadata;
      found.set(target, { status, waiting: waitingOf(metadata), ...(snapshot === undefined ? {} : { snapshot }) });
    }
    return found;
  }

  async withLease<T>(target: string, work: (session: TargetSession) => Promise<T>): Promise<T | 'busy'> {
    return withDocument<TargetState, T>(this.#container, documentOf(target), this.#leaseOptions, (session) =>
      work({
        state: session.value,
        put: (state) => session.put(state, metadataOf(state)),
        assertHeld: () => session.assertHeld(),
      }),
    );
  }
}

function documentOf(target: string): LeasedDocument {
  if (!targetNamePattern.test(target)) {
    throw new RequestError(
      400,
      'unknown-target',
      `"${shorten(target)}" cannot be a target's name: 1 to 40 of a-z, 0-9 and -`,
    );
  }
  return { path: `state/${target}`, check: stateCheck(target) };
}

/** What `listSummaries` tells without a look into the blob. */
function metadataOf(state: TargetState): Readonly<Record<string, string>> {
  const dated = (state.waiting ?? []).filter(({ published }) => published !== '');
  const first = dated.sort((a, b) => (a.published < b.published ? -1 : 1))[0];
  // The last run may have been before the pause.
  const status = state.paused ? 'paused' : state.lastResult?.status;
  return {
    ...(status ? { status } : {}),
    ...(first ? { waitingprefix: first.prefix, waitingsince: first.published } : {}),
    ...(state.coverage ? { waitingsnapshot: state.coverage.snapshot } : {}),
  };
}

function waitingOf(metadata: Readonly<Record<string, string>>): TargetSummary['waiting'] {
  const { waitingprefix: prefix, waitingsince: published } = metadata;
  return prefix !== undefined && published !== undefined ? [{ prefix, published }] : [];
}

function stateCheck(target: string): Check {
  return object({
    version: oneOf(1),
    target: oneOf(target),
    ownerId: text,
    owned: listOf(object({ prefix: text, since: text })),
    ownedRules: listOf(text),
    absent: listOf(object({ prefix: text, since: text, publication: text, confirmedBy: listOf(text) })),
    returned: listOf(object({ prefix: text, returns: listOf(text) })),
    removalsNotBefore: optional(text),
    inFlight: optional(object({ runId: text, startedAt: text, plan: anyObject, before: listOf(liveRule) })),
    pin: optional(object({ snapshot: text, by: text, at: text })),
    paused: optional(object({ by: text, at: text })),
    approval: optional(object({ planId: text, by: text, at: text, add: listOf(text), remove: listOf(text) })),
    exposure: optional(object({ snapshot: text, addedAddresses: number })),
    clocksMovedBy: optional(text),
    heldAdditions: optional(listOf(text)),
    heldAdditionsLimit: optional(number),
    knownRegions: optional(listOf(text)),
    capacity: optional(object({ used: number, limit: number, history: listOf(object({ date: text, count: number })) })),
    waiting: optional(listOf(object({ prefix: text, published: text }))),
    coverage: optional(object({ snapshot: text, byOthers: listOf(text), registryRegions: optional(listOf(text)) })),
    lastResult: optional(object({ runId: text, at: text, outcome: text, status: oneOf(...targetStatuses), reasons })),
    outbox: optional(object({ id: text, chain: oneOf(target) })),
    ledgerHead: optional(ledgerHead),
  });
}

const liveRule = object({ rule: text, prefixes: listOf(text) });
const reasons = listOf(object({ code: text, message: text }));
