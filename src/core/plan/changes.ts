/** Step 5 of a plan: what must be written for it, and which NSG rules may not be written now. */
import { registryRuleName, type CurrentRule } from './currentRule.ts';
import type { Decided, Fate } from './decide.ts';
import type { LiveRules } from './own.ts';
import type { RuleChange } from './plan.ts';
import type { PlanInput } from './planInput.ts';
import {
  familyOf,
  includesAll,
  ofFamily,
  prefixesOf,
  sameAddresses,
  subtractPrefixes,
  type AddressFamily,
} from '../prefixes.ts';
import type { Reason } from '../reasons.ts';
import { familyOfRule, ownRulesOf } from '../targets/target.ts';
import { listed as inWords } from '../words.ts';

/** What must be written so that the rules contain `prefixes`. A rule that was never ours is not deleted. */
export function ruleChanges(
  { target, ownership, removalBlockers }: PlanInput,
  { rules, ours }: LiveRules,
  prefixes: readonly string[],
): RuleChange[] {
  if (target.kind === 'registryNetworkRules') {
    return sameAddresses(prefixes, ours) ? [] : [{ rule: registryRuleName, operation: 'put', prefixes }];
  }
  const mayLeave = target.policy !== 'addOnly' && removalBlockers.length === 0;
  return ownRulesOf(target).flatMap(({ name: rule, family }): RuleChange[] => {
    const live = rules.find((candidate) => candidate.rule === rule);
    const isOurs = live?.mark === 'ours' || ownership.ownedRules.includes(rule);
    return nsgRuleChange(rule, live, ofFamily(prefixes, family), isOurs, mayLeave);
  });
}

function nsgRuleChange(
  rule: string,
  live: CurrentRule | undefined,
  prefixes: readonly string[],
  isOurs: boolean,
  mayLeave: boolean,
): RuleChange[] {
  const exists = live?.mark !== undefined;
  if (prefixes.length === 0) {
    // A rule without prefixes lets in service tags or the like, so it stays. But if the target's direction was reversed,
    // its rule for the old direction is deleted, even if the list has nothing for the new one.
    const isLeft = mayLeave && live?.isTurned === true && live.mark === 'ours';
    const goes = exists && isOurs && (live.prefixes.length > 0 || isLeft);
    return goes ? [{ rule, operation: 'delete', prefixes: [] }] : [];
  }
  const isAsWanted = exists && live.drift.length === 0 && sameAddresses(live.prefixes, prefixes);
  return isAsWanted ? [] : [{ rule, operation: 'put', prefixes }];
}

export interface RuleLock {
  readonly rule: string;
  readonly family: AddressFamily;
  readonly reasons: readonly Reason[];
  /** False: a person must change something in Azure or in the targets file. */
  readonly canBeApproved: boolean;
}

/** NSG rules that may not be written now, each with its own reason. The rest of the plan is applied without them. */
export function findRuleLocks(input: PlanInput, live: LiveRules, rows: readonly Decided[]): readonly RuleLock[] {
  const { target, ownership } = input;
  if (target.kind !== 'nsgRule') return [];
  const neverAllowed = prefixesOf(rows.filter(({ fate }) => fate.is === 'neverAllowed'));
  return live.rules.flatMap((rule): RuleLock[] => {
    const { blockers = [] } = rule;
    const family = familyOfRule(target, rule.rule);
    if (blockers.length > 0) return [{ rule: rule.rule, family, reasons: blockers, canBeApproved: false }];
    const change = takeOverReason(rule);
    const isTakenOver = rule.mark === 'unmarked' && target.adopt && !ownership.ownedRules.includes(rule.rule);
    if (!isTakenOver || !change) return [];
    const known = [...live.ours, ...live.others, ...neverAllowed];
    const missing = subtractPrefixes(ofFamily(prefixesOf(input.listed), family), known);
    if (live.approval && includesAll(live.approval.add, missing)) return [];
    return [{ rule: rule.rule, family, reasons: [change], canBeApproved: true }];
  });
}

/** Why somebody else's rule may not be taken over without approval: that would change what it lets in. */
function takeOverReason(live: CurrentRule): Reason | undefined {
  const access = otherAccess(live);
  if (access !== '') {
    return {
      code: 'foreignInOwnedRule',
      message: `${live.rule} was not written by this app and lets in ${access}. The list of prefixes would take its place: the rule stays as it is until you approve the plan.`,
    };
  }
  const { accessDrift = [] } = live;
  if (accessDrift.length === 0) return undefined;
  return {
    code: 'foreignInOwnedRule',
    message: `${live.rule} was not written by this app, and taking it over would change it (${inWords(accessDrift)}): the rule stays as it is until you approve the plan.`,
  };
}

/** Notes about rules of ours that contain a service tag or the like, and for which the list has no prefix instead. */
export function leftAloneNotes(rules: readonly CurrentRule[], written: readonly { readonly rule: string }[]): Reason[] {
  return rules
    .filter((live) => {
      const isWritten = written.some(({ rule }) => rule === live.rule);
      return live.mark === 'ours' && live.prefixes.length === 0 && otherAccess(live) !== '' && !isWritten;
    })
    .map((live) => ({
      code: 'foreignInOwnedRule',
      message: `${live.rule} lets in ${otherAccess(live)}, which is no prefix, and the list has none for it: it is left as it is. Delete it by hand if it is to go.`,
    }));
}

/** What a rule lets in apart from prefixes, in words; empty: nothing. */
function otherAccess({ nonPrefixes = [] }: CurrentRule): string {
  return nonPrefixes.join(', ');
}

/** Changes nothing in a locked rule: its additions and removals wait for approval, or do not fit. */
export function holdLocked(rows: readonly Decided[], locks: readonly RuleLock[]): readonly Decided[] {
  const lockOf = new Map(locks.map((lock) => [lock.family, lock]));
  return rows.map((row) => {
    const lock = lockOf.get(familyOf(row.prefix));
    const { is } = row.fate;
    if (!lock || (is !== 'add' && is !== 'remove')) return row;
    const fate: Fate = {
      is: lock.canBeApproved ? 'needsApproval' : 'doesNotFit',
      change: is,
      why: lock.reasons[0]?.code ?? 'foreignInOwnedRule',
      message: lock.reasons.map(({ message }) => message).join(' '),
    };
    return { ...row, fate };
  });
}
