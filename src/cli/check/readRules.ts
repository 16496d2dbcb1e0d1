/** Reads rules from a text, the JSON of an NSG, a Terraform plan or state, or any other JSON with addresses in it. */
import { findAddresses, type FoundAddresses } from './addressText.ts';

export interface Rule extends FoundAddresses {
  /** Empty if the file is a plain list. */
  readonly name: string;
  /** Service tags that the rule admits by name. */
  readonly tags: readonly string[];
}

type Json = Readonly<Record<string, unknown>>;

export function readRules(text: string): readonly Rule[] {
  const json = parseJson(text);
  if (json === undefined) return [{ name: '', tags: [], ...findAddresses(text) }];
  const groups = [...terraformRules(json), ...nsgRules(json)];
  return groups.length > 0 ? groups : [{ name: '', tags: [], ...addressesIn(json) }];
}

function parseJson(text: string): unknown {
  if (!/^\s*[[{]/.test(text.replace(/^\uFEFF/, ''))) return undefined;
  try {
    return JSON.parse(text.replace(/^\uFEFF/, '')) as unknown;
  } catch {
    // HCL and other texts may start with a brace too.
    return undefined;
  }
}

/** From `az network nsg show`, `az network nsg list`, `az network nsg rule list` or ARM's own form with `properties`. */
function nsgRules(json: unknown): Rule[] {
  const items = Array.isArray(json) ? json : [json];
  return items.flatMap((item) => {
    const flat = flatten(item);
    if (Array.isArray(flat.securityRules)) return flat.securityRules.flatMap((rule) => nsgRule(rule));
    return 'access' in flat && 'direction' in flat ? nsgRule(item) : [];
  });
}

function nsgRule(value: unknown): Rule[] {
  const rule = flatten(value);
  if (String(rule.access).toLowerCase() !== 'allow') return [];
  const side = String(rule.direction).toLowerCase() === 'outbound' ? 'destination' : 'source';
  return [toRule(textOf(rule.name), [rule[`${side}AddressPrefix`], rule[`${side}AddressPrefixes`]])];
}

/** From `terraform show -json`, of a plan or a state. */
function terraformRules(json: unknown): Rule[] {
  const { planned_values: planned, values } = asObject(json);
  const root = asObject(asObject(planned ?? values).root_module);
  return resourcesOf(root).flatMap(({ address, type, values: own }) =>
    terraformResource(textOf(address), type, asObject(own)),
  );
}

function resourcesOf(module: Json): readonly Json[] {
  const { resources, child_modules: children } = module;
  return [...asList(resources), ...asList(children).flatMap((child) => resourcesOf(asObject(child)))].map(asObject);
}

function terraformResource(address: string, type: unknown, values: Json): Rule[] {
  if (type === 'azurerm_network_security_rule') return terraformNsgRule(address, values);
  if (type === 'azurerm_network_security_group') {
    return asList(values.security_rule).flatMap((entry) => {
      const rule = asObject(entry);
      return terraformNsgRule(`${address}/${textOf(rule.name)}`, rule);
    });
  }
  const found = addressesIn(values);
  return found.prefixes.length + found.unreadable.length === 0 ? [] : [{ name: address, tags: [], ...found }];
}

function terraformNsgRule(name: string, values: Json): Rule[] {
  if (String(values.access).toLowerCase() !== 'allow') return [];
  const side = String(values.direction).toLowerCase() === 'outbound' ? 'destination' : 'source';
  return [toRule(name, [values[`${side}_address_prefix`], values[`${side}_address_prefixes`]])];
}

function toRule(name: string, sides: readonly unknown[]): Rule {
  const texts = textsIn(sides);
  const found = findAddresses(texts.join('\n'));
  const tags = texts.filter((text) => /^[A-Za-z][\w.-]*$/.test(text));
  // In a rule "*" means the same as 0.0.0.0/0 and ::/0.
  const everything = texts.includes('*') || tags.includes('Internet') ? ['0.0.0.0/0', '::/0'] : [];
  return { name, tags, prefixes: [...found.prefixes, ...everything], unreadable: found.unreadable };
}

function addressesIn(json: unknown): FoundAddresses {
  return findAddresses(textsIn(json).join('\n'));
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

/** Moves `properties` up: ARM nests there what the Azure CLI shows at the top level. */
function flatten(value: unknown): Json {
  const object = asObject(value);
  return { ...object, ...asObject(object.properties) };
}

function asObject(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

function asList(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value.map(asObject) : [];
}

/** Returns a name from the file, safe to print on one line of a terminal or of Markdown. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value.replaceAll(/[\p{C}`|<>]/gu, '_').slice(0, 200) : '';
}
