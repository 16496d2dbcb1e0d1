/** What Azure refuses, in the form of the services: the reason names what stands in the way and what helps. */
import { describe, expect, test } from '@jest/globals';
import { createHttpHeaders, createPipelineRequest } from '@azure/core-rest-pipeline';
import { toAnswerError, toOperationError } from '../../../src/adapters/arm/armError.ts';
import { classifyArmError, type ArmVerdict } from '../../../src/adapters/arm/errors.ts';

const subscription = '/subscriptions/11111111-2222-4333-8444-555555555555';
const group = `${subscription}/resourceGroups/rg-net`;
const nsg = `${group}/providers/Microsoft.Network/networkSecurityGroups/nsg-hooks`;
const rule = `${nsg}/securityRules/AllowAcr`;
const registry = `${group}/providers/Microsoft.ContainerRegistry/registries/prod`;
const principal = '99999999-0000-4000-8000-00000000000a';
const write = 'Microsoft.Network/networkSecurityGroups/securityRules/write';
const may = `The client '${principal}' with object id '${principal}' has permission to perform action '${write}' on scope '${rule}'; however, `;

function verdictOf(
  status: number,
  body: unknown,
  method: 'GET' | 'PUT' | 'PATCH' | 'DELETE' = 'PUT',
  path = rule,
): ArmVerdict {
  const response = {
    request: createPipelineRequest({ url: `https://management.azure.com${path}?api-version=2026-01-01`, method }),
    status,
    headers: createHttpHeaders({}),
    bodyAsText: typeof body === 'string' ? body : JSON.stringify(body),
  };
  const error = toAnswerError(response, new Date('2026-11-29T00:00:00Z')) ?? toOperationError(response);
  if (!error) throw new Error('the answer is no error');
  return classifyArmError(error);
}

const refusal = (code: string, message: string, more: object = {}) => ({ error: { code, message, ...more } });

describe('a deny assignment', () => {
  const sentence = `the access is denied because of the deny assignment with name 'lock of stack net' and Id '7f00' at scope '${group}'.`;

  test.each([
    ['the code of today', refusal('DenyAssignmentAuthorizationFailed', may + sentence)],
    ['the code in capitals', refusal('DENYASSIGNMENTAUTHORIZATIONFAILED', may + sentence)],
    ['the code of a missing role', refusal('AuthorizationFailed', may + sentence)],
    ['no code of ours', refusal('Forbidden', may + sentence)],
    [
      'in a detail',
      refusal('Failed', 'No.', { details: [{ code: 'DenyAssignmentAuthorizationFailed', message: may + sentence }] }),
    ],
    ['without an envelope, in capitals', { Code: 'DenyAssignmentAuthorizationFailed', Message: may + sentence }],
  ])('%s: named with its scope; a role does not help', (_, body) => {
    const { kind, reason, patienceInMs } = verdictOf(403, body);

    expect([kind, reason?.code, patienceInMs]).toEqual(['blocked', 'noPermission', undefined]);
    expect(reason?.message).toContain(`the deny assignment "lock of stack net" (id 7f00) at ${group} forbids ${write}`);
    expect(reason?.message).toContain('has the permission, and a further role does not help');
    expect(reason?.message).not.toContain('az role assignment create');
  });
});

test('a deny assignment of a deployment stack, whose name contains quotes, is named as a whole', () => {
  const name = `Deny assignment '7f00' created by Deployment Stack '${subscription}/providers/Microsoft.Resources/deploymentStacks/net'.`;
  const message = `${may}the access is denied because of the deny assignment with name '${name}' and Id '7f00' at scope '${group}'.`;

  const text = verdictOf(403, refusal('DenyAssignmentAuthorizationFailed', message)).reason?.message;

  expect(text).toContain(`the deny assignment "${name}" (id 7f00) at ${group} forbids ${write}`);
});

test('a resource provider that is not registered: the command names it', () => {
  const { reason } = verdictOf(409, refusal('MissingSubscriptionRegistration', 'The subscription is not registered.'));

  expect(reason?.message).toMatch(
    /az provider register --namespace Microsoft\.Network --subscription 11111111-2222-4333-8444-555555555555;/,
  );
});

describe('a linked scope', () => {
  const join = 'Microsoft.Network/networkSecurityGroups/join/action';
  const other = `${subscription}/resourceGroups/rg-managed/providers/Microsoft.Network/networkSecurityGroups/other`;

  test.each([
    [
      'LinkedAuthorizationFailed',
      `${may}it does not have permission to perform action '${join}' on the linked scope(s) '${other}' or the linked scope(s) are invalid.`,
    ],
    [
      'linkedauthorizationfailed',
      `${may}it does not have permission to perform action(s) '${join}' on the '1' linked scope(s) '${other}' or the linked scope(s) are invalid.`,
    ],
    [
      'LinkedAccessCheckFailed',
      `The client with object id '${principal}' does not have authorization to perform action '${join}' over scope '${other}' or the scope is invalid.`,
    ],
  ])('%s: the linked scope and the action that is missing there', (code, message) => {
    const { kind, reason, patienceInMs } = verdictOf(403, refusal(code, message));

    expect([kind, reason?.code]).toEqual(['blocked', 'noPermission']);
    expect(reason?.message).toContain(`may not do ${join} on ${other}`);
    expect(reason?.message).toContain(`--assignee-object-id ${principal} --role <role> --scope ${other}`);
    expect(reason?.message).not.toContain(rule);
    expect(patienceInMs).toBeGreaterThan(0);
  });

  test('behind a deny assignment: a role does not help', () => {
    const message = `${may}it does not have permission to perform action '${join}' on the '0' linked scope(s) '' or the linked scope(s) are invalid and is blocked by deny assignments on the '1' linked scope(s) '${other}'.`;

    const text = verdictOf(403, refusal('LinkedAuthorizationFailed', message)).reason?.message;

    expect(text).toContain(`a deny assignment forbids ${join} on ${other}`);
    expect(text).toContain('a further role does not help');
    expect(text).not.toContain('az role assignment create');
  });

  test('several linked scopes, and a linked subscription of another tenant', () => {
    const two = `${may}it does not have permission to perform action '${join}' on the linked scope(s) '${other},${nsg}' or the linked scope(s) are invalid.`;
    const tenant = `${may.replace('; however, ', ', however ')}the current tenant 't' is not authorized to access linked subscription 's-2'.`;

    expect(verdictOf(403, refusal('LinkedAuthorizationFailed', two)).reason?.message).toContain(
      `${join} on ${other} and ${nsg}`,
    );
    expect(verdictOf(403, refusal('LinkedAuthorizationFailed', tenant)).reason?.message).toContain(
      'on /subscriptions/s-2',
    );
  });
});

describe('Azure Policy', () => {
  const assignmentId =
    '/providers/Microsoft.Management/managementGroups/corp/providers/Microsoft.Authorization/policyAssignments/net-baseline';
  const info = {
    policyAssignmentDisplayName: 'Network baseline',
    policyAssignmentId: assignmentId,
    policyDefinitionDisplayName: 'Inbound rules need a change number',
    policyDefinitionEffect: 'deny',
  };
  const message =
    "Resource 'AllowAcr' was disallowed by policy. Reasons: 'Ask the network team.'. See error details for policy resource IDs.";
  const plain = "Resource 'AllowAcr' was disallowed by policy.";
  const violation = (more: object = {}) => [{ type: 'PolicyViolation', info: { ...info, ...more } }];

  test.each([
    ['in additionalInfo', refusal('RequestDisallowedByPolicy', message, { additionalInfo: violation() })],
    [
      'in additionalInfo of a detail',
      refusal('InvalidTemplateDeployment', 'No.', {
        details: [{ code: 'RequestDisallowedByPolicy', message, additionalInfo: violation() }],
      }),
    ],
    [
      'the reason in additionalInfo',
      refusal('RequestDisallowedByPolicy', plain, {
        additionalInfo: violation({ evaluationDetails: { reason: 'Ask the network team.' } }),
      }),
    ],
    [
      'the non-compliance message',
      refusal('RequestDisallowedByPolicy', plain, {
        additionalInfo: violation({ nonComplianceMessage: 'Ask the network team.' }),
      }),
    ],
    [
      'the code in lower case',
      refusal('requestdisallowedbypolicy', message, { AdditionalInfo: [{ Type: 'PolicyViolation', Info: info }] }),
    ],
  ])('%s: its name, its assignment, and the reason of its authors', (_, body) => {
    const { kind, reason } = verdictOf(403, body);

    expect([kind, reason?.code]).toEqual(['blocked', 'rejected']);
    expect(reason?.message).toContain(
      `Azure Policy "Inbound rules need a change number" (assigned by "Network baseline", ${assignmentId}) denies the write`,
    );
    expect(reason?.message).toContain('Its authors say: Ask the network team.');
    expect(reason?.message).toContain('a role does not help');
  });

  test('named in the sentence alone', () => {
    const identifiers = [
      {
        policyAssignment: { name: 'net-baseline', id: assignmentId },
        policyDefinition: { name: 'Deny inbound', id: '/providers/x' },
      },
    ];
    const text = verdictOf(
      403,
      refusal('RequestDisallowedByPolicy', `${plain} Policy identifiers: '${JSON.stringify(identifiers)}'.`),
    ).reason?.message;

    expect(text).toContain(
      `Azure Policy "Deny inbound" (assigned by "net-baseline", ${assignmentId}) denies the write`,
    );
  });

  test('Azure itself', () => {
    const { kind, reason } = verdictOf(
      403,
      refusal('RequestDisallowedByAzure', "Resource 'AllowAcr' was disallowed by Azure: best available regions."),
    );

    expect([kind, reason?.code]).toEqual(['blocked', 'rejected']);
    expect(reason?.message).toContain('Azure itself refuses');
    expect(reason?.message).toContain('best available regions');
  });
});

test.each([401, 403, 404, 407])(
  'a page of a proxy with status %i: not a matter of roles, and asked again first',
  (status) => {
    const { kind, reason, patienceInMs } = verdictOf(
      status,
      '<!DOCTYPE html><html><head><title>Access Denied</title></head><body>Blocked</body></html>',
      'GET',
      nsg,
    );

    expect([kind, reason?.code]).toEqual(['blocked', 'proxy']);
    expect(reason?.message).toContain('a proxy or a firewall');
    expect(reason?.message).toContain('Access Denied');
    expect(reason?.message).not.toMatch(/role|<|az /);
    expect(patienceInMs).toBeGreaterThan(0);
  },
);

test('a missing role: asked again for some minutes, and the hint stays', () => {
  const message = `The client '${principal}' with object id '${principal}' does not have authorization to perform action 'Microsoft.Network/networkSecurityGroups/read' over scope '${nsg}' or the scope is invalid. If access was recently granted, please refresh your credentials.`;
  const { kind, reason, patienceInMs } = verdictOf(403, refusal('AuthorizationFailed', message), 'GET', nsg);

  expect([kind, reason?.code, patienceInMs]).toEqual(['blocked', 'noPermission', 180_000]);
  expect(reason?.message).toMatch(/If access was recently granted, wait ten minutes/);
});

describe('a resource lock', () => {
  const sentence = (scopes: string) =>
    `The scope '${rule}' cannot perform delete operation because following scope(s) are locked: ${scopes}. Please remove the lock and try again.`;

  test.each([
    ['the resource', nsg, `az lock list --resource ${nsg}`],
    ['the group', group, `az lock list --resource-group rg-net --subscription ${subscription.split('/')[2]}`],
    ['the subscription', subscription, `az lock list --subscription ${subscription.split('/')[2]}`],
  ])('on %s: a command that works there', (_, scope, command) => {
    const { reason } = verdictOf(409, refusal('ScopeLocked', sentence(`'${scope}'`)), 'DELETE');

    expect(reason?.code).toBe('locked');
    expect(reason?.message).toContain(`a resource lock on ${scope} forbids the removal`);
    expect(reason?.message).toContain(command);
  });

  test.each([`'${group},${subscription}'`, `'${group}', '${subscription}'`])('two locks: %s', (scopes) => {
    const { reason } = verdictOf(409, refusal('ScopeLocked', sentence(scopes)), 'PUT');

    expect(reason?.message).toContain(`2 resource locks on ${group} and ${subscription} forbid the change`);
    expect(reason?.message).toContain('az lock list --resource-group rg-net');
    expect(reason?.message).toContain('az lock list --subscription');
  });
});

test.each([
  ['in capitals', { Message: 'The request is invalid.', StatusCode: 400 }],
  ['in lower case', { message: 'The request is invalid.' }],
  ['in an envelope in capitals', { Error: { Code: 'BadRequest', Message: 'The request is invalid.' } }],
  ['as OAuth says it', { error: 'invalid_request', error_description: 'The request is invalid.' }],
  ['in a list', { errors: [{ code: 'x', message: 'The request is invalid.' }] }],
  ['with a value', { 'odata.error': { code: 'x', message: { lang: 'en', value: 'The request is invalid.' } } }],
  ['behind a byte order mark', '\uFEFF{"Message":"The request is invalid."}'],
])('an error body %s keeps its text', (_, body) => {
  expect(verdictOf(400, body, 'PATCH', registry).reason?.message).toContain('The request is invalid.');
});

test.each([
  [
    'at its place',
    { status: 'Failed', error: { code: 'InternalOperationFault', message: 'Something went wrong inside.' } },
  ],
  [
    'under properties',
    {
      status: 'Failed',
      properties: { error: { code: 'InternalOperationFault', message: 'Something went wrong inside.' } },
    },
  ],
])('an operation that ends with a code that nobody knows, %s, keeps it', (_, body) => {
  expect(
    verdictOf(200, body, 'GET', `${subscription}/providers/Microsoft.Network/locations/westeurope/operations/1`),
  ).toMatchObject({ kind: 'fatal', code: 'InternalOperationFault' });
});
