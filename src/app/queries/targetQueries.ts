/** Targets as the API shows them: configuration, last result and stored state. */
import { toCapacityUse, type CapacityUse } from '../../core/plan/capacityUse.ts';
import {
  ConfigurationError,
  InvalidDocumentError,
  NewerVersionError,
  RequestError,
  shorten,
} from '../../core/errors.ts';
import { nearestNames } from '../../core/nearest.ts';
import type { Reason } from '../../core/reasons.ts';
import { settingsOf, type Setting } from '../../core/targets/settings.ts';
import type { Target } from '../../core/targets/target.ts';
import type {
  AbsentPrefix,
  InFlight,
  LastResult,
  OperatorState,
  OwnedPrefix,
  TargetState,
  TargetStatus,
} from '../../core/targets/targetState.ts';
import { pauseReason } from '../update/writeGate.ts';
import type { TargetsSource, TargetStateStore } from '../ports.ts';
import { readStorage } from './storage.ts';
import { dayAndTimeInWords } from '../../core/words.ts';

export interface TargetView {
  readonly name: string;
  readonly kind: Target['kind'];
  readonly status: TargetStatus;
  readonly reasons: readonly Reason[];
  readonly configuration: Omit<Target, 'given'>;
  readonly lastResult?: LastResult;
  /** Id and counts of the last plan. */
  readonly plan?: { readonly id?: string } & LastResult['counts'];
  readonly ownership: { readonly ownerId?: string; readonly rules: readonly string[]; readonly prefixCount: number };
  /** How full the resource is. */
  readonly capacity?: CapacityUse;
  readonly pin?: OperatorState['pin'];
  readonly paused?: OperatorState['paused'];
}

export interface TargetDetails extends TargetView {
  readonly owned: readonly OwnedPrefix[];
  /** Prefixes that the app added and that are no longer listed, and since when. */
  readonly absent: readonly AbsentPrefix[];
  /** The settings that apply, and where each comes from. */
  readonly settings: readonly Setting[];
}

type StateReader = Pick<TargetStateStore, 'get'>;

/** Throws RequestError 503 if the targets file cannot be used. */
export function readTargets(source: TargetsSource): Promise<readonly Target[]> {
  return readStorage('the targets file', () =>
    source.read().catch((error: unknown) => {
      if (!(error instanceof ConfigurationError)) throw error;
      throw new RequestError(503, 'configuration', `the targets file cannot be used: ${error.message}`, {
        retryAfterInSeconds: 60,
      });
    }),
  );
}

/** Throws RequestError 404. */
export function requireTarget(targets: readonly Target[], name: string): Target {
  const target = targets.find((candidate) => candidate.name === name);
  if (target) return target;
  const nearest = nearestNames(
    name,
    targets.map((candidate) => candidate.name),
  );
  const hint =
    nearest.length === 0
      ? 'no targets are configured, add some to the targets file'
      : `similar names: ${nearest.join(', ')}`;
  throw new RequestError(404, 'unknown-target', `there is no target "${shorten(name)}"; ${hint}`, { nearest });
}

export async function viewTarget(states: StateReader, target: Target, updatesPaused: boolean): Promise<TargetDetails> {
  const state = await readState(states, target.name);
  const { ownership, run } = state && !(state instanceof Error) ? state : {};
  const owned = ownership?.prefixes ?? [];
  return {
    ...viewState(target, state, updatesPaused),
    owned,
    absent: run?.seen?.absent ?? [],
    settings: settingsOf(target),
  };
}

function viewOfUnreadable(error: Error) {
  const isNewer = error instanceof NewerVersionError;
  const lost = 'The state cannot be read; the next run rebuilds it from the ledger.';
  return {
    status: isNewer ? 'blocked' : 'failed',
    reasons: [{ code: isNewer ? 'newerVersion' : 'recovered', message: isNewer ? error.message : lost }],
  } as const satisfies Partial<TargetView>;
}

/** Undefined before the first run; an error if the state is damaged, or of a newer version. */
export type ReadState = TargetState | Error | undefined;

export async function readState(states: StateReader, name: string): Promise<ReadState> {
  return readStorage(`the state of ${name}`, async () => {
    try {
      return await states.get(name);
    } catch (error) {
      if (error instanceof InvalidDocumentError || error instanceof NewerVersionError) return error;
      throw error;
    }
  });
}

export function viewState(target: Target, state: ReadState, updatesPaused: boolean): TargetView {
  if (state instanceof Error) return { ...viewState(target, undefined, updatesPaused), ...viewOfUnreadable(state) };
  const { lastResult: last, inFlight, capacity } = state?.run ?? {};
  const { pin, paused } = state?.operator ?? {};
  // A pause or an unfinished write is newer than the last result.
  const gate = pauseReason({ target, state: { operator: state?.operator ?? {} }, updatesPaused });
  const newer = [...(gate ? [gate] : []), ...(inFlight ? [unfinishedReason(inFlight)] : [])];
  const reasons = (last?.reasons ?? []).filter(({ code }) => !newer.some((reason) => reason.code === code));
  return {
    name: target.name,
    kind: target.kind,
    status: gate ? 'paused' : inFlight ? 'pending' : statusOf(target, last),
    reasons: [...newer, ...reasons],
    configuration: withoutOrigins(target),
    ...(last && { lastResult: last, plan: { ...(last.planId !== undefined && { id: last.planId }), ...last.counts } }),
    ownership: {
      ...(state && { ownerId: state.ownerId }),
      rules: state?.ownership.rules ?? [],
      prefixCount: state?.ownership.prefixes.length ?? 0,
    },
    ...(capacity && { capacity: toCapacityUse(capacity) }),
    ...(pin && { pin }),
    ...(paused && { paused }),
  };
}

function withoutOrigins({ given, ...configuration }: Target): Omit<Target, 'given'> {
  return configuration;
}

/** If a process dies, its queue message becomes visible again after at most this time. */
const messageReturnsAfterInMinutes = 10;

function unfinishedReason({ startedAt }: InFlight): Reason {
  const message = `A write began on ${dayAndTimeInWords(startedAt)} and has not ended. If its process has died, the next one reads the rules and continues within ${messageReturnsAfterInMinutes} minutes.`;
  return { code: 'interrupted', message };
}

function statusOf(target: Target, last: LastResult | undefined): TargetStatus {
  return last?.status ?? (target.policy === 'plan' ? 'planOnly' : 'pending');
}
