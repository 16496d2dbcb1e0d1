/**
 * Turns an error of Azure into a sentence for people, with one function per reason: why a target is blocked, and what to
 * do. Pure.
 */
import { agree, counted, listed, withoutPeriod } from '../../core/words.ts';
import { asObject, member, objectsOf, textOf, type ArmError, type JsonObject } from './armError.ts';

export type Facts = Pick<ArmError, 'code' | 'message' | 'path' | 'method'> & Partial<ArmError>;

/** A new role assignment takes some minutes to be effective. */
const grantedLately = 'If access was recently granted, wait ten minutes: the app asks again by itself.';

export function explainCredential({ message }: Pick<Facts, 'message'>): string {
  return `Azure did not accept the app's identity: check its managed identity, AZURE_CLIENT_ID and AZURE_CLOUD (${withoutPeriod(message)})`;
}

export function explainPermission({ message, path }: Facts): string {
  const action = firstQuoted(message, /perform action(?:\(s\))? /i);
  const asked = firstQuoted(message, /over scope /i) ?? path;
  const scope = toAssignableScope(asked);
  const what = scope === asked ? scope : `${scope} (an operation is no scope of its own)`;
  if (action === undefined)
    return `the app's identity has no permission on ${what} (${withoutPeriod(message)}): assign it the app's role there. ${grantedLately}`;
  return (
    `the app's identity may not do ${action} on ${what}: assign it a role that contains this action, at that scope ` +
    `(${assignRole(message, scope)}). ${grantedLately}`
  );
}

/** A deny assignment overrides every role, so assigning a role does not help. */
export function explainDenyAssignment({ message, path }: Facts): string {
  const denial = message.slice(Math.max(0, message.search(/den(y|ied)/i)));
  // The name of a deployment stack's deny assignment contains quotes.
  const name =
    /deny assignment[^']*?name:? ?['"](.+?)['"],? and id\b/i.exec(denial)?.[1] ??
    firstQuoted(denial, /deny assignment[^']*?name:? ?/i);
  const id = firstQuoted(denial, /\bid:? /i);
  const scope = firstQuoted(denial, /scope(?:\(s\))?:? /i) ?? path;
  const action = firstQuoted(message, /perform action(?:\(s\))? /i);
  const called = name === undefined ? 'a deny assignment' : `the deny assignment "${name}"`;
  return (
    `${called}${id === undefined ? '' : ` (id ${id})`} at ${scope} forbids ${action ?? 'the change'}: the app's identity has the ` +
    'permission, and a further role does not help. Whoever owns the deny assignment (a deployment stack, a managed application, ' +
    "Databricks or AKS creates them) must exclude the app's identity from it or remove it " +
    `(Get-AzDenyAssignment -Scope ${scope})`
  );
}

/** The write also needs an action on another resource, to which the written one refers. */
export function explainLinkedScope({ message, path }: Facts): string {
  const missing = message.slice(
    Math.max(0, message.search(/does not have (permission|authorization)|not authorized|not permitted/i)),
  );
  const action =
    firstQuoted(missing, /perform action(?:\(s\))? /i) ?? firstQuoted(message, /perform action(?:\(s\))? /i);
  const scopes = linkedScopes(missing);
  const scope = scopes[0] ?? path;
  const what = `${action ?? 'an action that the write needs'} on ${listed(scopes) || path}, which the write is linked to`;
  if (/blocked by deny assignments? on the '[1-9]/i.test(missing)) {
    return (
      `a deny assignment forbids ${what}: a further role does not help, whoever owns the deny assignment must exclude ` +
      `the app's identity from it or remove it (Get-AzDenyAssignment -Scope ${scope})`
    );
  }
  return (
    `the app's identity may not do ${what}: assign it a role that contains this action, at that scope ` +
    `(${assignRole(message, scope)}). ${grantedLately}`
  );
}

function linkedScopes(missing: string): string[] {
  const subscription = firstQuoted(missing, /linked subscription /i);
  if (subscription !== undefined) return [`/subscriptions/${subscription}`];
  const scopes = [...missing.matchAll(/(?:linked|over) scope(?:\(s\))?:? '([^']*)'/gi)];
  return [...new Set(scopes.flatMap(([, text = '']) => splitList(text)))];
}

function assignRole(message: string, scope: string): string {
  const principal = firstQuoted(message, /object id /i) ?? '<object id>';
  return `az role assignment create --assignee-object-id ${principal} --role <role> --scope ${scope}`;
}

/** Roles cannot be assigned on an operation. Returns its registry or, for Microsoft.Network, its subscription. */
function toAssignableScope(scope: string): string {
  return scope.replace(/(\/providers\/Microsoft\.\w+\/locations\/[^/]+)?\/operation(s|Results|Statuses)\/[^/]+$/i, '');
}

export function explainPolicy(facts: Facts): string {
  const violations = (facts.additionalInfo ?? [])
    .map(toViolation)
    .filter(({ policy, assignment }) => policy ?? assignment);
  const known = violations.length > 0 ? violations : violationsInText(facts.message);
  const reasons = [...new Set([...reasonsInText(facts.message), ...known.flatMap(({ reason }) => reason ?? [])])];
  const names = [...new Set(known.map(nameOfViolation))];
  const who =
    names.length === 0
      ? 'an Azure Policy denies'
      : `Azure Policy ${listed(names)} ${agree(names.length, 'denies', 'deny')}`;
  const why =
    reasons.length === 0
      ? ` (${withoutPeriod(facts.message)})`
      : `. Its authors say: ${reasons.map(withoutPeriod).join('; ')}`;
  return `${who} the write${why}. Meet the policy, or ask for an exemption (az policy exemption create); a role does not help`;
}

interface Violation {
  readonly policy?: string | undefined;
  readonly assignment?: string | undefined;
  readonly assignmentId?: string | undefined;
  readonly reason?: string | undefined;
}

function toViolation(info: JsonObject): Violation {
  return {
    policy: firstText(info, 'policyDefinitionDisplayName', 'policyDefinitionName', 'policyDefinitionId'),
    assignment: firstText(info, 'policyAssignmentDisplayName', 'policyAssignmentName'),
    assignmentId: firstText(info, 'policyAssignmentId'),
    reason: reasonOf(info) ?? reasonOf(asObject(member(info, 'evaluationDetails'))),
  };
}

function reasonOf(from: JsonObject | undefined): string | undefined {
  return firstText(from, 'reason', 'nonComplianceMessage', 'policyNonComplianceMessage', 'message');
}

/** The first of the members that has a text. */
function firstText(from: JsonObject | undefined, ...names: readonly string[]): string | undefined {
  return names.map((name) => from && textOf(member(from, name))).find((text) => text !== undefined);
}

function nameOfViolation({ policy, assignment, assignmentId }: Violation): string {
  const name = `"${policy ?? assignment ?? assignmentId ?? ''}"`;
  const via = policy === undefined ? [] : assignment === undefined ? [] : [`"${assignment}"`];
  const ids = assignmentId === undefined ? [] : [assignmentId];
  const by = [...via, ...ids].join(', ');
  return by === '' ? name : `${name} (assigned by ${by})`;
}

/** Parses `Policy identifiers: '[{"policyAssignment":{"name":"…","id":"…"},"policyDefinition":{…}}]'`. */
function violationsInText(message: string): Violation[] {
  const json = /Policy identifiers?: '(\[.*\])'/is.exec(message)?.[1];
  if (json === undefined) return [];
  try {
    const entries: unknown = JSON.parse(json);
    return objectsOf(Array.isArray(entries) ? entries : []).map((entry) => {
      const assignment = asObject(member(entry, 'policyAssignment'));
      return {
        policy: firstText(asObject(member(entry, 'policyDefinition')), 'name', 'id'),
        assignment: firstText(assignment, 'name'),
        assignmentId: firstText(assignment, 'id'),
      };
    });
  } catch {
    return [];
  }
}

function reasonsInText(message: string): string[] {
  const found = /Reasons?:\s*(.*?)(?:\.?\s*See error details|\.?\s*Policy identifiers?:|$)/is.exec(message)?.[1];
  return found === undefined ? [] : [found.trim().replace(/^'|'\.?$/g, '')].filter((text) => text.trim() !== '');
}

export function explainDisallowedByAzure({ message }: Facts): string {
  return `Azure itself refuses the request, by a rule of the platform for the subscription or the region (${withoutPeriod(message)}): neither a role nor a policy of yours helps, so ask Azure support`;
}

/** A proxy or firewall answered in Azure's place. */
export function explainProxy({ message }: Facts): string {
  return `something between the app and Azure (a proxy or a firewall) answered with a page of its own, so that Azure was not asked: allow the app HTTPS to Azure Resource Manager (${withoutPeriod(message)})`;
}

export function explainLock({ message, path, method }: Facts): string {
  const quoted = [...(/are locked: (.*?)(?:\.\s*Please|$)/is.exec(message)?.[1] ?? '').matchAll(/'([^']+)'/g)];
  const scopes = quoted.flatMap(([, text = '']) => splitList(text));
  const locked = scopes.length === 0 ? [path] : scopes;
  const what = method === 'DELETE' ? 'the removal' : 'the change';
  const commands = locked.map(listLocks).join('; ');
  return (
    `${agree(locked.length, 'a resource lock', counted(locked.length, 'resource lock'))} on ${listed(locked)} ${agree(locked.length, 'forbids', 'forbid')} ${what}: ` +
    `find and remove the ${agree(locked.length, 'lock', 'locks')} (${commands}, then az lock delete --ids <id of the lock>), or pause the target`
  );
}

/** `az lock list --resource` accepts neither a resource group nor a subscription. */
function listLocks(scope: string): string {
  const [, subscription = ''] = /^\/subscriptions\/([^/]+)/i.exec(scope) ?? [];
  const [, group] = /\/resourceGroups\/([^/]+)/i.exec(scope) ?? [];
  if (/\/providers\//i.test(scope)) return `az lock list --resource ${scope}`;
  if (group !== undefined) return `az lock list --resource-group ${group} --subscription ${subscription}`;
  return `az lock list --subscription ${subscription}`;
}

export function explainSubscription({ path }: Facts): string {
  return `subscription ${subscriptionOf(path)} does not exist, or belongs to another tenant or cloud: correct resourceId or remove the target`;
}

export function explainDisabled({ path }: Facts): string {
  return `subscription ${subscriptionOf(path)} is disabled and therefore read-only: enable it again, or remove the target`;
}

export function explainUnregistered({ message, path }: Facts): string {
  const namespace = /\/providers\/([^/]+)/i.exec(path)?.[1] ?? '…';
  return `the resource provider of ${path} is not registered in its subscription: register it (az provider register --namespace ${namespace} --subscription ${subscriptionOf(path)}; ${withoutPeriod(message)})`;
}

export function explainGroup({ path }: Facts): string {
  return `resource group ${groupOf(path)} does not exist: correct resourceId or remove the target`;
}

export function explainGroupDeletion({ path }: Facts): string {
  return `resource group ${groupOf(path)} is being deleted: remove the target from the targets file`;
}

export function explainParent({ message, path }: Facts): string {
  return explainResource({ path: firstQuoted(message, /parent resource /i) ?? path });
}

export function explainResource({ path }: Pick<Facts, 'path'>): string {
  return `${path} does not exist: it was deleted or moved, or is not created yet; correct resourceId or remove the target`;
}

export function explainRejection({ message, code, details }: Facts): string {
  return `Azure refused the request for good (${details?.[0]?.code ?? code}): ${withoutPeriod(message)}. Correct the target or the resource by what Azure says; the app tries again every hour`;
}

export function explainFull({ message }: Facts): string {
  return `the NSG is full: remove rules that are not needed, or use fewer regions (${withoutPeriod(message)})`;
}

function subscriptionOf(path: string): string {
  return /\/subscriptions\/([^/]+)/i.exec(path)?.[1] ?? path;
}

function groupOf(path: string): string {
  return /\/resourceGroups\/([^/]+)/i.exec(path)?.[1] ?? path;
}

/** Returns the quoted text right after `words`, undefined if there is none. */
function firstQuoted(text: string, words: RegExp): string | undefined {
  return new RegExp(`${words.source}['"]([^'"]+)['"]`, 'i').exec(text)?.[1];
}

/** `a, b;c` → `['a', 'b', 'c']` */
function splitList(text: string): string[] {
  return text
    .split(/[,;]/)
    .map((part) => part.trim())
    .filter((part) => part !== '');
}
