import type { Plan } from '../core/plan/plan.ts';
import type { ReasonCode } from '../core/reasons.ts';

/** A plan, and why a run now would write none of it. The gate is no part of what `id` stands for. */
export interface GatedPlan extends Plan {
  readonly gate?: { readonly code: ReasonCode; readonly message: string };
}
