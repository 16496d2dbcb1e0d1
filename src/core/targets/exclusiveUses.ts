/** Two targets may not write the same thing: each would undo what the other did. */
import { type NsgRuleTarget, ownRulesOf, type Target } from './target.ts';
import type { Fault } from './targetEntry.ts';

interface ExclusiveUse {
  /** Names something that only one target may write. */
  readonly key: string;
  /** The same in words. */
  readonly what: string;
}

/**
 * Returns a check to call for one target after the other. It returns faults if the target would write something that an
 * earlier target writes. `path` says where the target is in the file; a fault names both targets.
 */
export function createExclusiveUseCheck(): (target: Target, path: string) => readonly Fault[] {
  const owners = new Map<string, string>();
  return (target, path) => {
    const uses = exclusiveUses(target);
    const faults = uses.flatMap(({ key, what }) => {
      const owner = owners.get(key);
      return owner === undefined ? [] : [{ path, message: `"${target.name}" claims ${what}, which ${owner} has` }];
    });
    for (const { key } of uses) if (!owners.has(key)) owners.set(key, `${path} ("${target.name}")`);
    return faults;
  };
}

function exclusiveUses(target: Target): ExclusiveUse[] {
  const name = { key: `name ${target.name}`, what: `the name ${target.name}` };
  // Azure ignores case in ARM ids and names of rules.
  const resource = target.resourceId.toLowerCase();
  if (target.kind === 'registryNetworkRules') return [name, { key: resource, what: 'the IP rules of that registry' }];
  return [name, ...ruleNamesOf(target, resource), ...prioritiesOf(target, resource)];
}

function ruleNamesOf(target: NsgRuleTarget, resource: string): ExclusiveUse[] {
  return ownRulesOf(target).map(({ name }) => ({
    key: `${resource} rule ${name.toLowerCase()}`,
    what: `the rule ${name} of that network security group`,
  }));
}

function prioritiesOf(target: NsgRuleTarget, resource: string): ExclusiveUse[] {
  const { direction } = target.rule;
  const written = ownRulesOf(target).filter(({ family }) => target.addressFamilies.includes(family));
  return written.map(({ priority }) => ({
    key: `${resource} ${direction} ${priority}`,
    what: `${direction} priority ${priority} of that network security group`,
  }));
}
