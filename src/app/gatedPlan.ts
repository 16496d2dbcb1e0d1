import type { Plan } from '../core/plan/plan.ts';
import type { ReasonCode } from '../core/reasons.ts';

/** A plan, and the reason if a run now would write nothing of it. The gate does not influence `id`. */
export interface GatedPlan extends Plan {
  readonly gate?: { readonly code: ReasonCode; readonly message: string };
}
