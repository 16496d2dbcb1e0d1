/** Parses a rule from the body of a request. Refuses unknown and read-only properties and wrong types. */
import { isObject, isStringArray, type JsonObject } from './json.ts';
import { nsgErrors } from './nsgErrors.ts';

/** As sent by the client, without null and empty values. */
export interface RuleProperties {
  readonly description?: string;
  readonly protocol: string;
  readonly access: string;
  readonly direction: string;
  readonly priority: number;
  readonly sourcePortRange?: string;
  readonly sourcePortRanges?: readonly string[];
  readonly destinationPortRange?: string;
  readonly destinationPortRanges?: readonly string[];
  readonly sourceAddressPrefix?: string;
  readonly sourceAddressPrefixes?: readonly string[];
  readonly sourceApplicationSecurityGroups?: readonly { readonly id: string }[];
  readonly destinationAddressPrefix?: string;
  readonly destinationAddressPrefixes?: readonly string[];
  readonly destinationApplicationSecurityGroups?: readonly { readonly id: string }[];
}

const enums: Readonly<Record<string, readonly string[]>> = {
  protocol: ['Tcp', 'Udp', 'Icmp', 'Esp', 'Ah', '*'],
  access: ['Allow', 'Deny'],
  direction: ['Inbound', 'Outbound'],
};

const strings = [
  'description',
  'protocol',
  'access',
  'direction',
  'sourcePortRange',
  'destinationPortRange',
  'sourceAddressPrefix',
  'destinationAddressPrefix',
];

const stringArrays = [
  'sourcePortRanges',
  'destinationPortRanges',
  'sourceAddressPrefixes',
  'destinationAddressPrefixes',
];

const references = ['sourceApplicationSecurityGroups', 'destinationApplicationSecurityGroups'];

/** `body` is a SecurityRule: `{ name?, id?, type?, properties }`. */
export function parseRule(body: unknown): RuleProperties {
  const rule = checkKeys(body, ['name', 'id', 'type', 'properties'], 'SecurityRule', '');
  const path = 'properties';
  const allowed = [...strings, ...stringArrays, ...references, 'priority'];
  const properties = withoutEmpty(checkKeys(rule.properties, allowed, 'SecurityRulePropertiesFormat', path));
  for (const [key, value] of Object.entries(properties)) checkType(`${path}.${key}`, key, value);
  for (const key of Object.keys(enums)) if (!(key in properties)) throw missing(path, key);
  // The service reads a missing number as zero, which is not a valid priority.
  const priority = properties.priority ?? 0;
  if (!Number.isInteger(priority) || (priority as number) < 100 || (priority as number) > 4096) {
    throw nsgErrors.invalidPriority(priority);
  }
  return toCanonicalEnums(properties) as unknown as RuleProperties;
}

/** Requires an object with only `allowed` keys. Refuses read-only keys like unknown ones. */
export function checkKeys(value: unknown, allowed: readonly string[], type: string, path: string): JsonObject {
  if (!isObject(value)) throw nsgErrors.invalidFormat(`Expected an object of type '${type}'. Path '${path}'.`);
  for (const key of Object.keys(value)) {
    if (!allowed.includes(key)) {
      const at = path ? `${path}.${key}` : key;
      throw nsgErrors.invalidFormat(`Could not find member '${key}' on object of type '${type}'. Path '${at}'.`);
    }
  }
  return value;
}

function checkType(path: string, key: string, value: unknown): void {
  const wrong = () =>
    nsgErrors.invalidFormat(`Error converting value ${JSON.stringify(value)} of property '${key}'. Path '${path}'.`);
  if (strings.includes(key) && typeof value !== 'string') throw wrong();
  if (stringArrays.includes(key) && !isStringArray(value)) throw wrong();
  if (key === 'priority' && typeof value !== 'number') throw wrong();
  if (
    references.includes(key) &&
    !(Array.isArray(value) && value.every((item) => isObject(item) && typeof item.id === 'string'))
  )
    throw wrong();
  const accepted = enums[key];
  if (accepted && !accepted.some((item) => item.toLowerCase() === String(value).toLowerCase())) throw wrong();
}

function missing(path: string, key: string) {
  return nsgErrors.invalidFormat(`Required property '${key}' not found in JSON. Path '${path}'.`);
}

function withoutEmpty(object: JsonObject): JsonObject {
  const isEmpty = (value: unknown) => value === null || (Array.isArray(value) && value.length === 0);
  return Object.fromEntries(Object.entries(object).filter(([, value]) => !isEmpty(value)));
}

function toCanonicalEnums(properties: JsonObject): JsonObject {
  const canonical = Object.entries(enums).map(([key, values]) => [
    key,
    values.find((value) => value.toLowerCase() === String(properties[key]).toLowerCase()),
  ]);
  return { ...properties, ...(Object.fromEntries(canonical) as JsonObject) };
}
