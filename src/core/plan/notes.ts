/** Notes about a whole plan: wider rules, other people's rules, a quota. */
import type { Explained } from './explain.ts';
import { isWide } from './room.ts';
import { countAddresses, intersectPrefixes, overlapping, prefixesOf, subtractPrefixes } from '../prefixes.ts';
import { reasonFor, type Reason } from '../reasons.ts';
import { traitsOf } from '../targets/targetKinds.ts';
import { agree, andMore, counted, inWords } from '../words.ts';

/** How many unlisted addresses wider rules let in. Prefixes that are only removed later have a reason of their own. */
export function supernetNote({ room, fitted }: Explained): Reason[] {
  if (!isWide(room)) return [];
  const { listed, widening } = room;
  const rules = fitted.afterAll;
  const leaving = fitted.rows.filter(
    ({ fate }) => fate.is === 'kept' || (fate.is === 'needsApproval' && fate.change === 'remove'),
  );
  const unlisted = subtractPrefixes(rules, listed);
  const open = countAddresses(unlisted, 'ipv4');
  const later = countAddresses(intersectPrefixes(unlisted, prefixesOf(leaving)), 'ipv4');
  if (open === later) return [];
  const covered = listed.length - overlapping(listed, subtractPrefixes(listed, rules)).length;
  const until = later === 0n ? '' : `, ${inWords(later)} of them until they are removed`;
  const message = `fit: supernet covers ${counted(covered, 'listed prefix')} with ${counted(rules.length, 'rule')} and lets in ${counted(open, 'address')} that are not listed (limit maxExtraAddresses: ${counted(widening.maxExtraAddresses, 'address')})${until}. Lower maxExtraAddresses if that is too many.`;
  return [{ code: 'supernet', message, prefixes: unlisted }];
}

/** Notes about other people's rules, which stay whatever the list says. */
export function othersNotes({ input, live }: Explained): Reason[] {
  const { target } = input;
  const { others, blockers } = live;
  const were = agree(others.length, 'was', 'were');
  if (!traitsOf(target).hasOwnRules) {
    const inside = overlapping(others, prefixesOf(input.listed)).length;
    const listedToo =
      inside === 0
        ? ''
        : `; ${inWords(inside)} of them ${agree(inside, 'contains', 'contain')} listed addresses, and ${agree(inside, 'stays', 'stay')} when those are dropped`;
    return reasonFor(
      'foreignRules',
      others,
      `${counted(others.length, 'rule')} of ${target.name} ${were} added by others, and the app leaves ${agree(others.length, 'it', 'them')} alone${listedToo}.`,
    );
  }
  if (target.policy !== 'addOnly' || blockers.length > 0) return [];
  const message = `${andMore(others)} ${agree(others.length, 'is', 'are')} in the rule but ${were} not written by this app; policy addOnly keeps ${agree(others.length, 'it', 'them')}. Remove ${agree(others.length, 'it', 'them')} by hand if nobody needs ${agree(others.length, 'it', 'them')}.`;
  return reasonFor('foreignRules', others, message);
}

/** A note if capacity.maxRules is more than Azure allows. */
export function quotaNote({ input: { target, live } }: Explained): Reason[] {
  if (target.kind === 'nsgRule') return [];
  const { maxRules: wanted } = target.capacity;
  if (wanted === undefined || live.maxRules === undefined || wanted <= live.maxRules) return [];
  const message = `capacity.maxRules allows ${counted(wanted, 'rule')}, and the registry takes ${counted(live.maxRules, 'IP rule')}: the smaller number counts. Lower capacity.maxRules to that number.`;
  return [{ code: 'maxRules', message }];
}
