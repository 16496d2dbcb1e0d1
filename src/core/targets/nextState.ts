/** The only place that changes the stored state of a target. */
import { owe, settle } from '../ledger/outbox.ts';
import type { UpdateRecord } from '../ledger/runRecord.ts';
import type { CapacityHistory } from '../plan/capacityUse.ts';
import type { LiveRule } from '../plan/currentRule.ts';
import type { Plan } from '../plan/plan.ts';
import { firstOverlapping, intersectPrefixes, prefixesOf, sortPrefixes, subtractPrefixes } from '../prefixes.ts';
import { emptyState, type InFlight, type LastResult, type OwnedPrefix, type RecordedApproval } from './targetState.ts';
import type { OperatorState, Pause, Pin, SeenRules, SelectionState, TargetState, TargetStatus } from './targetState.ts';

/**
 * | event | what happened | what is stored |
 * |---|---|---|
 * | `bound` | the run knows the target's resource | if the resource has changed, only people's decisions and the chain |
 * | `restored` | the state was older than the ledger | the state that was rebuilt from the ledger |
 * | `prepared` | a person pinned, paused, resumed or approved | their decision |
 * | `claimed` | a write is about to begin | what it adds is ours from now on, and the write is in flight |
 * | `refused` | Azure refused that write | its claims are given up |
 * | `written` | the rules were read back after the write | which live prefixes are ours |
 * | `observed` | the rules were read and nothing was written | which of our prefixes are still live |
 * | `ended` | a run ended, or was found to have died | its result; its record is in the outbox |
 * | `recorded` | the ledger has a record | the record is no longer in the outbox |
 */
export type StateEvent =
  | { readonly type: 'bound'; readonly resourceId: string; readonly spelled: (rule: string) => string }
  | { readonly type: 'restored'; readonly state: TargetState; readonly record: UpdateRecord }
  | { readonly type: 'prepared'; readonly change: OperatorChange; readonly record?: UpdateRecord }
  | ({ readonly type: 'claimed' } & Claim)
  | { readonly type: 'refused' }
  | ({ readonly type: 'written'; readonly removalsNotBefore?: string } & RulesFound)
  | ({ readonly type: 'observed' } & RulesFound)
  | ({ readonly type: 'ended' } & Ending)
  | { readonly type: 'recorded'; readonly record: UpdateRecord };

/** What a person decided. An approval ends when a pin is set or lifted. */
export type OperatorChange =
  { readonly pin: Pin } | { readonly paused: Pause } | { readonly approval: RecordedApproval } | 'resumed';

export interface Claim {
  readonly runId: string;
  readonly at: string;
  readonly plan: Plan;
  readonly before: readonly LiveRule[];
  /** All prefixes that are ours if the write succeeds. */
  readonly prefixes: readonly string[];
  readonly removalsNotBefore: string;
}

/** What reading the rules found. */
export interface RulesFound {
  /** Absent if it is not known who added which prefix: then no claim is given up. */
  readonly ownership?: {
    /** Live, and ours. */
    readonly prefixes: readonly string[];
    /** Claimed and not live, but a write of ours may still take effect. */
    readonly underWay?: readonly string[];
    readonly rules: readonly string[];
  };
  /** Whether the approval is still valid, and which prefixes are live: what is done needs no approval any more. */
  readonly approval?: { readonly isValid: boolean; readonly live: readonly string[] };
  readonly selection?: SelectionState;
}

export interface Ending {
  readonly runId: string;
  readonly record?: UpdateRecord;
  /** Absent for a run that died: the run that found it has its own result. */
  readonly result?: Omit<LastResult, 'since'>;
  readonly seen?: SeenRules | undefined;
  readonly capacity?: CapacityHistory | undefined;
  readonly deadlineAnnounced?: string | undefined;
}

export function nextState(state: TargetState, event: StateEvent): TargetState {
  switch (event.type) {
    case 'bound':
      return bind(state, event.resourceId, event.spelled);
    case 'restored':
      return { ...event.state, run: { ...event.state.run, ...owe(event.state.run, event.record) } };
    case 'prepared':
      return {
        ...state,
        operator: operatorAfter(state.operator, event.change),
        run: event.record ? { ...state.run, ...owe(state.run, event.record) } : state.run,
      };
    case 'claimed':
      return claim(state, event);
    case 'refused':
      return giveBack(state);
    case 'written':
      return afterWrite(see(state, event), event.removalsNotBefore);
    case 'observed':
      return see(state, event);
    case 'ended':
      return end(state, event);
    case 'recorded':
      return { ...state, run: { ...state.run, ...settle(state.run, event.record) } };
  }
}

/** Azure ignores case in names: a rule that the targets file now spells in another case is the same rule. */
function bind(state: TargetState, resourceId: string, spelled: (rule: string) => string): TargetState {
  const { outbox, ledgerHead } = state.run;
  if ((state.resourceId ?? resourceId) === resourceId) {
    return { ...state, resourceId, ownership: { ...state.ownership, rules: state.ownership.rules.map(spelled) } };
  }
  const { approval, ...operator } = state.operator;
  return {
    ...emptyState(state.target, state.ownerId),
    resourceId,
    operator,
    run: { outbox, ...(ledgerHead ? { ledgerHead } : {}) },
  };
}

function operatorAfter({ approval, ...operator }: OperatorState, change: OperatorChange): OperatorState {
  const kept = approval ? { approval } : {};
  if (change === 'resumed') return operator.pin ? {} : kept;
  if ('pin' in change) return { ...operator, pin: change.pin };
  if ('paused' in change) return { ...operator, ...kept, paused: change.paused };
  return { ...operator, approval: change.approval };
}

/**
 * Prefixes are claimed before the write: a claim without a rule does no harm, but a rule without a claim would never be
 * removed. Names of rules are not claimed: only a rule that was seen with our mark is ours.
 */
function claim(state: TargetState, event: Claim): TargetState {
  const { runId, at, plan, before, removalsNotBefore } = event;
  const known = new Set(prefixesOf(state.ownership.prefixes));
  const claimed = sortPrefixes(event.prefixes).filter((prefix) => !known.has(prefix));
  const { inFlight: earlier, removalsNotBefore: notBefore, ...run } = state.run;
  const write = {
    plan,
    claimed,
    ...(notBefore === undefined ? {} : { removalsNotBefore: notBefore }),
  };
  const inFlight: InFlight =
    earlier?.runId === runId
      ? { ...earlier, writes: [...earlier.writes, write] }
      : { runId, startedAt: at, before, writes: [write] };
  const prefixes = [
    ...state.ownership.prefixes,
    ...claimed.map((prefix) => ({ prefix, since: at, isUnproven: true as const })),
  ];
  const next = plan.add.length > 0 ? removalsNotBefore : notBefore;
  return {
    ...state,
    ownership: { ...state.ownership, prefixes },
    run: { ...run, inFlight, ...(next === undefined ? {} : { removalsNotBefore: next }) },
  };
}

/** Gives up the claims of a refused write: if a person then adds such a prefix by hand, it is not ours. */
function giveBack(state: TargetState): TargetState {
  const { inFlight, removalsNotBefore, ...run } = state.run;
  const last = inFlight?.writes.at(-1);
  if (!inFlight || !last) return state;
  const writes = inFlight.writes.slice(0, -1);
  const claimed = new Set(last.claimed);
  return {
    ...state,
    ownership: {
      ...state.ownership,
      prefixes: state.ownership.prefixes.filter(({ prefix }) => !claimed.has(prefix)),
    },
    run: {
      ...run,
      ...(writes.length > 0 ? { inFlight: { ...inFlight, writes } } : {}),
      ...(last.removalsNotBefore === undefined ? {} : { removalsNotBefore: last.removalsNotBefore }),
    },
  };
}

function see(state: TargetState, { ownership, approval, selection }: RulesFound): TargetState {
  return {
    ...state,
    ...(ownership
      ? { ownership: { prefixes: keep(state.ownership.prefixes, ownership), rules: ownership.rules } }
      : {}),
    ...(approval ? { operator: withOpenApproval(state.operator, approval) } : {}),
    ...(selection ? { selection } : {}),
  };
}

function afterWrite(state: TargetState, removalsNotBefore: string | undefined): TargetState {
  const { removalsNotBefore: before, ...run } = state.run;
  return { ...state, run: { ...run, ...(removalsNotBefore === undefined ? {} : { removalsNotBefore }) } };
}

/** Keeps the claims that are live, or may become live. A part of a claimed prefix has the time of the whole. */
function keep(
  known: readonly OwnedPrefix[],
  { prefixes, underWay = [] }: NonNullable<RulesFound['ownership']>,
): OwnedPrefix[] {
  const [live, claimed] = [new Set(prefixes), new Set(underWay)];
  const claims = known.filter(({ prefix }) => !live.has(prefix) && claimed.has(prefix));
  const times = new Map(known.map(({ prefix, since }) => [prefix, since]));
  const wholes = firstOverlapping(prefixes, times.keys());
  const proven = prefixes.map((prefix, index) => ({
    prefix,
    since: times.get(prefix) ?? times.get(wholes[index] ?? '') ?? '',
  }));
  const entries = new Map([...proven, ...claims].map((entry) => [entry.prefix, entry]));
  return sortPrefixes([...entries.keys()]).flatMap((prefix) => entries.get(prefix) ?? []);
}

/** Removes from the approval what is done, so that it does not count for a prefix that somebody adds later. */
function withOpenApproval(
  { approval, ...operator }: OperatorState,
  { isValid, live }: NonNullable<RulesFound['approval']>,
): OperatorState {
  if (!approval || !isValid) return operator;
  const add = subtractPrefixes(approval.add, live);
  const remove = intersectPrefixes(approval.remove, live);
  return add.length + remove.length === 0 ? operator : { ...operator, approval: { ...approval, add, remove } };
}

function end(state: TargetState, { runId, record, result, seen, capacity, deadlineAnnounced }: Ending): TargetState {
  const { inFlight, lastResult, ...run } = state.run;
  const last = result ? { ...result, since: sinceWhen(lastResult, result) } : lastResult;
  return {
    ...state,
    run: {
      ...run,
      // The write is no longer in flight: the record says how far it came.
      ...(inFlight && inFlight.runId !== runId ? { inFlight } : {}),
      ...(last ? { lastResult: last } : {}),
      ...(seen ? { seen } : {}),
      ...(capacity ? { capacity } : {}),
      ...(deadlineAnnounced === undefined ? {} : { deadlineAnnounced }),
      ...(record && result ? { recorded: { at: result.at, news: newsOf(result), outcome: result.outcome } } : {}),
      ...(record ? owe(run, record) : {}),
    },
  };
}

/** A text that stays the same if a run has no news: the same plan for the same reasons, or the same error an hour later. */
export function newsOf({ outcome, planId, error, reasons }: Omit<LastResult, 'since'>): string {
  // A postponed and then failed update has one error. Ids and times in its text differ each time.
  const trouble = outcome === 'blocked' ? undefined : error?.replaceAll(/[0-9a-f-]{8,}|\d+/gi, '');
  const codes = trouble === undefined ? reasons.map(({ code }) => code) : [];
  return JSON.stringify([trouble === undefined ? outcome : 'trouble', trouble, planId, codes]);
}

/** A target that is pending, fails and is pending again has had the same problem all the time. */
const unfinished: readonly TargetStatus[] = ['pending', 'failed', 'blocked'];

function sinceWhen(last: LastResult | undefined, { status, at }: Omit<LastResult, 'since'>): string {
  const isSame = last?.status === status || (last && unfinished.includes(last.status) && unfinished.includes(status));
  return isSame ? last.since : at;
}
