/** A plan: what a run would do to one target, prefix by prefix. */
import { dropContained, prefixesOf, sortPrefixes, subtractPrefixes } from '../prefixes.ts';
import type { Reason, ReasonCode } from '../reasons.ts';

/** One rule as it would be written: an NSG rule of one family, or all of a registry's own IP rules. */
export interface RuleChange {
  /** Name of the NSG rule; `ipRules` for a registry. */
  readonly rule: string;
  readonly operation: 'put' | 'delete';
  /** All prefixes of the app's rule after the write, canonical, no overlap; without other people's rules of a registry. */
  readonly prefixes: readonly string[];
}

export const fates = [
  'keep', // listed, and in our rules; or part of a wider rule that the list needs
  'others', // in the live rules, not written by this app, and left alone
  'add', // let in by this plan
  'remove', // taken out by this plan
  'kept', // ours, no longer listed, and still allowed: `why` says until when
  'needsApproval', // `change` waits for a person
  'doesNotFit', // there is no room for `change`, approved or not
  'neverAllowed', // special-purpose addresses
] as const;
export type FateName = (typeof fates)[number];

export interface PlanItem {
  readonly prefix: string;
  /** The service tag that lists it; null: none does. */
  readonly tag: string | null;
  /** ARM location; null: not known, or of all regions. */
  readonly region: string | null;
  readonly addresses: number;
  readonly fate: FateName;
  /** What waits; only for `needsApproval` and `doesNotFit`. */
  readonly change?: 'add' | 'remove';
  /** One sentence about this prefix; null if there is nothing to say. */
  readonly why: { readonly code: ReasonCode; readonly message: string } | null;
  /** ISO time since when the list has been without it. */
  readonly since: string | null;
  /** `YYYY-MM-DD` */
  readonly firstListed: string | null;
  /** ISO time from which on Azure may use a prefix that is not let in yet. */
  readonly deadline: string | null;
  /** ISO time until when it is kept at least. */
  readonly until: string | null;
}

export type PlanVerdict = 'apply' | 'held' | 'blocked';

/** The items as lists of prefixes. */
export interface PlanLists {
  /** Addresses to let in, as canonical prefixes; the live rules do not contain them. */
  readonly add: readonly string[];
  /** Addresses to take out now. */
  readonly remove: readonly string[];
  /** Ours, no longer listed, kept for now; `reasons` says why. */
  readonly retain: readonly string[];
  /** In the live rules, not written by this app. */
  readonly foreign: readonly string[];
  /** What waits for approval of this plan, or does not fit. */
  readonly held: { readonly add: readonly string[]; readonly remove: readonly string[] };
}

/** Plain JSON; the same object is applied, stored, shown and approved. */
export interface Plan extends PlanLists {
  readonly version: 1;
  /** sha256 (hex) of the content: target, configuration, snapshot, live rules, and every list. */
  readonly id: string;
  readonly target: string;
  /** Id of the snapshot that it is calculated from; empty if there is none. */
  readonly snapshot: string;
  /** One per prefix, by address. Stored plans leave out those that nothing happens to (`keep` and `others`). */
  readonly items: readonly PlanItem[];
  /** Differences of a rule apart from its prefixes (`priority: 310, wanted 300`). The same write corrects them. */
  readonly ruleDrift: readonly string[];
  readonly verdict: PlanVerdict;
  readonly reasons: readonly Reason[];
}

type ItemOfList = Pick<PlanItem, 'prefix' | 'tag' | 'fate' | 'change'>;

/** `foreign`: other people's prefixes, as they are in the live rules. */
export function planLists(items: readonly ItemOfList[], foreign: readonly string[]): PlanLists {
  const of = (...names: readonly FateName[]) => items.filter(({ fate }) => names.includes(fate));
  const waiting = (change: 'add' | 'remove') =>
    prefixesOf(of('needsApproval', 'doesNotFit').filter((item) => item.change === change));
  // A prefix of others is removed as a whole; listed prefixes in it stay.
  const listed = prefixesOf(items.filter(({ tag, fate }) => tag !== null && fate !== 'remove'));
  return {
    add: sortPrefixes(prefixesOf(of('add'))),
    remove: subtractPrefixes(prefixesOf(of('remove')), listed),
    retain: dropContained(prefixesOf(of('kept'))),
    foreign,
    held: { add: dropContained(waiting('add')), remove: dropContained(waiting('remove')) },
  };
}

/** The plan as it is stored: without the hundreds of prefixes that nothing happens to. */
export function storedPlan(plan: Plan): Plan {
  return { ...plan, items: plan.items.filter(({ fate }) => fate !== 'keep' && fate !== 'others') };
}
