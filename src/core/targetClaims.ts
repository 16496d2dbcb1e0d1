/** Two targets may not write the same thing: each would undo what the other did. */
import type { NsgRuleTarget, Target } from './target.ts';
import type { Fault } from './targetEntry.ts';

interface Claim {
  /** What only one target may have. */
  readonly key: string;
  /** The same for people. */
  readonly what: string;
}

/** One fault for each thing that a second target claims; it names both. `pathOf` says where a target stands in the file. */
export function findClaimFaults(targets: readonly Target[], pathOf: (index: number) => string): Fault[] {
  const owners = new Map<string, number>();
  return targets.flatMap((target, index) => {
    const faults: Fault[] = [];
    for (const { key, what } of claimsOf(target)) {
      const owner = owners.get(key) ?? index;
      owners.set(key, owner);
      if (owner === index) continue;
      const other = `${pathOf(owner)} ("${targets[owner]?.name}")`;
      faults.push({ path: pathOf(index), message: `"${target.name}" claims ${what}, which ${other} has` });
    }
    return faults;
  });
}

function claimsOf(target: Target): Claim[] {
  const name = { key: `name ${target.name}`, what: `the name ${target.name}` };
  // ARM ids and the names of rules are the same in any letter case.
  const resource = target.resourceId.toLowerCase();
  if (target.kind === 'registryNetworkRules') return [name, { key: resource, what: 'the IP rules of that registry' }];
  return [name, ...ruleNamesOf(target, resource), ...prioritiesOf(target, resource)];
}

function ruleNamesOf({ rule }: NsgRuleTarget, resource: string): Claim[] {
  return [rule.name, `${rule.name}-ipv6`].map((name) => ({
    key: `${resource} rule ${name.toLowerCase()}`,
    what: `the rule ${name} of that network security group`,
  }));
}

function prioritiesOf({ rule, addressFamilies }: NsgRuleTarget, resource: string): Claim[] {
  return addressFamilies.map((family) => {
    const priority = family === 'ipv4' ? rule.priority : rule.ipv6Priority;
    return {
      key: `${resource} ${rule.direction} ${priority}`,
      what: `${rule.direction} priority ${priority} of that network security group`,
    };
  });
}
