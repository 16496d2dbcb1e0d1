/** A plan prefix by prefix: what becomes of each, and why. */
import { countAddresses, familyOf, overlapping } from '../prefixes.ts';
import type { Plan } from '../plan/plan.ts';
import type { Reason } from '../reasons.ts';

export type Fate = 'keep' | 'add' | 'remove' | 'others' | 'kept' | 'needsApproval' | 'doesNotFit' | 'neverAllowed';

export interface PlanItem {
  readonly prefix: string;
  readonly tag: string | null;
  /** As people write it. */
  readonly region: string | null;
  /** A number, or text where it is more than a number can hold. */
  readonly addresses: number | string;
  readonly fate: Fate;
  /** Of what needs approval or does not fit. */
  readonly change?: 'add' | 'remove';
  readonly why?: { readonly code: string; readonly message: string };
  readonly since?: string | null;
  /** `YYYY-MM-DD` */
  readonly firstListed?: string | null;
  readonly deadline?: string | null;
  readonly until?: string | null;
}

/** What is known of a listed prefix beside the plan. */
export type DescribePrefix = (prefix: string) => Pick<PlanItem, 'tag' | 'region' | 'firstListed' | 'deadline'>;

export function planItems(plan: Plan, describe: DescribePrefix): readonly PlanItem[] {
  const item = (prefix: string, fate: Fate, change?: 'add' | 'remove'): PlanItem => {
    const why = reasonOf(plan, prefix, fate);
    return {
      prefix,
      ...describe(prefix),
      addresses: addressesOf(prefix),
      fate: fate === 'needsApproval' && why?.code === 'fit' ? 'doesNotFit' : fate,
      ...(change && { change }),
      ...(why && { why: { code: why.code, message: why.message } }),
    };
  };
  const refused = plan.reasons.filter(({ code }) => code === 'specialPurpose').flatMap(({ prefixes = [] }) => prefixes);
  return [
    ...plan.held.add.map((prefix) => item(prefix, 'needsApproval', 'add')),
    ...plan.held.remove.map((prefix) => item(prefix, 'needsApproval', 'remove')),
    ...refused.map((prefix) => item(prefix, 'neverAllowed')),
    ...plan.add.map((prefix) => item(prefix, 'add')),
    ...plan.remove.map((prefix) => item(prefix, 'remove')),
    ...plan.retain.map((prefix) => item(prefix, 'kept')),
    ...plan.foreign.map((prefix) => item(prefix, 'others')),
  ];
}

/** A number where one can hold it exactly. */
export function addressesOf(prefix: string): number | string {
  const count = countAddresses([prefix], familyOf(prefix));
  return count <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(count) : count.toString();
}

const silent: readonly Fate[] = ['add', 'keep', 'others'];

/** The reason that is about the prefix. */
function reasonOf({ reasons }: Plan, prefix: string, fate: Fate): Reason | undefined {
  if (silent.includes(fate)) return undefined;
  return reasons.find(({ prefixes = [] }) => overlapping(prefixes, [prefix]).length > 0);
}
