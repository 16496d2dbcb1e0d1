/** Parses a registry's network rules from the body of a PATCH, which replaces the whole set. */
import { parseRange } from './addresses.ts';
import { isObject, type JsonObject } from './json.ts';
import { knowsVirtualNetworkRules, type IpRule, type NetworkRuleSet } from './registry.ts';
import { registryErrors } from './registryErrors.ts';

const path = 'properties.networkRuleSet';

export function parseNetworkRuleSet(body: unknown, apiVersion: string): NetworkRuleSet {
  const set = requireObject(body, path);
  const isOld = knowsVirtualNetworkRules(apiVersion);
  refuseOthers(set, ['defaultAction', 'ipRules', ...(isOld ? ['virtualNetworkRules'] : [])], path);
  const { defaultAction } = set;
  if (defaultAction !== 'Allow' && defaultAction !== 'Deny') {
    throw registryErrors.wrongValue(`${path}.defaultAction`, defaultAction, "'Allow', 'Deny' (required)");
  }
  return {
    defaultAction,
    ipRules: requireArray(set.ipRules, `${path}.ipRules`).map(parseIpRule),
    virtualNetworkRules: requireArray(set.virtualNetworkRules, `${path}.virtualNetworkRules`).map(parseVnetRule),
  };
}

function parseIpRule(value: unknown, index: number): IpRule {
  const at = `${path}.ipRules[${index}]`;
  const rule = requireObject(value, at);
  refuseOthers(rule, ['action', 'value'], at);
  const action = parseAction(rule.action, at);
  const address = rule.value;
  if (typeof address !== 'string' || parseRange(address)?.family !== 'ipv4') {
    throw registryErrors.wrongValue(`${at}.value`, address, 'an IPv4 address or an IPv4 range in CIDR format');
  }
  return { ...action, value: address };
}

function parseVnetRule(value: unknown, index: number): NetworkRuleSet['virtualNetworkRules'][number] {
  const at = `${path}.virtualNetworkRules[${index}]`;
  const rule = requireObject(value, at);
  refuseOthers(rule, ['action', 'id'], at);
  const { id } = rule;
  if (typeof id !== 'string') throw registryErrors.wrongValue(`${at}.id`, id, 'the resource id of a subnet');
  return { ...parseAction(rule.action, at), id };
}

function parseAction(value: unknown, at: string): { readonly action?: 'Allow' } {
  if (value === undefined || value === null) return {};
  if (value !== 'Allow') throw registryErrors.wrongValue(`${at}.action`, value, "'Allow'");
  return { action: value };
}

function requireObject(value: unknown, at: string): JsonObject {
  if (!isObject(value)) throw registryErrors.wrongValue(at, value, 'an object');
  return value;
}

function requireArray(value: unknown, at: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw registryErrors.wrongValue(at, value, 'an array');
  return value;
}

export function refuseOthers(object: JsonObject, allowed: readonly string[], at: string): void {
  const other = Object.keys(object).find((key) => !allowed.includes(key));
  if (other !== undefined) throw registryErrors.unknownProperty(at ? `${at}.${other}` : other);
}
