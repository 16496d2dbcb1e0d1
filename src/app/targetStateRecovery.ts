/** A target's state when it is fresh, lost or unreadable: the ledger's last record tells what was owned. */
import { recordHash } from '../core/ledgerChain.ts';
import type { Reason } from '../core/reasons.ts';
import type { TargetState } from '../core/targetState.ts';
import type { Ledger } from './ports.ts';

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

async function recoverState(ledger: Ledger, target: string, ownerId: string): Promise<TargetState> {
  const empty = emptyState(target, ownerId);
  const page = await ledger.list({ chain: target, limit: 50 });
  const newest = page.items[0];
  if (!newest) return empty;
  const owning = page.items.find((record) => record.owned !== undefined);
  return {
    ...empty,
    owned: (owning?.owned ?? []).map((prefix) => ({ prefix, since: owning?.finishedAt ?? newest.finishedAt })),
    ownedRules: owning?.ownedRules ?? [],
    ledgerHead: { runId: newest.id, hash: recordHash(newest) },
  };
}

function recoveredNote(isUnreadable: boolean, state: TargetState): Reason {
  const what = isUnreadable ? 'The state could not be read (a copy of it is kept)' : 'The state was lost';
  return {
    code: 'recovered',
    message: `${what}; ${state.owned.length} owned prefixes were taken from the ledger. Clocks of removals start anew.`,
  };
}
