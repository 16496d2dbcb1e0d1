/** Step 5 of following a tag: which new prefixes are trusted, and which have to wait. */
import type { AddressPrefix } from '../prefixes.ts';
import { addressFamilies } from '../prefixes.ts';
import { specialPurposeRangeOf } from '../specialPurpose.ts';
import { dayInMs } from '../time.ts';
import { Confirmations } from './confirmations.ts';
import {
  defaultBudget,
  defaultWindowDays,
  doubtOf,
  isRegistryTag,
  quarantineLimits,
  sizeAt,
  toBudget,
  widestInFeeds,
  type Budget,
} from './limits.ts';
import type { TagStep } from './tagRecord.ts';
import { isStart, releaseOf, timeOf, type Doubt, type TagState } from './tagState.ts';
import type { DoubtCode, Doubtful } from './tagTrust.ts';
import { bySize } from './window.ts';

export function trustNew(tag: TagState, step: TagStep | undefined): void {
  const { doubts, history, index, listed, trusted, untrusted, window } = tag;
  const release = releaseOf(tag);
  const budget = budgetOf(tag);
  const share = window.shareOf(release, history.releases[index - 1]);
  const fromOneSource = new Set(step?.onlyOneSource);
  const added = isStart(tag) ? listed.prefixes : (step?.add ?? []);
  for (const prefix of step?.remove ?? []) doubts.delete(prefix);
  for (const candidate of bySize([...added, ...doubts.keys()])) {
    const { text: prefix } = candidate;
    const doubt = doubts.get(prefix);
    if (doubt && !untrusted.has(index)) doubt.confirmations.add(release);
    const why = reasonAgainst(tag, candidate, doubt, budget, (fromOneSource.has(prefix) ? 2 : 1) * share);
    if (why === undefined) {
      doubts.delete(prefix);
      trusted.add(prefix, listed.intervalsOf(prefix));
    } else if (doubt) {
      doubt.why = why;
    } else {
      doubts.set(prefix, { confirmations: new Confirmations(release), why });
    }
  }
}

/** Why the prefix is not trusted now. Undefined: it is trusted from now on, and `share` of it is charged to the budget. */
function reasonAgainst(
  tag: TagState,
  prefix: AddressPrefix,
  doubt: Doubt | undefined,
  budget: Budget,
  share: number,
): DoubtCode | undefined {
  const { listed, record, window } = tag;
  const added = newIn(tag, prefix.text);
  if (added.length === 0) return undefined;
  // The first list adds nothing: each of its prefixes is measured alone, and none is charged.
  if (isStart(tag)) return doubtOf(record.name, prefix.text);
  if (specialPurposeRangeOf(prefix.text)) return 'specialPurpose';
  const hasStood = doubt !== undefined && doubt.confirmations.count >= quarantineLimits.removalConfirmations;
  if (!hasStood && isTooWide(tag, prefix)) return 'widestPrefix';
  if (!hasStood && doubt) return doubt.why;
  const cost = { addresses: listed.space.countAddresses(added) * share, prefixes: share };
  return window.charge(timeOf(tag), cost, budget);
}

function isTooWide({ record, listed }: TagState, prefix: AddressPrefix): boolean {
  return isRegistryTag(record.name) && listed.lengthWithNeighbours(prefix) < widestInFeeds[prefix.family];
}

/** The intervals of a prefix that are not trusted. */
function newIn({ listed, trusted }: TagState, prefix: string): readonly number[] {
  return listed.intervalsOf(prefix).filter((interval) => !trusted.has(interval));
}

function budgetOf(tag: TagState): Budget {
  const size = sizeAt(tag.trusted.sizes, timeOf(tag) - defaultWindowDays * dayInMs);
  return defaultBudget([tag.record.name], toBudget(size, addressFamilies));
}

/** What has to wait after the release that was read last, and when there is room for it. */
export function doubtfulOf(tag: TagState): Doubtful[] {
  const { doubts, listed, window } = tag;
  const budget = budgetOf(tag);
  return [...doubts].map(([prefix, { why, confirmations }]) => {
    const size = { addresses: listed.space.countAddresses(newIn(tag, prefix)), prefixes: 1 };
    const roomAt = why === 'specialPurpose' ? undefined : window.freeAt(size, budget, timeOf(tag));
    return { prefix, why, confirmations: confirmations.count, roomAt };
  });
}
