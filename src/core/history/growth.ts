/** What of a scope's growth is within the budget of a rolling window, release by release, and what a person has to approve. */
import { sortPrefixes } from '../prefixes.ts';
import { dayInMs } from '../time.ts';
import type { History, Scope } from './history.ts';
import { serviceOf, toReleaseRef, type ReleaseRef } from './historyDocument.ts';
import { defaultBudget, defaultWindowDays, type Budget } from './limits.ts';
import type { ScopeRecord, ScopeStep } from './scopeRecord.ts';
import { bySize } from './tagTrust.ts';
import { sizeAt, toBudget } from './trustedPrefixes.ts';
import { AdditionWindow, sumOf, type GrowthLimit } from './window.ts';

/** What a target may set; what it does not has the default of its tags. */
export interface GrowthLimits {
  readonly limitWindowDays?: number | undefined;
  readonly maxAddedAddresses?: number | undefined;
  readonly maxAddedPrefixes?: number | undefined;
}

export interface BeyondBudget {
  readonly prefix: string;
  /** The release that listed it first. */
  readonly release: ReleaseRef;
  readonly limit: GrowthLimit;
}

export interface Growth {
  /** Listed, by address, and not to be let in without an approval or a higher limit. */
  readonly beyondBudget: readonly BeyondBudget[];
  /** What counts against the budget now. */
  readonly usedAddresses: number;
  readonly usedPrefixes: number;
  readonly limits: Required<{ [key in keyof GrowthLimits]: number }>;
  /** The prefixes that the list has dropped, and not taken up again, in the window that ends at an ISO time. */
  readonly droppedInWindow: (until: string) => readonly string[];
}

/**
 * Each release is compared with the trusted list so far. What it adds is taken in smallest first while the window has
 * room; an addition that only one of several sources lists takes room twice. What a target lacks for other reasons (it
 * is new, a rule was damaged, a region was added to its configuration) is no growth: only the list's own is.
 */
export function growth(history: History, scope: Scope, limits: GrowthLimits, now: Date): Growth {
  const record = history.scope(scope);
  const days = limits.limitWindowDays ?? defaultWindowDays;
  const window = new AdditionWindow(days);
  const size = record.space.intervals.length;
  const taken = new Uint8Array(size);
  const beyond = new Map<number, { readonly index: number; readonly limit: GrowthLimit }>();
  const budgetAt = (at: number): Budget => {
    const own = defaultBudget(scope.tags, trustedSize(history, scope, at - days * dayInMs));
    return { addresses: limits.maxAddedAddresses ?? own.addresses, prefixes: limits.maxAddedPrefixes ?? own.prefixes };
  };

  for (const step of record.steps) {
    for (const interval of step.off) taken[interval] = 0;
    const fresh = new Set(step.on.filter((interval) => !step.known.has(interval) && !beyond.has(interval)));
    for (const interval of step.on) if (step.known.has(interval) && !beyond.has(interval)) taken[interval] = 1;
    if (fresh.size === 0) continue;
    const release = releaseAt(record, step);
    const at = Date.parse(release.seenAt);
    const room = budgetAt(at);
    const share = window.shareOf(release, record.releases[step.index - 1]);
    for (const prefix of bySize(step.add.map(({ text }) => text))) {
      const parts = record.space.intervalsOf(prefix).filter((interval) => fresh.delete(interval));
      if (parts.length === 0) continue;
      const weight = share * (step.onlyOneSource.has(prefix.text) ? 2 : 1);
      const cost = { addresses: record.space.countAddresses(parts) * weight, prefixes: weight };
      const limit = window.charge(at, cost, room);
      for (const interval of parts) {
        if (limit === undefined) taken[interval] = 1;
        else beyond.set(interval, { index: step.index, limit });
      }
    }
  }
  const used = window.used(now.getTime());
  const room = budgetAt(now.getTime());
  return {
    beyondBudget: beyondBudget(record, beyond, taken),
    usedAddresses: Math.ceil(used.addresses),
    usedPrefixes: Math.ceil(used.prefixes),
    limits: { limitWindowDays: days, maxAddedAddresses: room.addresses, maxAddedPrefixes: room.prefixes },
    droppedInWindow: (until) => droppedInWindow(record, until, days),
  };
}

/**
 * How large the trusted lists of a scope were at a time. What a list only claims does not count: otherwise a false list
 * would make room for itself. A region lies within its whole tag.
 */
function trustedSize(history: History, { tags, families, limits }: Scope, at: number): Budget {
  const names = new Set(tags.map((tag) => tag.toLowerCase()));
  const sizes = [...names]
    .filter((name) => serviceOf(name) === name || !names.has(serviceOf(name)))
    .map((name) => toBudget(sizeAt(history.trust(name, limits)?.sizes ?? [], at), families));
  return sumOf(sizes);
}

function beyondBudget(
  record: ScopeRecord,
  beyond: ReadonlyMap<number, { readonly index: number; readonly limit: GrowthLimit }>,
  taken: Uint8Array,
): BeyondBudget[] {
  const { space, listed, releases } = record;
  return [...beyond]
    .filter(([interval]) => !taken[interval] && listed.isListed(interval))
    .sort(([a], [b]) => a - b)
    .flatMap(([interval, { index, limit }]) => {
      const release = releases[index];
      if (!release) return [];
      return space.prefixesOf([interval]).map((prefix) => ({ prefix, release: toReleaseRef(release), limit }));
    });
}

function droppedInWindow(record: ScopeRecord, until: string, days: number): readonly string[] {
  const end = Date.parse(until);
  const dropped: string[] = [];
  for (const step of record.steps) {
    const at = Date.parse(releaseAt(record, step).seenAt);
    // What the first release that was pulled lacks was dropped at some time before: nobody knows when.
    if (at > end || at <= end - days * dayInMs || record.begins.includes(step.index)) continue;
    const off = new Set(step.off.filter((interval) => !record.listed.isListed(interval)));
    for (const prefix of step.remove) {
      const parts = record.space.intervalsOf(prefix);
      if (parts.length === 0 || !parts.every((interval) => off.has(interval))) continue;
      dropped.push(prefix.text);
      for (const interval of parts) off.delete(interval);
    }
    dropped.push(...record.space.prefixesOf(off));
  }
  return sortPrefixes(dropped);
}

function releaseAt({ releases }: ScopeRecord, { index }: ScopeStep) {
  const release = releases[index];
  if (!release) throw new RangeError(`there is no release ${index}`);
  return release;
}
