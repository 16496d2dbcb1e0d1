/** A plan: what a run would do to one target. */
import type { Reason } from '../reasons.ts';

/** One rule as it would be written: an NSG rule of one family, or all of a registry's own IP rules. */
export interface RuleChange {
  /** Name of the NSG rule; `ipRules` for a registry. */
  readonly rule: string;
  readonly operation: 'put' | 'delete';
  /** All prefixes that the app's rule holds afterwards, canonical, no overlap; a registry's foreign ones are not among them. */
  readonly prefixes: readonly string[];
}

export type PlanVerdict = 'apply' | 'held' | 'blocked';

/** What a run would do to one target: plain JSON; the same object is applied, stored, shown and approved. */
export interface Plan {
  /** sha256 (hex) of the content: target, configuration, snapshot, live rules, and every list below. */
  readonly id: string;
  readonly target: string;
  /** Id of the snapshot that it is computed from; empty where there is none. */
  readonly snapshot: string;
  /** Addresses to let in, as canonical prefixes that are not covered by the live rules. */
  readonly add: readonly string[];
  /** Addresses to take out now. */
  readonly remove: readonly string[];
  /** Ours, no longer listed, kept for now; `reasons` says why. */
  readonly retain: readonly string[];
  /** In the live rules, not written by this app. */
  readonly foreign: readonly string[];
  /** What waits for an approval of this plan. */
  readonly held: { readonly add: readonly string[]; readonly remove: readonly string[] };
  /** Differences of a rule beside its prefixes (`priority: 310, wanted 300`), put right by the same write. */
  readonly ruleDrift: readonly string[];
  readonly verdict: PlanVerdict;
  readonly reasons: readonly Reason[];
}
