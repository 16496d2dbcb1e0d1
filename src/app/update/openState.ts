/** The state with which a run begins: as stored, or rebuilt from the ledger if it is lost or unreadable. */
import { NewerVersionError } from '../../core/errors.ts';
import { headOf } from '../../core/ledger/outbox.ts';
import { isPullRecord, type UpdateRecord } from '../../core/ledger/runRecord.ts';
import type { Reason } from '../../core/reasons.ts';
import { nextState, type StateEvent } from '../../core/targets/nextState.ts';
import { newRunIdAfter } from '../../core/targets/runId.ts';
import { ownRulesOf, type Target } from '../../core/targets/target.ts';
import { emptyState, type OperatorState, type TargetState } from '../../core/targets/targetState.ts';
import { counted } from '../../core/words.ts';
import { itemsOf } from '../itemsOf.ts';
import type { Ledger, TargetSession } from '../ports.ts';
import { recordInterruption, rebuildable } from './recordRun.ts';
import { createStateHandle, type StateHandle } from './run.ts';
import type { UpdateServices } from './updateServices.ts';

export interface LoadedState {
  readonly state: TargetState;
  readonly notes: readonly Reason[];
}

export interface OpenState {
  readonly state: StateHandle;
  readonly notes: readonly Reason[];
}

/** Call it under the target's lease. Afterwards the ledger has all records of earlier runs. */
export async function openState(services: UpdateServices, session: TargetSession, target: Target): Promise<OpenState> {
  const loaded = await loadState(services, session.state, target.name);
  const bound = bindToResource(loaded, target);
  const state = createStateHandle(session, bound.state);
  await state.settle(services.ledger);
  // A write that the state calls unfinished may have been recorded long ago.
  if (state.current.run.inFlight) await catchUp(services, state);
  return { state, notes: bound.notes };
}

/**
 * If somebody put back an older copy of the state, the ledger has records that the state does not know. Then the state is
 * updated from the ledger, and a record says so. Otherwise the next record would fork the chain.
 */
export async function catchUp(services: UpdateServices, state: StateHandle): Promise<boolean> {
  const { target, run } = state.current;
  const head = run.ledgerHead;
  const now = services.clock.now();
  const newest = head && (await services.ledger.newestAfter(target, head.runId, now));
  if (!head || newest === undefined) return false;
  const rebuilt = await rebuildState(services.ledger, target, services.ownerId);
  const at = now.toISOString();
  const message = `An older copy of the state of ${target} was put back: it ends with the run ${head.runId}, and the ledger ends with the run ${newest}. The app took what is newer from the ledger. Nothing to do.`;
  const record: UpdateRecord = {
    id: newRunIdAfter(rebuilt, now, services.randomHex()),
    chain: target,
    startedAt: at,
    finishedAt: at,
    durationInMs: 0,
    trigger: { reason: 'restored' },
    outcome: 'restored',
    reasons: [{ code: 'restored', message }],
    ...rebuildable(rebuilt),
  };
  await state.store({ type: 'restored', state: rebuilt, record });
  await state.settle(services.ledger);
  return true;
}

export async function loadState(
  { ledger, ownerId }: UpdateServices,
  found: TargetState | 'unreadable' | undefined,
  target: string,
): Promise<LoadedState> {
  if (found !== undefined && found !== 'unreadable') return { state: found, notes: [] };
  const state = await rebuildState(ledger, target, ownerId);
  const isFresh = found === undefined && state.run.ledgerHead === undefined;
  return { state, notes: isFresh ? [] : [recoveredNote(found === 'unreadable', state)] };
}

/** Forgets what is remembered about another resource: nothing in this one is ours yet. */
export function bindToResource({ state, notes }: LoadedState, target: Target): LoadedState {
  const resourceId = target.resourceId.toLowerCase();
  const before = state.resourceId ?? resourceId;
  const event: StateEvent = { type: 'bound', resourceId, spelled: (rule) => spelledBy(target, rule) };
  return {
    state: nextState(state, event),
    notes: before === resourceId ? notes : [...notes, otherResourceNote(before)],
  };
}

/** Azure ignores letter case in names: a rule that the targets file spells differently is the same rule. */
function spelledBy(target: Target, rule: string): string {
  const rules = target.kind === 'nsgRule' ? ownRulesOf(target) : [];
  return rules.find(({ name }) => name.toLowerCase() === rule.toLowerCase())?.name ?? rule;
}

/** Records an event that is no run, such as a pause: in the chain of the ledger and in the state. */
export async function recordWithoutRun(
  services: UpdateServices,
  session: TargetSession,
  target: string,
  toEntry: (entry: EntryFrame) => Entry,
): Promise<UpdateRecord> {
  const { ledger, clock } = services;
  const loaded = await loadState(services, session.state, target);
  const state = createStateHandle(session, loaded.state);
  await state.settle(ledger);
  await catchUp(services, state);
  const now = clock.now();
  const id = newRunIdAfter(state.current, now, services.randomHex());
  await recordInterruption(services, state, id);
  const at = now.toISOString();
  return recordEvent(services, state, { id, at }, toEntry({ id, at, state: state.current, notes: loaded.notes }));
}

export interface EntryFrame extends LoadedState {
  /** Of the run. */
  readonly id: string;
  /** ISO */
  readonly at: string;
}

type RecordedEvent = Extract<StateEvent, { readonly type: 'prepared' | 'ended' }>;

export interface Entry {
  readonly record: Pick<UpdateRecord, 'trigger' | 'outcome' | 'reasons' | 'details' | 'plan'>;
  /** The event that gets the record. */
  readonly event: RecordedEvent;
}

/** The record contains the state after the event. */
export async function recordEvent(
  { ledger }: UpdateServices,
  state: StateHandle,
  { id, at }: Pick<EntryFrame, 'id' | 'at'>,
  { record, event }: Entry,
): Promise<UpdateRecord> {
  const frame = { id, chain: state.current.target, startedAt: at, finishedAt: at, durationInMs: 0 };
  const whole = { ...frame, ...record, ...rebuildable(nextState(state.current, event)) };
  await state.store({ ...event, record: whole });
  const stored = state.current.run.outbox.at(-1) ?? whole;
  await state.settle(ledger);
  return stored;
}

/** Enough for a target of version 0.1 that was blocked once per hour for a year. */
const maxRecords = 10_000;

/** Every record contains the whole state. Records of version 0.1 contain parts: of each part the newest counts. */
async function rebuildState(ledger: Ledger, target: string, ownerId: string): Promise<TargetState> {
  const empty = emptyState(target, ownerId);
  let newest: UpdateRecord | undefined;
  let owning: UpdateRecord | undefined;
  let said: OperatorState | undefined;
  const heard: UpdateRecord[] = [];
  for await (const record of recordsOf(ledger, target)) {
    newest ??= record;
    if (record.owned !== undefined && record.ownerId === ownerId) owning ??= record;
    said ??= record.operator;
    if (!said) heard.push(record);
    if (owning && (said || record.trigger.reason === 'resume')) break;
  }
  if (!newest) return empty;
  return {
    ...empty,
    ownership: {
      prefixes: (owning?.owned ?? []).map((prefix) => ({ prefix, since: owning?.finishedAt ?? '' })),
      rules: owning?.ownedRules ?? [],
    },
    operator: saidSince(said, heard),
    run: {
      outbox: [],
      ledgerHead: headOf(newest),
      ...(newest.removalsNotBefore === undefined ? {} : { removalsNotBefore: newest.removalsNotBefore }),
    },
    ...(newest.selection ? { selection: newest.selection } : {}),
    ...(owning?.resourceId === undefined ? {} : { resourceId: owning.resourceId }),
  };
}

async function* recordsOf(ledger: Ledger, chain: string): AsyncGenerator<UpdateRecord> {
  const readPage = async (page: Parameters<Ledger['list']>[0]) => {
    const found = await ledger.list({ ...page, chain });
    const newer = found.skipped?.find(({ error }) => error instanceof NewerVersionError);
    if (newer) throw newer.error;
    return found;
  };
  for await (const record of itemsOf(readPage, 50, maxRecords)) if (!isPullRecord(record)) yield record;
}

/** Records of version 0.1, newest first, show it by what triggered them. */
function saidSince(said: OperatorState | undefined, records: readonly UpdateRecord[]): OperatorState {
  const resumed = records.findIndex(({ trigger }) => trigger.reason === 'resume');
  const later = resumed < 0 ? records : records.slice(0, resumed);
  const rolledBack = later.find(({ trigger, snapshot }) => trigger.reason === 'rollback' && snapshot);
  const paused = later.find(({ trigger }) => trigger.reason === 'pause');
  return {
    ...(resumed < 0 ? said : {}),
    ...(rolledBack?.snapshot ? { pin: { snapshot: rolledBack.snapshot.id, ...whoAndWhen(rolledBack) } } : {}),
    ...(paused ? { paused: whoAndWhen(paused) } : {}),
  };
}

function whoAndWhen({ trigger, startedAt }: UpdateRecord): { readonly by: string; readonly at: string } {
  return { by: trigger.by ?? 'unknown', at: startedAt };
}

function recoveredNote(isUnreadable: boolean, state: TargetState): Reason {
  const what = isUnreadable
    ? `The state of ${state.target} could not be read (a copy of it is kept)`
    : `The state of ${state.target} was lost`;
  const count = state.ownership.prefixes.length;
  const owned = `${counted(count, 'owned prefix')} ${count === 1 ? 'was' : 'were'}`;
  return { code: 'recovered', message: `${what}; ${owned} taken from the ledger. Nothing to do.` };
}

function otherResourceNote(before: string): Reason {
  return {
    code: 'otherResource',
    message: `The target was ${before} before. Its rules there stay as they are and are no longer kept up to date: delete them if nobody needs them. In the new resource the app owns nothing yet.`,
  };
}
