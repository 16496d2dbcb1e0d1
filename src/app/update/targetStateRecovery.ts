/** A target's state when it is fresh, lost or unreadable: the ledger tells what was owned, pinned and paused. */
import { recordHash } from '../../core/ledger/ledgerChain.ts';
import type { Reason } from '../../core/reasons.ts';
import type { RunRecord } from '../../core/ledger/runRecord.ts';
import type { Target } from '../../core/targets/target.ts';
import type { TargetState } from '../../core/targets/targetState.ts';
import { counted } from '../../core/words.ts';
import type { Ledger } from '../ports.ts';

export interface LoadedState {
  readonly state: TargetState;
  readonly notes: readonly Reason[];
}

export function emptyState(target: string, ownerId: string): TargetState {
  return { version: 1, target, ownerId, owned: [], ownedRules: [], absent: [], returned: [] };
}

export async function loadState(
  ledger: Ledger,
  found: TargetState | 'unreadable' | undefined,
  target: string,
  ownerId: string,
): Promise<LoadedState> {
  if (found !== undefined && found !== 'unreadable') return { state: found, notes: [] };
  const state = await recoverState(ledger, target, ownerId);
  const isFresh = found === undefined && state.ledgerHead === undefined;
  return { state, notes: isFresh ? [] : [recoveredNote(found === 'unreadable', state)] };
}

/** What is remembered of another resource does not hold for this one: nothing there is ours until it is claimed. */
export function bindToResource({ state, notes }: LoadedState, target: Target): LoadedState {
  const resourceId = target.resourceId.toLowerCase();
  const { resourceId: before = resourceId, ledgerHead, outbox, pin, paused } = state;
  if (before === resourceId) return { state: { ...state, resourceId }, notes };
  return {
    state: {
      ...emptyState(target.name, state.ownerId),
      resourceId,
      ...(pin ? { pin } : {}),
      ...(paused ? { paused } : {}),
      ...(outbox ? { outbox } : {}),
      ...(ledgerHead ? { ledgerHead } : {}),
    },
    notes: [
      ...notes,
      {
        code: 'otherResource',
        message: `The target was ${before} before: its rules there stay as they are and are not kept up to date; here nothing is ours yet.`,
      },
    ],
  };
}

/** A year of a target that is looked at each hour and blocked each time. */
const maxRecords = 10_000;

async function recoverState(ledger: Ledger, target: string, ownerId: string): Promise<TargetState> {
  const empty = emptyState(target, ownerId);
  let newest: RunRecord | undefined;
  let owning: RunRecord | undefined;
  let rolledBack: RunRecord | undefined;
  let paused: RunRecord | undefined;
  let isResumed = false;
  for await (const record of newestFirst(ledger, target)) {
    newest ??= record;
    if (record.owned !== undefined && record.ownerId === ownerId) owning ??= record;
    isResumed ||= record.trigger.reason === 'resume';
    if (!isResumed && record.trigger.reason === 'rollback') rolledBack ??= record;
    if (!isResumed && record.trigger.reason === 'pause') paused ??= record;
    if (owning && isResumed) break;
  }
  if (!newest) return empty;
  return {
    ...empty,
    owned: (owning?.owned ?? []).map((prefix) => ({ prefix, since: owning?.finishedAt ?? '' })),
    ownedRules: owning?.ownedRules ?? [],
    ...(owning?.resourceId === undefined ? {} : { resourceId: owning.resourceId }),
    ...(rolledBack?.snapshot ? { pin: { snapshot: rolledBack.snapshot.id, ...whoAndWhen(rolledBack) } } : {}),
    ...(paused ? { paused: whoAndWhen(paused) } : {}),
    ledgerHead: { runId: newest.id, hash: recordHash(newest) },
  };
}

async function* newestFirst(ledger: Ledger, chain: string): AsyncGenerator<RunRecord> {
  let continuation: string | undefined;
  for (let count = 0; count < maxRecords;) {
    const page = await ledger.list({ chain, limit: 50, ...(continuation === undefined ? {} : { continuation }) });
    yield* page.items;
    count += page.items.length;
    continuation = page.continuation;
    if (continuation === undefined) return;
  }
}

function whoAndWhen({ trigger, startedAt }: RunRecord): { readonly by: string; readonly at: string } {
  return { by: trigger.by ?? 'unknown', at: startedAt };
}

function recoveredNote(isUnreadable: boolean, state: TargetState): Reason {
  const what = isUnreadable ? 'The state could not be read (a copy of it is kept)' : 'The state was lost';
  const count = state.owned.length;
  const owned = `${counted(count, 'owned prefix')} ${count === 1 ? 'was' : 'were'}`;
  return {
    code: 'recovered',
    message: `${what}; ${owned} taken from the ledger. Clocks of removals start anew.`,
  };
}
