import type { GatedPlan } from '../gatedPlan.ts';
import type { PullResult } from '../pull/pull.ts';

/** What people may do to targets over HTTP. Every method throws RequestError for what they can mend. */
export interface TargetActions {
  /** The plan as it would run now; nothing is written. */
  planTarget(name: string): Promise<GatedPlan>;
  /** Approves exactly that plan; RequestError 409 with the member `plan` where it has changed or nothing may be written. */
  approvePlan(name: string, planId: string, by: string): Promise<ActionResult>;
  rollbackTarget(name: string, snapshotId: string, by: string): Promise<ActionResult>;
  resumeTarget(name: string, by: string): Promise<ActionResult>;
  pauseTarget(name: string, by: string): Promise<ActionResult>;
  pullNow(by: string): Promise<Pick<PullResult, 'outcome' | 'message'>>;
}

/** Plain JSON; more members are allowed. */
export interface ActionResult {
  readonly target: string;
  /** One sentence: what happened, or what happens next. */
  readonly message: string;
  readonly runId?: string;
}

/** For an app whose actions are loaded by the first one that is taken. */
export function lazyTargetActions(load: () => Promise<TargetActions>): TargetActions {
  return {
    planTarget: async (...given) => (await load()).planTarget(...given),
    approvePlan: async (...given) => (await load()).approvePlan(...given),
    rollbackTarget: async (...given) => (await load()).rollbackTarget(...given),
    resumeTarget: async (...given) => (await load()).resumeTarget(...given),
    pauseTarget: async (...given) => (await load()).pauseTarget(...given),
    pullNow: async (...given) => (await load()).pullNow(...given),
  };
}
