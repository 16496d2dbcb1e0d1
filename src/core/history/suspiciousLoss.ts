/** Step 3 of following a tag: a tag that vanished, is empty or shrank suspiciously is put into quarantine. */
import { overlapping } from '../prefixes.ts';
import { removalExcess } from '../removalLimit.ts';
import { dayInMs } from '../time.ts';
import { counted } from '../words.ts';
import { Confirmations } from './confirmations.ts';
import { defaultWindowDays } from './limits.ts';
import { releaseOf, timeOf, type OpenQuarantine, type TagState } from './tagState.ts';
import type { Quarantined } from './tagTrust.ts';

/** A quarantine begins anew if the tag lost more, or shows another fault than before. */
export function decideQuarantine(tag: TagState, hasLostMore: boolean): void {
  const fault = findFault(tag);
  const open = tag.quarantine;
  if (!fault) {
    tag.quarantine = undefined;
  } else if (open?.kind !== fault.kind || hasLostMore) {
    const comparedWith = open?.comparedWith ?? tag.index - 1;
    tag.quarantine = { ...fault, since: tag.index, comparedWith, confirmations: new Confirmations(releaseOf(tag)) };
  } else {
    confirm(tag, open);
  }
  if (tag.quarantine && tag.quarantine.retired === undefined) tag.untrusted.add(tag.index);
}

/** Once confirmed for long enough, a shrunken list is trusted, and a tag that is missing or empty is retired. */
function confirm(tag: TagState, open: OpenQuarantine): void {
  const { removalConfirmations, removalGraceDays } = tag.limits;
  open.confirmations.add(releaseOf(tag));
  if (open.confirmations.count < Math.max(1, removalConfirmations)) return;
  if (open.kind !== 'shrunken') open.retired ??= tag.index;
  else if (timeOf(tag) - timeOf(tag, open.since) >= removalGraceDays * dayInMs) tag.quarantine = undefined;
}

/** Why the tag is quarantined in this release; undefined if it is not. */
function findFault(tag: TagState): Pick<Quarantined, 'kind' | 'reason'> | undefined {
  const { listed, lost, record, trusted } = tag;
  if (lost.size === 0) return undefined;
  const had = `it had ${counted(trusted.prefixes.size, 'prefix')} before`;
  if (!listed.isTagListed) return { kind: 'missing', reason: `${record.name} is missing from the list; ${had}.` };
  if (listed.prefixes.size === 0)
    return { kind: 'empty', reason: `${record.name} is in the list without a prefix; ${had}.` };
  const excess = excessOf(tag);
  return excess === undefined
    ? undefined
    : { kind: 'shrunken', reason: `${record.name} shrank: the list leaves out ${excess}.` };
}

/** All losses within the window count together, so that a little in every release counts like all of it at once. */
function excessOf(tag: TagState): string | undefined {
  const { listed, lost, trusted, limits } = tag;
  const oldest = timeOf(tag) - defaultWindowDays * dayInMs;
  tag.dropped = tag.dropped.filter(({ at }) => at > oldest);
  const dropped = tag.dropped.flatMap(({ prefixes }) => prefixes).filter((prefix) => !listed.listsAllOf(prefix));
  const removed = [...listed.space.prefixesOf(lost), ...dropped];
  const from = [...new Set([...trusted.prefixes, ...dropped])];
  return isExchange(tag, removed, from) ? undefined : removalExcess(removed, from, limits);
}

/** True if one of several prefixes was replaced by at least one new one: Microsoft moves a region like this. */
function isExchange({ listed }: TagState, removed: readonly string[], from: readonly string[]): boolean {
  return from.length >= 2 && listed.prefixes.size >= from.length && overlapping(from, removed).length === 1;
}
