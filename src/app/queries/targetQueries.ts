/** Targets as the API shows them: what is configured, what was done, what is remembered. */
import { toCapacityUse, type CapacityUse } from '../../core/plan/capacityUse.ts';
import { ConfigurationError, InvalidDocumentError, RequestError, shorten } from '../../core/errors.ts';
import { nearestNames } from '../../core/nearest.ts';
import type { Reason } from '../../core/reasons.ts';
import { settingsOf, type Setting } from '../../core/targets/settings.ts';
import type { Target } from '../../core/targets/target.ts';
import type {
  AbsentPrefix,
  LastResult,
  OwnedPrefix,
  TargetState,
  TargetStatus,
} from '../../core/targets/targetState.ts';
import { pauseReason } from '../update/pauseReason.ts';
import type { TargetsSource, TargetStateStore } from '../ports.ts';
import { readStorage } from './storage.ts';

export interface TargetView {
  readonly name: string;
  readonly kind: Target['kind'];
  readonly status: TargetStatus;
  readonly reasons: readonly Reason[];
  readonly configuration: Omit<Target, 'given'>;
  readonly lastResult?: LastResult;
  /** Counts of the plan that was made last. */
  readonly plan?: { readonly id?: string } & LastResult['counts'];
  readonly ownership: { readonly ownerId?: string; readonly rules: readonly string[]; readonly prefixCount: number };
  /** How full the resource is. */
  readonly capacity?: CapacityUse;
  readonly pin?: TargetState['pin'];
  readonly paused?: TargetState['paused'];
}

export interface TargetDetails extends TargetView {
  readonly owned: readonly OwnedPrefix[];
  /** Ours, no longer listed, and since when. */
  readonly absent: readonly AbsentPrefix[];
  /** What applies, and where each of it comes from. */
  readonly settings: readonly Setting[];
}

type StateReader = Pick<TargetStateStore, 'get'>;

/** Throws RequestError 503 where the targets file cannot be used. */
export async function readTargets(source: TargetsSource): Promise<readonly Target[]> {
  try {
    return await readStorage('the targets file', () => readConfigured(source));
  } catch (error) {
    if (error instanceof TargetsFileError) {
      throw new RequestError(503, 'configuration', `the targets file cannot be used: ${error.message}`, {
        retryAfterInSeconds: 60,
      });
    }
    throw error;
  }
}

/** Carries a ConfigurationError past the mapping of storage failures. */
class TargetsFileError extends RequestError {}

async function readConfigured(source: TargetsSource): Promise<readonly Target[]> {
  try {
    return await source.read();
  } catch (error) {
    if (error instanceof ConfigurationError) throw new TargetsFileError(503, 'configuration', error.message);
    throw error;
  }
}

/** Throws RequestError 404. */
export function requireTarget(targets: readonly Target[], name: string): Target {
  const target = targets.find((candidate) => candidate.name === name);
  if (target) return target;
  const nearest = nearestNames(
    name,
    targets.map((candidate) => candidate.name),
  );
  const hint = nearest.length === 0 ? 'no targets are configured' : `near it: ${nearest.join(', ')}`;
  throw new RequestError(404, 'unknown-target', `there is no target "${shorten(name)}"; ${hint}`, { nearest });
}

export async function viewTarget(states: StateReader, target: Target, updatesPaused: boolean): Promise<TargetDetails> {
  const state = await readState(states, target.name);
  const { owned = [], absent = [] } = state && state !== 'unreadable' ? state : {};
  return { ...viewState(target, state, updatesPaused), owned, absent, settings: settingsOf(target) };
}

const unreadableState = {
  status: 'failed',
  reasons: [{ code: 'recovered', message: 'The state cannot be read; the next run rebuilds it from the ledger.' }],
} as const satisfies Partial<TargetView>;

export type ReadState = TargetState | 'unreadable' | undefined;

export async function readState(states: StateReader, name: string): Promise<ReadState> {
  return readStorage(`the state of ${name}`, async () => {
    try {
      return await states.get(name);
    } catch (error) {
      if (error instanceof InvalidDocumentError) return 'unreadable';
      throw error;
    }
  });
}

export function viewState(target: Target, state: ReadState, updatesPaused: boolean): TargetView {
  if (state === 'unreadable') return { ...viewState(target, undefined, updatesPaused), ...unreadableState };
  const last = state?.lastResult;
  const reasons = last?.reasons ?? [];
  // The last run may have been before the pause.
  const paused = pauseReason({ target, state: state ?? {}, updatesPaused });
  return {
    name: target.name,
    kind: target.kind,
    status: statusOf(target, state, paused),
    reasons: paused ? [paused, ...reasons.filter(({ code }) => code !== 'paused')] : reasons,
    configuration: withoutOrigins(target),
    ...(last && { lastResult: last, plan: { ...(last.planId !== undefined && { id: last.planId }), ...last.counts } }),
    ownership: {
      ...(state && { ownerId: state.ownerId }),
      rules: state?.ownedRules ?? [],
      prefixCount: state?.owned.length ?? 0,
    },
    ...(state?.capacity && { capacity: toCapacityUse(state.capacity) }),
    ...(state?.pin && { pin: state.pin }),
    ...(state?.paused && { paused: state.paused }),
  };
}

function withoutOrigins({ given, ...configuration }: Target): Omit<Target, 'given'> {
  return configuration;
}

function statusOf(target: Target, state: TargetState | undefined, paused: Reason | undefined): TargetStatus {
  if (paused) return 'paused';
  return state?.lastResult?.status ?? (target.policy === 'plan' ? 'planOnly' : 'pending');
}
