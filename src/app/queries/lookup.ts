/** Which tags contain an address, and whether a target let it in on a day. */
import { RequestError, shorten } from '../../core/errors.ts';
import { buildLookupIndex, type LookupIndex, type LookupMatch } from '../../core/serviceTags/lookupIndex.ts';
import { includesAll } from '../../core/prefixes.ts';
import type { UpdateRecord } from '../../core/ledger/runRecord.ts';
import type { Snapshot } from '../../core/serviceTags/snapshot.ts';
import type { LiveRule } from '../../core/plan/currentRule.ts';

export interface LookupAnswer {
  readonly ip: string;
  readonly snapshot: string;
  /** Most specific first. For a CIDR: the prefixes that contain all of it. */
  readonly matches: readonly LookupMatch[];
}

export const anAddress = 'an IP address or a CIDR such as 20.42.66.1, 2603:1030::/48';

// Built once per snapshot, and freed together with it.
const indexes = new WeakMap<Snapshot, LookupIndex>();

function indexOf(snapshot: Snapshot): LookupIndex {
  let index = indexes.get(snapshot);
  if (!index) {
    index = buildLookupIndex(snapshot.document);
    indexes.set(snapshot, index);
  }
  return index;
}

/** Throws RequestError 400 if `ip` is neither an address nor a CIDR. */
export function lookupAddress(snapshot: Snapshot, ip: string): LookupAnswer {
  const matches = indexOf(snapshot).find(ip);
  if (!matches) {
    throw new RequestError(400, 'invalid-query', `ip: ${notAnAddress(ip)}`, { parameter: 'ip' });
  }
  return { ip, snapshot: snapshot.id, matches };
}

/** Throws RequestError 400 that names every bad entry (the first hundred) by its index. */
export function lookupAddresses(snapshot: Snapshot, ips: readonly string[]): readonly LookupAnswer[] {
  const index = indexOf(snapshot);
  const errors: { index: number; message: string }[] = [];
  const answers = ips.map((ip, position) => {
    const matches = index.find(ip);
    if (!matches && errors.length < 100) errors.push({ index: position, message: notAnAddress(ip) });
    return { ip, snapshot: snapshot.id, matches: matches ?? [] };
  });
  const [first] = errors;
  if (first) {
    throw new RequestError(400, 'invalid-body', `entry ${first.index}: ${first.message}`, { errors });
  }
  return answers;
}

function notAnAddress(ip: string): string {
  return `"${shorten(ip, 60)}" is not ${anAddress}`;
}

export interface TargetAnswer {
  readonly name: string;
  readonly allowed: boolean;
  /** The rule and its narrowest prefix that contain the address; absent if no single prefix contains all of a CIDR. */
  readonly rule?: string;
  readonly prefix?: string;
  /** The run after which the rules were like this, and the list that it applied. */
  readonly run: { readonly id: string; readonly finishedAt: string };
  readonly snapshot?: { readonly id: string; readonly date: string; readonly contentHash: string };
}

/** Whether the rules after a run (`after`) let in an address, or all of a CIDR. */
export function lookupInRules(name: string, ip: string, record: UpdateRecord, access: 'Allow' | 'Deny'): TargetAnswer {
  const rules = record.after ?? [];
  const match = findInRules(rules, ip);
  const isContained =
    match !== undefined ||
    includesAll(
      rules.flatMap((rule) => rule.prefixes),
      [ip],
    );
  return {
    name,
    allowed: isContained === (access === 'Allow'),
    ...(match && { rule: match.tag, prefix: match.prefix }),
    run: { id: record.id, finishedAt: record.finishedAt },
    ...(record.snapshot && { snapshot: record.snapshot }),
  };
}

/** Looks an address up in rules as if they were tags: both are named lists of prefixes. */
function findInRules(rules: readonly LiveRule[], ip: string): LookupMatch | undefined {
  const values = rules.map(({ rule, prefixes }) => ({
    name: rule,
    region: '',
    systemService: '',
    changeNumber: 0,
    addressPrefixes: prefixes,
  }));
  const matches = buildLookupIndex({ cloud: 'Public', changeNumber: 0, values }).find(ip);
  if (!matches) throw new RequestError(400, 'invalid-query', `ip: ${notAnAddress(ip)}`, { parameter: 'ip' });
  return matches[0];
}
