/** One run over one target: what its steps share. */
import { TargetBusyError } from '../../core/errors.ts';
import type { ArmUsage } from '../../core/ledger/runRecord.ts';
import { nextState, type StateEvent } from '../../core/targets/nextState.ts';
import type { Target } from '../../core/targets/target.ts';
import type { TargetState } from '../../core/targets/targetState.ts';
import { updateTimeInMs } from '../../core/timeLimit.ts';
import type { ArmSession, Ledger, TargetSession } from '../ports.ts';
import type { PlannedUpdate } from './planUpdate.ts';
import type { UpdateRequest, UpdateServices } from './updateServices.ts';

export interface Run {
  readonly services: UpdateServices;
  readonly request: UpdateRequest;
  /** The target's lease. */
  readonly session: TargetSession;
  readonly arm: ArmSession;
  readonly target: Target;
  readonly state: StateHandle;
  readonly runId: string;
  readonly startedAt: Date;
  readonly progress: Progress;
}

/** How far a run has come, even if it ends with an error. */
export interface Progress {
  planned?: PlannedUpdate;
  /** Why the run read and planned again: somebody else changed the resource meanwhile. */
  readonly replans: ArmUsage['retries'][number][];
}

/** Nothing is begun that the host might cut off: its time-out ends every run of the process. */
export function assertTimeLeft({ services, arm, target }: Run): void {
  if (services.clock.now() < arm.deadline) return;
  throw new TargetBusyError(
    `${target.name} could not be updated within ${updateTimeInMs / 60_000} minutes: storage or Azure answered slowly`,
  );
}

/** The target's state during one run, and the one way to change it. */
export interface StateHandle {
  readonly current: TargetState;
  /** What storage has now: the state as read, or as the run stored it last. */
  readonly stored: TargetSession['state'];
  /** Applies an event; it is stored together with the next one that is stored. */
  note(event: StateEvent): void;
  /** Applies an event and stores the state. */
  store(event: StateEvent): Promise<void>;
  /** Writes the records in the outbox to the ledger. */
  settle(ledger: Pick<Ledger, 'put'>): Promise<void>;
}

export function createStateHandle(session: TargetSession, initial: TargetState): StateHandle {
  let current = initial;
  let stored = session.state;
  return {
    get current() {
      return current;
    },
    get stored() {
      return stored;
    },
    note(event) {
      current = nextState(current, event);
    },
    async store(event) {
      const next = nextState(current, event);
      await session.put(next);
      current = next;
      stored = next;
    },
    async settle(ledger) {
      const owed = current.run.outbox;
      const newest = owed.at(-1);
      if (!newest) return;
      for (const record of owed) await ledger.put(record);
      await this.store({ type: 'recorded', record: newest });
    },
  };
}
