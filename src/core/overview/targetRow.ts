/** One target as a row of the page. */
import { deadlineFor } from '../goLive.ts';
import { toCapacityUse } from '../plan/capacityUse.ts';
import type { Reason } from '../reasons.ts';
import { locationInWords } from '../serviceTags/regions.ts';
import type { ServiceTagsDocument } from '../serviceTags/serviceTags.ts';
import type { Target } from '../targets/target.ts';
import type { TargetState, TargetStatus, MissingPrefix } from '../targets/targetState.ts';
import { compareText, counted, dayInWords, readable } from '../words.ts';
import type { TargetRow } from './overview.ts';

/** A configured target with what is stored about it. */
export interface TargetFacts {
  readonly target: Target;
  /** Undefined before the first run, or if the state cannot be read. */
  readonly state: TargetState | undefined;
  readonly status: TargetStatus;
  readonly reasons: readonly Reason[];
  /** Prefixes of the current list that the target lacks. */
  readonly missing: readonly MissingPrefix[];
  /** True if deadlines count for the target: the app writes to it, and it has had a run. */
  readonly hasDeadline: boolean;
}

export function targetRow(facts: TargetFacts, document: ServiceTagsDocument | undefined, now: Date): TargetRow {
  const { target, state, status, missing } = facts;
  const deadline = deadlineOfRow(facts);
  const regions = regionsOf(target, state);
  return {
    name: target.name,
    kind: target.kind,
    policy: target.policy,
    status,
    isOverdue: deadline !== undefined && deadline < now,
    where: whereOf(target, regions, document),
    regions,
    regionNames: regions.map((region) => locationInWords(document, region)),
    why: readable(whyOf(facts)),
    missing: deadline ? missing.length : 0,
    deadline: deadline?.toISOString() ?? null,
    room: state?.run.capacity ? toCapacityUse(state.run.capacity) : null,
    sizes: state?.run.capacity?.history.map(({ date, count }) => [date, count] as const) ?? [],
    lastChange: lastChangeOf(state),
    isPinned: state?.operator.pin !== undefined,
  };
}

/** Undefined if the target lacks nothing, or no deadline counts for it. */
export function deadlineOfRow({
  state,
  hasDeadline,
  missing,
}: Pick<TargetFacts, 'state' | 'hasDeadline' | 'missing'>): Date | undefined {
  if (!hasDeadline) return undefined;
  const first = missing.map(({ published }) => published).sort(compareText)[0];
  return first === undefined ? undefined : deadlineFor(first, state?.selection?.since);
}

const urgency: readonly TargetStatus[] = [
  'blocked',
  'failed',
  'noEffect',
  'held',
  'pending',
  'inSync',
  'paused',
  'planOnly',
];

/** Overdue ones first, then by status, then by deadline, then by name. */
export function byUrgency(a: TargetRow, b: TargetRow): number {
  if (a.isOverdue !== b.isOverdue) return a.isOverdue ? -1 : 1;
  return (
    urgency.indexOf(a.status) - urgency.indexOf(b.status) ||
    compareText(a.deadline ?? '9', b.deadline ?? '9') ||
    compareText(a.name, b.name)
  );
}

/** ARM locations; empty: all. For `ofRegistry` those that the last run read. */
function regionsOf({ regions }: Target, state: TargetState | undefined): readonly string[] {
  if (regions === 'all') return [];
  return 'ofRegistry' in regions ? (state?.run.seen?.registryRegions ?? []) : regions;
}

function whereOf({ regions }: Target, known: readonly string[], document: ServiceTagsDocument | undefined): string {
  if (regions === 'all') return 'all regions';
  const [only] = known;
  if (only === undefined) return 'the regions of its registry';
  return known.length === 1 ? locationInWords(document, only) : counted(known.length, 'region');
}

/** One sentence for the row: the target's own page has all reasons. */
function whyOf({ target, state, status, reasons }: TargetFacts): string {
  const counts = state?.run.lastResult?.counts ?? { add: 0, remove: 0, retain: 0, held: 0 };
  const pin = state?.operator.pin;
  const pinned = pin ? `Rolled back by ${pin.by} on ${dayInWords(pin.at)}: it does not follow new lists.` : '';
  switch (status) {
    case 'blocked':
    case 'failed':
    case 'paused':
      return reasons[0]?.message ?? state?.run.lastResult?.error ?? '';
    case 'held':
      return pinned || firstMessage(reasons, holdCodes) || `${counted(counts.held, 'prefix')} to look at`;
    case 'noEffect':
      return firstMessage(reasons, ['inert', 'wrongSku']);
    case 'planOnly':
      return state?.run.lastResult
        ? `Would add ${counted(counts.add, 'prefix')} and remove ${counts.remove}.`
        : 'Not looked at yet.';
    case 'pending':
      return state?.run.lastResult
        ? firstMessage(reasons, ['settling', 'postponed']) || 'Being updated.'
        : 'Its first update is queued.';
    case 'inSync':
      if (pinned) return pinned;
      if (reasons.some(({ code }) => code === 'missingTag')) return firstMessage(reasons, ['missingTag']);
      if (target.policy === 'addOnly' && counts.retain > 0)
        return `${counted(counts.retain, 'prefix')} no longer listed and kept (add only).`;
      return counts.retain > 0 ? `${counted(counts.retain, 'prefix')} no longer listed and kept for now.` : '';
  }
}

const holdCodes: readonly string[] = [
  'widestPrefix',
  'maxAddedAddresses',
  'removalLimit',
  'fit',
  'flapping',
  'foreignInOwnedRule',
  'quarantined',
  'missingTag',
  'specialPurpose',
];

function firstMessage(reasons: readonly Reason[], codes: readonly string[]): string {
  return reasons.find(({ code }) => codes.includes(code))?.message ?? '';
}

function lastChangeOf(state: TargetState | undefined): string | null {
  if (!state) return null;
  const { lastResult } = state.run;
  if (lastResult && (lastResult.outcome === 'applied' || lastResult.outcome === 'pending')) return lastResult.at;
  return (
    state.ownership.prefixes
      .map(({ since }) => since)
      .sort(compareText)
      .at(-1) ?? null
  );
}
