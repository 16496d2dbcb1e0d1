/** A person's approval of a plan. It counts only with its own record in the ledger, which nobody can change. */
import type { RunRecord, UpdateRecord } from '../../core/ledger/runRecord.ts';
import type { Plan } from '../../core/plan/plan.ts';
import { sortPrefixes, subtractPrefixes } from '../../core/prefixes.ts';
import type { Approval, RecordedApproval } from '../../core/targets/targetState.ts';
import { missingIfDamaged } from '../missingIfDamaged.ts';
import type { Ledger } from '../ports.ts';

export interface ApprovedPlan {
  readonly plan: Plan;
  readonly configHash: string;
  /** Id of the current snapshot. */
  readonly newest: string;
}

/** Approves all of a plan: what waits for approval, and what an earlier approval already allows. */
export function toApproval({ plan, ...facts }: ApprovedPlan, by: string, at: Date, record: string): RecordedApproval {
  return {
    planId: plan.id,
    by,
    at: at.toISOString(),
    snapshot: plan.snapshot,
    ...facts,
    add: sortPrefixes([...plan.held.add, ...plan.add]),
    remove: sortPrefixes([...plan.held.remove, ...plan.remove]),
    record,
  };
}

/** Compares the approval in the state with its record: write access to states must not be enough to approve. */
export async function proveApproval(ledger: Pick<Ledger, 'get'>, approval: RecordedApproval): Promise<boolean> {
  const recorded = (await readRecord(ledger, approval.record))?.operator?.approval;
  if (!recorded) return false;
  const members = ['planId', 'by', 'at', 'snapshot', 'newest', 'configHash'] as const;
  return members.every((member) => recorded[member] === approval[member]) && isWithin(approval, recorded);
}

/** The state drops the parts of an approval that are done, so it may contain less than the record. */
function isWithin(part: Approval, whole: Approval): boolean {
  return (['add', 'remove'] as const).every((list) => subtractPrefixes(part[list], whole[list]).length === 0);
}

async function readRecord(ledger: Pick<Ledger, 'get'>, id: string): Promise<UpdateRecord | undefined> {
  const record: RunRecord | undefined = await ledger.get(id).catch(missingIfDamaged);
  return record?.outcome === 'approved' && record.id === id ? record : undefined;
}
