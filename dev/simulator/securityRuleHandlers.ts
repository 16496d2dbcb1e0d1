/** Operations on single rules of a network security group. */
import { armErrors } from './armError.ts';
import { findRule, toRuleDocument, type Nsg } from './nsg.ts';
import { nsgErrors } from './nsgErrors.ts';
import { checked, nsgIdOf, nsgNotFound, toRule } from './nsgHandlers.ts';
import { startNsgWrite } from './nsgWrites.ts';
import { toPage } from './paging.ts';
import type { ArmRequest, Handler, Simulation } from './simulation.ts';

export const getRule: Handler = (request, simulation) => {
  const nsg = readNsg(request, simulation);
  const rule = findRule(nsg, ruleNameOf(request));
  if (!rule) throw nsgErrors.ruleNotFound(`${nsg.id}/securityRules/${ruleNameOf(request)}`);
  return { status: 200, headers: { ETag: nsg.etag }, body: toRuleDocument(nsg, rule) };
};

export const listRules: Handler = (request, simulation) => {
  const nsg = readNsg(request, simulation);
  const documents = nsg.rules.map((rule) => toRuleDocument(nsg, rule));
  return { status: 200, body: toPage(documents, request, simulation) };
};

/** Replaces the whole rule. */
export const putRule: Handler = (request, simulation) => {
  const nsg = simulation.nsgs.get(nsgIdOf(request));
  if (!nsg) throw armErrors.parentResourceNotFound('networkSecurityGroups/securityRules', nsgIdOf(request));
  const existing = findRule(nsg, ruleNameOf(request));
  const name = existing?.name ?? ruleNameOf(request);
  const rule = toRule(nsg.id, name, request.body, (tag) => simulation.serviceTags.isTag(tag));
  const accepted = startNsgWrite(
    {
      operation: 'PutSecurityRuleOperation',
      nsg,
      touched: [name],
      change: (base) => checked({ ...base, rules: replace(base, name, rule) }),
      toAnswer: (after) => toRuleDocument(after, findRule(after, name) ?? rule),
    },
    request,
    simulation,
  );
  return { status: existing ? 200 : 201, ...accepted };
};

export const deleteRule: Handler = (request, simulation) => {
  const nsg = simulation.nsgs.get(nsgIdOf(request));
  if (!nsg) throw nsgNotFound(request);
  const existing = findRule(nsg, ruleNameOf(request));
  if (!existing) return { status: 204 };
  const accepted = startNsgWrite(
    {
      operation: 'DeleteSecurityRuleOperation',
      nsg,
      touched: [],
      change: (base) => ({ ...base, rules: base.rules.filter((rule) => rule.name !== existing.name) }),
    },
    request,
    simulation,
  );
  return { status: 202, ...accepted };
};

function ruleNameOf(request: ArmRequest): string {
  return request.params.rule ?? '';
}

function readNsg(request: ArmRequest, simulation: Simulation): Nsg {
  const nsg = simulation.read(simulation.nsgs, nsgIdOf(request), request);
  if (!nsg) throw nsgNotFound(request);
  return nsg;
}

/** Keeps the position of the rule in the list. */
function replace(nsg: Nsg, name: string, rule: Nsg['rules'][number]): readonly Nsg['rules'][number][] {
  return findRule(nsg, name) ? nsg.rules.map((other) => (other.name === name ? rule : other)) : [...nsg.rules, rule];
}
