/** One run over one target: what all of its steps work with. */
import type { ArmUsage } from '../../core/ledger/runRecord.ts';
import type { Target } from '../../core/targets/target.ts';
import type { ArmSession, TargetSession } from '../ports.ts';
import type { Situation } from './situation.ts';
import type { StateCell } from './stateCell.ts';
import type { UpdateServices } from './updateServices.ts';

export interface Run {
  readonly services: UpdateServices;
  /** The target's lease. */
  readonly session: TargetSession;
  readonly arm: ArmSession;
  readonly target: Target;
  readonly cell: StateCell;
  readonly runId: string;
  readonly startedAt: Date;
  readonly progress: Progress;
}

/** How far a run has come, also where it ends with an error. */
export interface Progress {
  situation?: Situation;
  /** The resource moved under the run, so it read and planned again. */
  readonly replans: ArmUsage['retries'][number][];
}
