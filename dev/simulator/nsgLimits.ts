/** Checks of a whole network security group: names, priorities, counts. */
import type { Nsg, Rule } from './nsg.ts';
import { nsgErrors } from './nsgErrors.ts';

const maxRules = 1000;
const maxValuesPerSide = 4000;

export function checkRuleName(name: string): void {
  if (name.length > 80 || !/^\w([\w.-]*\w)?$/.test(name)) throw nsgErrors.invalidName(name);
}

export function checkLimits(nsg: Nsg): void {
  if (nsg.rules.length > maxRules) throw nsgErrors.tooManyRules(maxRules);
  checkPriorities(nsg.rules);
  for (const [kind, count] of Object.entries(countValues(nsg.rules))) {
    if (count > maxValuesPerSide) throw nsgErrors.tooManyValues(nsg.id, count, kind, maxValuesPerSide);
  }
}

function checkPriorities(rules: readonly Rule[]): void {
  const taken = new Map<string, string>();
  for (const { name, properties } of rules) {
    const key = `${properties.direction} ${properties.priority}`;
    const other = taken.get(key);
    if (other !== undefined) throw nsgErrors.priorityTaken(name, other);
    taken.set(key, name);
  }
}

/** The limit applies to the whole security group, separately for each side. */
function countValues(rules: readonly Rule[]): Readonly<Record<string, number>> {
  const count = (read: (rule: Rule['properties']) => readonly [string | undefined, readonly string[] | undefined]) =>
    rules.reduce((total, rule) => {
      const [one, many = []] = read(rule.properties);
      return total + (one === undefined ? 0 : 1) + many.length;
    }, 0);
  return {
    SourceAddressPrefixes: count((rule) => [rule.sourceAddressPrefix, rule.sourceAddressPrefixes]),
    DestinationAddressPrefixes: count((rule) => [rule.destinationAddressPrefix, rule.destinationAddressPrefixes]),
    SourcePortRanges: count((rule) => [rule.sourcePortRange, rule.sourcePortRanges]),
    DestinationPortRanges: count((rule) => [rule.destinationPortRange, rule.destinationPortRanges]),
  };
}
