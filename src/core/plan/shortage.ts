/** Says what has no room, what waits for it, and what a person can do. */
import type { Decided } from './decide.ts';
import type { Explained } from './explain.ts';
import type { Shortage } from './fit.ts';
import { partition } from './own.ts';
import { isWide, type Room } from './room.ts';
import { deadline, describe, roomInWords } from './rowSentences.ts';
import { countAddresses, prefixesOf } from '../prefixes.ts';
import { reasonFor, type Reason } from '../reasons.ts';
import { agree, andMore, counted, inWords } from '../words.ts';

/** What does not fit, what waits with it, and what a person can do. */
export function explainShortage(rows: readonly Decided[], context: Explained): Reason[] {
  const { room, fitted } = context;
  const { shortage } = fitted;
  if (!shortage) return [];
  const [additions, wider] = partition(
    rows.filter(({ fate }) => fate.change === 'add'),
    ({ listed }) => listed !== undefined,
  );
  const due = rows.filter(({ fate }) => fate.change === 'remove' && fate.isForRoom);
  const message = `${inWords(additions.length)} of ${counted(room.needed.length, 'prefix')} ${agree(additions.length, 'does', 'do')} not fit: ${roomInWords(room)}, and ${counted(shortage.neededRules, 'rule')} ${agree(shortage.neededRules, 'is', 'are')} needed. The widest were added first; left out: ${describe(additions)}. ${deadline(additions, context)}${wayOut(shortage, room)}`;
  return [
    ...reasonFor(shortage.code, prefixesOf(additions), message),
    ...reasonFor('supernet', prefixesOf(wider), widerSentence(wider)),
    ...reasonFor('fit', prefixesOf(due), remainderSentence(due, shortage)),
  ];
}

/** About a removal that cannot be made: the rest of the prefix would need more rules than there is room for. */
function remainderSentence(due: readonly Decided[], { leaving }: Shortage): string {
  const way =
    leaving.length > 0 ? 'Approve the plan to take out now what goes with it.' : 'It leaves when there is room.';
  return `${andMore(prefixesOf(due))} ${agree(due.length, 'is', 'are')} due to leave, but there is no room for the parts that are left of the prefix: it stays whole. ${way}`;
}

/** About addresses that wider rules let in after an approval. */
function widerSentence(rows: readonly Decided[]): string {
  const addresses = countAddresses(prefixesOf(rows), 'ipv4');
  return `If you approve the plan, fit: supernet also lets in ${counted(addresses, 'address')} that ${agree(Number(addresses), 'is', 'are')} not listed.`;
}

/** About wider rules that would let in more new addresses than the limit has left. */
export function countSentence(rows: readonly Decided[], context: Explained): string {
  const { room, input } = context;
  const { growth } = input;
  const [listedRows, extra] = [rows.filter(({ listed }) => listed), rows.filter(({ listed }) => !listed)];
  const left = room.widening?.maxNewAddresses ?? 0;
  return `fit: supernet would let in ${counted(countAddresses(prefixesOf(extra), 'ipv4'), 'address')} that are not listed to make room for ${andMore(prefixesOf(listedRows))}, and maxAddedAddresses (${counted(growth.limits.maxAddedAddresses, 'address')}) has room for ${counted(left, 'address')} more. ${deadline(listedRows, context)}Approve the plan if they are meant.`;
}

function wayOut(shortage: Shortage, room: Room): string {
  const { leaving, retained } = shortage;
  if (leaving.length > 0) {
    return `Approve the plan to let in what then has room and to take out ${andMore(leaving)}, which ${agree(leaving.length, 'is', 'are')} not listed.`;
  }
  const kept = retained.length === 0 ? '' : `${keptInWords(retained, room)} `;
  if (room.target.kind === 'nsgRule') return `${kept}Choose fewer regions, or use a group of its own.`;
  const settings = isWide(room) ? shortage.ways : 'fit "supernet"';
  const ways = ['Choose fewer regions (one region needs about 15 rules)', moreRoom(room), settings].filter(
    (way) => way !== '',
  );
  return `${kept}${ways.join(', or ')}.`;
}

/** Azure raises the number of IP rules of a registry for nobody. */
function moreRoom(room: Room): string {
  if (room.isLimitedBySetting) return 'a larger capacity.maxRules';
  return room.live.others.length > 0 ? 'fewer rules of others' : '';
}

function keptInWords(retained: readonly string[], { target }: Room): string {
  const is = agree(retained.length, 'is', 'are');
  return target.policy === 'addOnly'
    ? `Policy addOnly keeps ${andMore(retained)}, which ${is} no longer listed: make room, or choose another policy.`
    : `${andMore(retained)} ${is} no longer listed and ${agree(retained.length, 'takes', 'take')} room until ${agree(retained.length, 'it leaves', 'they leave')}.`;
}
