/** How much a scope grew within a rolling window, and which additions are beyond its budget: a person has to approve them. */
import { sortPrefixes } from '../prefixes.ts';
import type { SafetyLimits } from '../targets/target.ts';
import { dayInMs } from '../time.ts';
import type { History, Scope } from './history.ts';
import { releaseAt, serviceOf, toReleaseRef, type ReleaseRef } from './historyDocument.ts';
import { defaultBudget, defaultWindowDays, sizeAt, toBudget, type Budget } from './limits.ts';
import type { ScopeRecord } from './scopeRecord.ts';
import { AdditionWindow, bySize, sumOf, type GrowthLimit } from './window.ts';

/** What a target may set; the default is that of its tags. */
export type GrowthLimits = Partial<Pick<SafetyLimits, 'limitWindowDays' | 'maxAddedAddresses' | 'maxAddedPrefixes'>>;

export interface BeyondBudget {
  readonly prefix: string;
  /** The release that added it. */
  readonly release: ReleaseRef;
  readonly limit: GrowthLimit;
}

export interface Growth {
  /** Prefixes that need an approval or a higher limit, by address; also those of earlier lists, which a rollback brings back. */
  readonly beyondBudget: readonly BeyondBudget[];
  /** How much of the budget is used now. */
  readonly usedAddresses: number;
  readonly usedPrefixes: number;
  readonly limits: Required<GrowthLimits>;
  /** The prefixes that left the list and did not come back, in the window that ends at an ISO time. */
  readonly droppedInWindow: (until: string) => readonly string[];
}

/**
 * Charges what each release adds to the window, smallest first, while the budget has room. An addition that only one of
 * several sources lists counts double. Only what a release adds is growth: a target may lack prefixes for other reasons,
 * for example because it is new.
 */
export function growth(history: History, scope: Scope, limits: GrowthLimits, now: Date): Growth {
  const record = history.scope(scope);
  const days = limits.limitWindowDays ?? defaultWindowDays;
  const window = new AdditionWindow(days);
  const budgetAt = (at: number): Budget => {
    const own = defaultBudget(scope.tags, trustedSize(history, scope, at - days * dayInMs));
    return { addresses: limits.maxAddedAddresses ?? own.addresses, prefixes: limits.maxAddedPrefixes ?? own.prefixes };
  };
  const beyond = findBeyond(record, window, budgetAt);
  const used = window.used(now.getTime());
  const budget = budgetAt(now.getTime());
  return {
    beyondBudget: beyondBudget(record, beyond),
    usedAddresses: Math.ceil(used.addresses),
    usedPrefixes: Math.ceil(used.prefixes),
    limits: { limitWindowDays: days, maxAddedAddresses: budget.addresses, maxAddedPrefixes: budget.prefixes },
    droppedInWindow: (until) => droppedInWindow(record, until, days),
  };
}

/** By interval that the window had no room for: the index of its release, and the limit in the way. */
type Beyond = ReadonlyMap<number, { readonly index: number; readonly limit: GrowthLimit }>;

/** An interval that the window once had no room for stays beyond the budget: only a person lets it in. */
function findBeyond(record: ScopeRecord, window: AdditionWindow, budgetAt: (at: number) => Budget): Beyond {
  const { space, releases, times } = record;
  const beyond = new Map<number, { readonly index: number; readonly limit: GrowthLimit }>();
  for (const step of record.steps) {
    const added = new Set(step.on.filter((interval) => !step.known.has(interval) && !beyond.has(interval)));
    if (added.size === 0) continue;
    const release = releaseAt(releases, step.index);
    const at = times[step.index] ?? NaN;
    const budget = budgetAt(at);
    const share = window.shareOf(release, releases[step.index - 1]);
    for (const prefix of bySize(step.add.map(({ text }) => text))) {
      const intervals = space.intervalsOf(prefix).filter((interval) => added.delete(interval));
      if (intervals.length === 0) continue;
      const weight = share * (step.onlyOneSource.has(prefix.text) ? 2 : 1);
      const limit = window.charge(
        at,
        { addresses: space.countAddresses(intervals) * weight, prefixes: weight },
        budget,
      );
      if (limit === undefined) continue;
      for (const interval of intervals) beyond.set(interval, { index: step.index, limit });
    }
  }
  return beyond;
}

/**
 * How large the trusted lists of a scope were at a time. Prefixes that are not trusted yet do not count: otherwise a false
 * list would make room for itself. A region is part of its whole tag, so it does not count twice.
 */
function trustedSize(history: History, { tags, families, limits }: Scope, at: number): Budget {
  const names = new Set(tags.map((tag) => tag.toLowerCase()));
  const sizes = [...names]
    .filter((name) => serviceOf(name) === name || !names.has(serviceOf(name)))
    .map((name) => toBudget(sizeAt(history.trust(name, limits)?.sizes ?? [], at), families));
  return sumOf(sizes);
}

/** Nobody can roll back to a built-in release. */
function beyondBudget({ space, listed, releases }: ScopeRecord, beyond: Beyond): BeyondBudget[] {
  return [...beyond]
    .filter(([interval, { index }]) => listed.isListed(interval) || !releaseAt(releases, index).builtIn)
    .sort(([a], [b]) => a - b)
    .flatMap(([interval, { index, limit }]) => {
      const release = toReleaseRef(releaseAt(releases, index));
      return space.prefixesOf([interval]).map((prefix) => ({ prefix, release, limit }));
    });
}

function droppedInWindow(record: ScopeRecord, until: string, days: number): readonly string[] {
  const end = Date.parse(until);
  const dropped: string[] = [];
  for (const step of record.steps) {
    const at = record.times[step.index] ?? NaN;
    // It is not known when a prefix left that the first pulled release lacks.
    if (at > end || at <= end - days * dayInMs || record.begins.includes(step.index)) continue;
    const off = new Set(step.off.filter((interval) => !record.listed.isListed(interval)));
    for (const prefix of step.remove) {
      const parts = record.space.intervalsOf(prefix);
      if (!parts.every((interval) => off.has(interval))) continue;
      dropped.push(prefix.text);
      for (const interval of parts) off.delete(interval);
    }
    dropped.push(...record.space.prefixesOf(off));
  }
  return sortPrefixes(dropped);
}
