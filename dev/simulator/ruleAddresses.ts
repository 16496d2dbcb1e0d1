/** Checks the prefixes, ports and description of a single rule. */
import { findOverlap, parseRange, type AddressRange } from './addresses.ts';
import type { RuleProperties } from './ruleShape.ts';
import { nsgErrors, type Side } from './nsgErrors.ts';

const builtInTags = ['virtualnetwork', 'internet', 'azureloadbalancer'];

/** `isServiceTag` gets the name in lower case. */
export function checkRule(ruleId: string, rule: RuleProperties, isServiceTag: (name: string) => boolean): void {
  if ((rule.description?.length ?? 0) > 140) throw nsgErrors.descriptionTooLong(ruleId, rule.description?.length ?? 0);
  const isTag = (value: string) => builtInTags.includes(value.toLowerCase()) || isServiceTag(value.toLowerCase());
  const sides = (['Source', 'Destination'] as const).map((side) => {
    checkPorts(ruleId, rule, side);
    return checkSide(ruleId, rule, side, isTag);
  });
  if (new Set(sides.flat().map((range) => range.family)).size > 1) throw nsgErrors.mixedFamilies();
}

function checkSide(
  ruleId: string,
  rule: RuleProperties,
  side: Side,
  isTag: (value: string) => boolean,
): AddressRange[] {
  const { one, many, groups } = addressesOf(rule, side);
  const names = [`${side}AddressPrefixes`, `${side}AddressPrefix`, `${side}ApplicationSecurityGroups`];
  checkExactlyOne(ruleId, [one !== undefined, many.length > 0, groups > 0], names);
  if (one !== undefined) return one === '*' || isTag(one) ? [] : [parseStrictly(ruleId, one)];
  const unsupported = many.find((value) => value === '*' || isTag(value));
  if (unsupported !== undefined) throw nsgErrors.unsupportedInPlural(side, ruleId, unsupported);
  const ranges = many.map((value) => parseStrictly(ruleId, value));
  const byFamily = [
    ranges.filter((range) => range.family === 'ipv4'),
    ranges.filter((range) => range.family === 'ipv6'),
  ];
  if (byFamily.every((family) => family.length > 0)) throw nsgErrors.mixedFamilies();
  const overlap = findOverlap(ranges);
  if (overlap) throw nsgErrors.overlapping(side, ruleId, overlap[0].text, overlap[1].text);
  return ranges;
}

function addressesOf(rule: RuleProperties, side: Side) {
  return side === 'Source'
    ? {
        one: rule.sourceAddressPrefix,
        many: rule.sourceAddressPrefixes ?? [],
        groups: rule.sourceApplicationSecurityGroups?.length ?? 0,
      }
    : {
        one: rule.destinationAddressPrefix,
        many: rule.destinationAddressPrefixes ?? [],
        groups: rule.destinationApplicationSecurityGroups?.length ?? 0,
      };
}

function parseStrictly(ruleId: string, value: string): AddressRange {
  const range = parseRange(value);
  if (!range || range.hasHostBits) throw nsgErrors.invalidPrefix(ruleId, value);
  return range;
}

function checkPorts(ruleId: string, rule: RuleProperties, side: Side): void {
  const one = side === 'Source' ? rule.sourcePortRange : rule.destinationPortRange;
  const many = (side === 'Source' ? rule.sourcePortRanges : rule.destinationPortRanges) ?? [];
  checkExactlyOne(ruleId, [one !== undefined, many.length > 0], [`${side}PortRange`, `${side}PortRanges`]);
  // The plural field does not accept `*`.
  const wrong =
    many.find((value) => value === '*' || !isPortRange(value)) ??
    (one !== undefined && !isPortRange(one) ? one : undefined);
  if (wrong !== undefined) throw nsgErrors.invalidPortRange(wrong);
}

function isPortRange(value: string): boolean {
  if (value === '*') return true;
  if (!/^\d{1,5}(-\d{1,5})?$/.test(value)) return false;
  const [first = 0, last = first] = value.split('-').map(Number);
  return first <= last && last <= 65_535;
}

function checkExactlyOne(ruleId: string, given: readonly boolean[], names: readonly string[]): void {
  const count = given.filter(Boolean).length;
  const listed = `${names.slice(0, -1).join(', ')}${names.length > 2 ? ',' : ''} or ${names.at(-1) ?? ''}`;
  if (count === 0) throw nsgErrors.parametersMissing(ruleId, listed);
  if (count > 1) throw nsgErrors.parametersConflict(ruleId, listed);
}
