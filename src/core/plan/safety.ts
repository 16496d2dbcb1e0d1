/** What may be added and removed without a person: the limits of the targets file, both ways. */
import {
  countAddresses,
  intersectPrefixes,
  ofFamily,
  parsePrefix,
  sortPrefixes,
  subtractPrefixes,
} from '../prefixes.ts';
import { reasonFor, type Reason } from '../reasons.ts';
import { removalExcess } from '../removalLimit.ts';
import { specialPurposeRangeOf } from '../specialPurpose.ts';
import type { SafetyLimits } from '../targets/target.ts';
import { andMore } from '../words.ts';

export interface AdditionCheck {
  /** Addresses that may be let in now. */
  readonly allowed: readonly string[];
  /** Addresses that wait for an approval. */
  readonly held: readonly string[];
  /** Addresses that are refused, approval or not. */
  readonly refused: readonly string[];
  readonly reasons: readonly Reason[];
  /** Of `held`, what is beyond `maxAddedAddresses`. */
  readonly beyondCount: readonly string[];
  /** IPv4 addresses among `allowed` that count against `maxAddedAddresses`. */
  readonly addedAddresses: number;
}

export interface AdditionInput {
  /** Addresses that are wanted and not live. */
  readonly missing: readonly string[];
  readonly desired: readonly string[];
  /** Listed on their own inside of one of the desired: a prefix that is held or refused must not take them with it. */
  readonly nested?: readonly string[];
  /** Addresses that this app let in before: putting them back opens nothing new. */
  readonly owned: readonly string[];
  /** Addresses that a person approved. */
  readonly approved: readonly string[];
  readonly limits: SafetyLimits;
  /** Addresses that were beyond the count before: no later list makes room for them, only an approval. */
  readonly heldBefore?: readonly string[];
  /** IPv4 addresses that were let in from this snapshot before. */
  readonly alreadyAdded: number;
}

/**
 * Special-purpose ranges are refused; what lies in a prefix wider than `widestPrefix` is held; of the rest, smallest
 * first, as much goes through as `maxAddedAddresses` has room for; what was held for that stays held.
 */
export function checkAdditions(input: AdditionInput): AdditionCheck {
  const sound = (input.nested ?? []).filter((prefix) => !isTooWide(prefix, input.limits) && !isSpecial(prefix));
  const special = specialPurposeParts(subtractPrefixes(input.missing, sound), input.desired);
  const candidates = subtractPrefixes(input.missing, special.prefixes);
  const vouched = intersectPrefixes(candidates, [...input.owned, ...input.approved]);
  const fresh = subtractPrefixes(candidates, vouched);

  const tooWide = input.desired.filter((prefix) => isTooWide(prefix, input.limits));
  const wide = intersectPrefixes(subtractPrefixes(fresh, sound), tooWide);
  const narrow = subtractPrefixes(fresh, wide);
  const waiting = intersectPrefixes(narrow, input.heldBefore ?? []);
  const room = maxAddedAddressesOf(input.limits) - input.alreadyAdded;
  const counted = takeWithin(subtractPrefixes(narrow, waiting), room);
  const beyondCount = sortPrefixes([...waiting, ...counted.left]);

  return {
    allowed: sortPrefixes([...vouched, ...counted.taken]),
    held: sortPrefixes([...wide, ...beyondCount]),
    beyondCount,
    refused: special.prefixes,
    reasons: [
      ...special.reasons,
      ...reasonFor('widestPrefix', wide, widthMessage(tooWide, input.limits)),
      ...reasonFor('maxAddedAddresses', beyondCount, countMessage(beyondCount, counted.left, input.limits)),
    ],
    addedAddresses: Number(countAddresses(counted.taken, 'ipv4')),
  };
}

function isTooWide(prefix: string, limits: SafetyLimits): boolean {
  const { family, length } = parsePrefix(prefix);
  return length < limits.widestPrefix[family];
}

function isSpecial(prefix: string): boolean {
  return specialPurposeRangeOf(prefix) !== undefined;
}

/** A listed prefix is refused whole: what of it is special-purpose does not hang on what of it is live already. */
function specialPurposeParts(
  missing: readonly string[],
  desired: readonly string[],
): { prefixes: string[]; reasons: Reason[] } {
  const ranges = desired.flatMap((prefix) => {
    const range = specialPurposeRangeOf(prefix);
    return range ? [{ prefix, ...range }] : [];
  });
  const prefixes = intersectPrefixes(
    missing,
    ranges.map(({ prefix }) => prefix),
  );
  const names = [...new Set(ranges.map(({ range, name }) => `${range} (${name})`))].join(', ');
  const message = `${andMore(prefixes)} overlaps ${names}: special-purpose addresses are never let in, approved or not.`;
  return { prefixes, reasons: reasonFor('specialPurpose', prefixes, message) };
}

/** Smallest prefixes first (of one size as they come, by address), so that a few oversized ones cannot keep the others out. */
function takeWithin(prefixes: readonly string[], room: number): { taken: string[]; left: string[] } {
  const ipv4 = ofFamily(prefixes, 'ipv4').map((text) => parsePrefix(text));
  const bySize = ipv4.sort((a, b) => b.length - a.length);
  const taken = ofFamily(prefixes, 'ipv6');
  const left: string[] = [];
  let free = BigInt(Math.max(0, room));
  for (const prefix of bySize) {
    const size = prefix.end - prefix.start + 1n;
    if (size <= free) {
      free -= size;
      taken.push(prefix.text);
    } else {
      left.push(prefix.text);
    }
  }
  return { taken: sortPrefixes(taken), left: sortPrefixes(left) };
}

function widthMessage(tooWide: readonly string[], limits: SafetyLimits): string {
  const { ipv4, ipv6 } = limits.widestPrefix;
  return `${andMore(tooWide)} is wider than widestPrefix (IPv4 /${ipv4}, IPv6 /${ipv6}). Approve the plan if Microsoft really published it.`;
}

function countMessage(held: readonly string[], fresh: readonly string[], limits: SafetyLimits): string {
  const maxAddedAddresses = maxAddedAddressesOf(limits);
  const count = countAddresses(held, 'ipv4');
  const [are, has] = fresh.length > 0 ? ['are', 'has'] : ['were', 'had'];
  return `${count} new IPv4 addresses ${are} more than maxAddedAddresses (${maxAddedAddresses}) ${has} room for. Approve the plan if they are meant.`;
}

export interface RemovalCheck {
  readonly allowed: readonly string[];
  readonly held: readonly string[];
  readonly reasons: readonly Reason[];
}

export interface RemovalInput {
  /** Addresses of ours whose grace is over. */
  readonly due: readonly string[];
  /** What the percentage is of: prefixes of ours before the first of the due ones went missing. */
  readonly ours: readonly string[];
  readonly approved: readonly string[];
  readonly flapping: readonly string[];
  readonly limits: SafetyLimits;
  /** Reasons from the snapshot that hold every removal: quarantine, missing tags, unreadable prefixes. */
  readonly distrust: readonly Reason[];
}

/** One distrusted source holds all, a flapping prefix holds itself, and beyond a limit all of the due ones are held. */
export function checkRemovals(input: RemovalInput): RemovalCheck {
  const approved = intersectPrefixes(input.due, input.approved);
  const open = subtractPrefixes(input.due, approved);
  if (open.length === 0) return { allowed: approved, held: [], reasons: [] };
  if (input.distrust.length > 0) return { allowed: approved, held: open, reasons: input.distrust };

  const flapping = intersectPrefixes(open, input.flapping);
  const steady = subtractPrefixes(open, flapping);
  const excess = removalExcess(steady, input.ours, input.limits);
  return {
    allowed: sortPrefixes([...approved, ...(excess ? [] : steady)]),
    held: sortPrefixes([...flapping, ...(excess ? steady : [])]),
    reasons: [
      ...reasonFor(
        'flapping',
        flapping,
        `${andMore(flapping)} has gone and come back before, so it stays until the plan is approved.`,
      ),
      ...(excess ? reasonFor('removalLimit', steady, `${excess} Approve the plan if they are meant to go.`) : []),
    ],
  };
}

export function maxAddedAddressesOf({ maxAddedAddresses = 65_536 }: SafetyLimits): number {
  return maxAddedAddresses;
}
