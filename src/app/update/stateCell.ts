import type { TargetState } from '../../core/targets/targetState.ts';
import type { TargetSession } from '../ports.ts';

/** The target's state during one run: what was last stored, and the way to store the next. */
export interface StateCell {
  readonly state: TargetState;
  readonly put: (next: TargetState) => Promise<void>;
}

export function createStateCell(session: TargetSession, initial: TargetState): StateCell {
  let state = initial;
  return {
    get state() {
      return state;
    },
    put: async (next) => {
      await session.put(next);
      state = next;
    },
  };
}
