/** A target's state when it is fresh, lost or unreadable: the ledger tells what was owned, pinned and paused. */
import { recordHash } from '../../core/ledger/ledgerChain.ts';
import { countAddresses } from '../../core/prefixes.ts';
import type { Reason } from '../../core/reasons.ts';
import type { RunRecord } from '../../core/ledger/runRecord.ts';
import { ownRulesOf } from '../../core/targets/ownRules.ts';
import type { Target } from '../../core/targets/target.ts';
import type { TargetState } from '../../core/targets/targetState.ts';
import { itemsOf } from '../itemsOf.ts';
import { counted } from '../../core/words.ts';
import type { Ledger } from '../ports.ts';

export interface LoadedState {
  readonly state: TargetState;
  readonly notes: readonly Reason[];
}

function emptyState(target: string, ownerId: string): TargetState {
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
  if (before === resourceId) {
    return {
      state: { ...state, resourceId, ownedRules: state.ownedRules.map((rule) => spelledBy(target, rule)) },
      notes,
    };
  }
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

/** What a list let in before the state was lost counts, and what it held stays held. */
function additionsIn(
  { snapshot, reasons }: RunRecord,
  added: readonly string[],
): Pick<TargetState, 'exposure' | 'heldAdditions'> {
  const addedAddresses = Number(countAddresses(added, 'ipv4'));
  return {
    ...(snapshot ? { exposure: { snapshot: snapshot.id, addedAddresses } } : {}),
    heldAdditions: reasons.filter(({ code }) => code === 'maxAddedAddresses').flatMap(({ prefixes = [] }) => prefixes),
  };
}

/** Azure's names have no letter case: one that the targets file spells anew is the same rule. */
function spelledBy(target: Target, rule: string): string {
  const rules = target.kind === 'nsgRule' ? ownRulesOf(target) : [];
  return rules.find(({ name }) => name.toLowerCase() === rule.toLowerCase())?.name ?? rule;
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
  let added: readonly string[] = [];
  for await (const record of newestFirst(ledger, target)) {
    newest ??= record;
    const isOfSnapshot = record.snapshot?.id === newest.snapshot?.id;
    if (isOfSnapshot && (record.outcome === 'applied' || record.outcome === 'pending')) {
      added = [...added, ...(record.plan?.add ?? [])];
    }
    if (record.owned !== undefined && record.ownerId === ownerId) owning ??= record;
    isResumed ||= record.trigger.reason === 'resume';
    if (!isResumed && record.trigger.reason === 'rollback') rolledBack ??= record;
    if (!isResumed && record.trigger.reason === 'pause') paused ??= record;
    if (owning && isResumed && !isOfSnapshot) break;
  }
  if (!newest) return empty;
  return {
    ...empty,
    owned: (owning?.owned ?? []).map((prefix) => ({ prefix, since: owning?.finishedAt ?? '' })),
    ownedRules: owning?.ownedRules ?? [],
    ...(owning?.resourceId === undefined ? {} : { resourceId: owning.resourceId }),
    ...(rolledBack?.snapshot ? { pin: { snapshot: rolledBack.snapshot.id, ...whoAndWhen(rolledBack) } } : {}),
    ...(paused ? { paused: whoAndWhen(paused) } : {}),
    ...additionsIn(newest, added),
    ledgerHead: { runId: newest.id, hash: recordHash(newest) },
  };
}

function newestFirst(ledger: Ledger, chain: string): AsyncGenerator<RunRecord> {
  return itemsOf((page) => ledger.list({ chain, ...page }), 50, maxRecords);
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
