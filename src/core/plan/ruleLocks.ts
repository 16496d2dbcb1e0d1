/** NSG rules that may not be written now, each for a reason of its own: the rest of a plan goes on without them. */
import type { CurrentRule } from './currentRule.ts';
import type { Ownership } from './ownership.ts';
import type { Plan } from './plan.ts';
import type { PlanInput } from './planInput.ts';
import { coversAll, dropContained, familyOf, ofFamily, subtractPrefixes, type AddressFamily } from '../prefixes.ts';
import type { Reason } from '../reasons.ts';
import type { PlanLists } from './ruleSet.ts';
import { familyOfRule } from '../targets/ownRules.ts';
import type { Target } from '../targets/target.ts';
import type { Approval, PlannerState } from '../targets/targetState.ts';

export interface RuleLock {
  readonly rule: string;
  readonly family: AddressFamily;
  readonly reasons: readonly Reason[];
  /** False: a person must change something in Azure or in the targets file. */
  readonly canBeApproved: boolean;
}

/** The rules of a target: of its own families, and what it left behind in one that it had before. */
export function rulesOfTarget(
  target: Target,
  rules: readonly CurrentRule[],
  ownedRules: PlannerState['ownedRules'],
): readonly CurrentRule[] {
  if (target.kind !== 'nsgRule') return rules;
  return rules.filter(
    ({ rule, mark }) =>
      target.addressFamilies.includes(familyOfRule(target, rule)) || mark === 'ours' || ownedRules.includes(rule),
  );
}

export function findRuleLocks(
  input: PlanInput,
  rules: readonly CurrentRule[],
  ownership: Ownership,
  approval: Approval | undefined,
  refused: readonly string[],
): readonly RuleLock[] {
  const { target } = input;
  if (target.kind !== 'nsgRule') return [];
  return rules.flatMap((live): RuleLock[] => {
    const { rule, blockers = [] } = live;
    const family = familyOfRule(target, rule);
    if (blockers.length > 0) return [{ rule, family, reasons: blockers, canBeApproved: false }];
    const missing = ofFamily(subtractPrefixes(input.desired, [...ownership.ours, ...refused]), family);
    const isApproved = approval !== undefined && coversAll(approval.add, missing);
    if (isApproved || !takesOverMore(live, input.state.ownedRules)) return [];
    return [{ rule, family, reasons: [takeOverReason(live)], canBeApproved: true }];
  });
}

/** A rule of somebody else's that holds a tag, `*` or a group: a list of prefixes in their place takes that access away. */
function takesOverMore(live: CurrentRule, ownedRules: readonly string[]): boolean {
  return live.mark === 'unmarked' && otherAccess(live) !== '' && !ownedRules.includes(live.rule);
}

function takeOverReason(live: CurrentRule): Reason {
  return {
    code: 'foreignInOwnedRule',
    message: `${live.rule} lets in ${otherAccess(live)} now, and the list of prefixes would take its place: the rule stays as it is until you approve the plan.`,
  };
}

/** Rules of ours that hold a tag or the like, and for which the list has nothing that could take its place. */
export function leftAloneNotes(rules: readonly CurrentRule[], written: readonly { readonly rule: string }[]): Reason[] {
  return rules
    .filter((live) => {
      const isWritten = written.some(({ rule }) => rule === live.rule);
      return live.mark === 'ours' && live.prefixes.length === 0 && otherAccess(live) !== '' && !isWritten;
    })
    .map((live) => ({
      code: 'foreignInOwnedRule',
      message: `${live.rule} lets in ${otherAccess(live)}, which is no prefix, and the list has none for it: it is left as it is; delete it by hand if it is to go.`,
    }));
}

/** What a rule lets in by other means than prefixes, in words; empty: nothing. */
function otherAccess({ nonPrefixes = [] }: CurrentRule): string {
  return nonPrefixes.join(', ');
}

/** The lists of a plan, with everything of some families moved to what is held. */
export function holdFamilies(
  lists: PlanLists,
  held: Plan['held'],
  families: readonly AddressFamily[],
): { readonly lists: PlanLists; readonly held: Plan['held'] } {
  const isHeld = (prefix: string): boolean => families.includes(familyOf(prefix));
  const goesOn = (prefix: string): boolean => !isHeld(prefix);
  return {
    lists: { ...lists, add: lists.add.filter(goesOn), remove: lists.remove.filter(goesOn) },
    held: {
      add: dropContained([...held.add, ...lists.add.filter(isHeld)]),
      remove: dropContained([...held.remove, ...lists.remove.filter(isHeld)]),
    },
  };
}
