/** One run over one target: what all of its steps work with. */
import type { ArmUsage } from '../../core/ledger/runRecord.ts';
import { nextState, type StateEvent } from '../../core/targets/nextState.ts';
import type { Target } from '../../core/targets/target.ts';
import type { TargetState } from '../../core/targets/targetState.ts';
import type { ArmSession, Ledger, TargetSession } from '../ports.ts';
import { flushOutbox } from '../runRecords.ts';
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

/** How far a run has come, also if it ends with an error. */
export interface Progress {
  planned?: PlannedUpdate;
  /** The resource moved under the run, so it read and planned again. */
  readonly replans: ArmUsage['retries'][number][];
}

/** The target's state during one run, and the one way to change it. */
export interface StateHandle {
  readonly current: TargetState;
  /** What happened; it is stored together with what is stored next. */
  note(event: StateEvent): void;
  /** What happened, stored before anything else does. */
  store(event: StateEvent): Promise<void>;
  /** Brings the records that are owed to the ledger. */
  settle(ledger: Pick<Ledger, 'put'>): Promise<void>;
}

export function createStateHandle(session: TargetSession, initial: TargetState): StateHandle {
  let current = initial;
  return {
    get current() {
      return current;
    },
    note(event) {
      current = nextState(current, event);
    },
    async store(event) {
      const next = nextState(current, event);
      await session.put(next);
      current = next;
    },
    async settle(ledger) {
      const owed = current.run.outbox;
      const newest = owed.at(-1);
      if (!newest) return;
      await flushOutbox(ledger, current.run);
      await this.store({ type: 'recorded', record: newest });
    },
  };
}
