/** What people decide about releases and tags: that a release counts as never published, and that a tag is gone for good. */
import { RequestError } from '../core/errors.ts';
import { History } from '../core/history/history.ts';
import { quarantine } from '../core/history/quarantine.ts';
import { newRunId } from '../core/ledger/ledgerChain.ts';
import type { PullStatus } from '../core/ledger/pullStatus.ts';
import type { PullRecord } from '../core/ledger/runRecord.ts';
import type { Cloud } from '../core/serviceTags/serviceTags.ts';
import type { Snapshot } from '../core/serviceTags/snapshot.ts';
import { HistoryReader, withDecisions } from './history/historyReader.ts';
import type { HistoryDecisions, PullSession } from './ports.ts';
import type { PullServices } from './pull/pull.ts';
import { newestStored, pointerBackTo } from './pull/storedList.ts';
import { agree, counted, dayInWords, withoutPeriod } from '../core/words.ts';
import { unknownSnapshot } from './queries/snapshotLibrary.ts';
import { commitRecord } from './runRecords.ts';
import { sendAll } from './sendAll.ts';

export type DecisionServices = Pick<
  PullServices,
  'clock' | 'cloud' | 'snapshots' | 'histories' | 'ledger' | 'targets' | 'queue' | 'randomHex'
>;

/** Plain JSON; more members are allowed. */
export interface DecisionResult {
  /** One sentence: what was decided, and what happens next. */
  readonly message: string;
  readonly runId: string;
  /** Id of the snapshot that is current now. */
  readonly snapshot: string;
}

/** Throws RequestError if the person who asks can fix the cause. */
export async function rejectRelease(
  services: DecisionServices,
  id: string,
  reason: string,
  by: string,
): Promise<DecisionResult> {
  return decide(services, { reason: 'reject', by }, async (history, decisions, at) => {
    const release = requirePulled(history, id);
    if (isRejected(decisions, id)) {
      throw new RequestError(
        409,
        'release-decided',
        `${id} is rejected already: DELETE snapshots/${id}/reject takes that back`,
      );
    }
    const next = { ...decisions, rejected: [...decisions.rejected, { snapshot: id, at, by, reason }] };
    const kept = await newestKept(services, history, next);
    return {
      decisions: next,
      current: kept,
      message: `The release of ${dayInWords(release.date)} (${id}) counts as never published: ${withoutPeriod(reason)}. Feeds return to ${kept.id} within half a minute, targets with their next run.`,
    };
  });
}

export function isRejected({ rejected }: HistoryDecisions, id: string): boolean {
  return rejected.some(({ snapshot }) => snapshot === id);
}

export async function takeBackRejection(services: DecisionServices, id: string, by: string): Promise<DecisionResult> {
  return decide(services, { reason: 'reject-taken-back', by }, async (history, decisions) => {
    if (!isRejected(decisions, id)) throw notRejected(id);
    const next = { ...decisions, rejected: decisions.rejected.filter(({ snapshot }) => snapshot !== id) };
    const kept = await newestKept(services, history, next);
    return {
      decisions: next,
      current: kept,
      message: `The release ${id} counts again. ${kept.id === id ? 'It' : kept.id} is current.`,
    };
  });
}

export async function retireTag(services: DecisionServices, tag: string, by: string): Promise<DecisionResult> {
  return decide(services, { reason: 'retire', by }, async (history, decisions, at) => {
    const ofTag = quarantine(history, tag);
    if (ofTag?.status !== 'retired' || ofTag.confirmedAt !== undefined) throw notRetired(history, tag);
    const next = { ...decisions, retired: [...decisions.retired, { tag: ofTag.tag, at }] };
    return {
      decisions: next,
      current: await newestKept(services, history, next),
      message: `${ofTag.tag} is gone for good: feeds no longer contain what it had. A target that names it keeps it until you approve its plan, or take the entry out of the target.`,
    };
  });
}

interface Decision {
  readonly decisions: HistoryDecisions;
  readonly current: Snapshot;
  readonly message: string;
}

/**
 * Under the lease of the pulls:
 * 1. Write the record to the ledger.
 * 2. Store the decision.
 * 3. Point to the snapshot that is current after it.
 * 4. Queue an update of every target.
 */
async function decide(
  services: DecisionServices,
  trigger: { readonly reason: string; readonly by: string },
  toDecision: (history: History, decisions: HistoryDecisions, at: string) => Promise<Decision>,
): Promise<DecisionResult> {
  const { cloud, histories, snapshots, clock } = services;
  const result = await snapshots.withPullLease(cloud, async (session) => {
    const stored = await histories.readDecisions(cloud);
    const decisions = stored?.decisions ?? noDecisions(cloud);
    const history = await new HistoryReader(services).readWith(stored?.decisions);
    const now = clock.now();
    const decision = await toDecision(history, decisions, now.toISOString());
    const { runId, status } = await record(services, session, trigger, now, decision);
    if ((await histories.replaceDecisions(decision.decisions, stored?.etag)) === 'conflict') {
      throw new RequestError(
        409,
        'pull-busy',
        'somebody else decided about a release or a tag at the same time: try again in a minute',
        {
          retryAfterInSeconds: 60,
        },
      );
    }
    await replacePointer(services, decision.current, now);
    // Who keeps what is stored about releases learns from a new status that it is to be read again.
    await session.putStatus(status);
    const targets = await services.targets.read();
    await sendAll(
      services.queue,
      targets.map(({ name }) => ({ message: { target: name, reason: 'selectionChanged' } })),
    );
    return { message: decision.message, runId, snapshot: decision.current.id };
  });
  if (result === 'busy') {
    throw new RequestError(409, 'pull-busy', 'a pull is running now: try again in a minute', {
      retryAfterInSeconds: 60,
    });
  }
  return result;
}

async function record(
  { cloud, ledger, clock, randomHex }: DecisionServices,
  session: PullSession,
  trigger: { readonly reason: string; readonly by: string },
  now: Date,
  { current, message }: Decision,
): Promise<{ readonly runId: string; readonly status: PullStatus }> {
  const { status: before } = session;
  if (!before)
    throw new RequestError(
      409,
      'no-snapshot',
      'no release has been pulled yet, so there is nothing to decide on: POST pull pulls one now',
    );
  const runId = newRunId(now, 'pull', randomHex());
  const entry: PullRecord = {
    id: runId,
    chain: 'pull',
    startedAt: now.toISOString(),
    finishedAt: clock.now().toISOString(),
    durationInMs: clock.now().getTime() - now.getTime(),
    trigger,
    outcome: 'applied',
    reasons: [],
    snapshot: { id: current.id, contentHash: current.contentHash, date: current.date },
    details: { cloud, message },
  };
  const next = { outbox: [], ...before, fannedOut: current.id };
  const status = await commitRecord(ledger, (changed) => session.putStatus(changed), next, entry);
  return { runId, status };
}

async function replacePointer({ cloud, snapshots }: DecisionServices, current: Snapshot, now: Date): Promise<void> {
  const answer = await snapshots.readPointer(cloud);
  if (answer === undefined || answer === 'notModified' || answer.pointer.snapshot === current.id) return;
  await snapshots.replacePointer(pointerBackTo(current, now), answer.etag);
}

/** The newest stored snapshot that is not rejected. Throws RequestError 409 if there is none. */
async function newestKept(
  services: DecisionServices,
  history: History,
  decisions: HistoryDecisions,
): Promise<Snapshot> {
  const snapshot = await newestStored(services, new History(withDecisions(withoutMarks(history), decisions)));
  if (snapshot) return snapshot;
  throw new RequestError(
    409,
    'release-decided',
    'there is no other stored release to return to: pause the targets, or pull from another source first',
  );
}

function withoutMarks({ document }: History): History['document'] {
  return { ...document, releases: document.releases.map(({ rejected: _, ...release }) => release) };
}

function requirePulled({ document }: History, id: string): { readonly date: string } {
  const release = document.releases.findLast(({ snapshot }) => snapshot === id);
  if (!release) throw unknownSnapshot(id);
  if (!release.builtIn) return release;
  throw new RequestError(
    409,
    'release-decided',
    `${id} is built in: only a release that was pulled can be rejected, see GET snapshots`,
  );
}

function notRejected(id: string): RequestError {
  return new RequestError(404, 'unknown-snapshot', `${id} is not rejected; GET snapshots lists the snapshots`);
}

function notRetired(history: History, tag: string): RequestError {
  const found = quarantine(history, tag);
  if (found?.confirmedAt !== undefined) {
    const message = `${found.tag} was confirmed as gone on ${dayInWords(found.confirmedAt)}: nothing to do`;
    return new RequestError(409, 'release-decided', message);
  }
  if (!found) {
    return new RequestError(
      404,
      'unknown-tag',
      `the tag "${tag}" is not retired, because it is listed or was never recorded: GET tags lists the tags`,
    );
  }
  const { confirmations, confirmationsNeeded: needed } = found;
  const message = `${found.tag} is in quarantine and not retired yet: ${confirmations} of ${counted(needed, 'further release')} ${agree(needed, 'has', 'have')} confirmed it; try again after the others`;
  return new RequestError(409, 'release-decided', message);
}

function noDecisions(cloud: Cloud): HistoryDecisions {
  return { version: 1, cloud, rejected: [], retired: [] };
}
