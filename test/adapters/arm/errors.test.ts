import { describe, expect, test } from '@jest/globals';
import { createHttpHeaders, createPipelineRequest, type PipelineResponse } from '@azure/core-rest-pipeline';
import { toAnswerError, toOperationError } from '../../../src/adapters/arm/armError.ts';
import { classifyArmError, isOutcomeOfWrite, toRefusal, toTargetError } from '../../../src/adapters/arm/errors.ts';
import { SignInError } from '../../../src/adapters/identity.ts';
import { TargetBlockedError, TargetMovedError } from '../../../src/core/errors.ts';

const nsgPath =
  '/subscriptions/sub-1/resourceGroups/rg-net/providers/Microsoft.Network/networkSecurityGroups/nsg-hooks';
const now = new Date('2026-07-20T06:00:00Z');

function answer(status: number, body: unknown, headers: Record<string, string> = {}, path = nsgPath): PipelineResponse {
  return {
    request: createPipelineRequest({ url: `https://management.azure.com${path}?api-version=2026-01-01` }),
    status,
    headers: createHttpHeaders(headers),
    bodyAsText: typeof body === 'string' ? body : JSON.stringify(body),
  };
}

const toArmError = (response: PipelineResponse) => toAnswerError(response, now) ?? toOperationError(response);

function errorAnswer(status: number, code: string, message = 'No.', detailCode?: string): PipelineResponse {
  const details = detailCode === undefined ? [] : [{ code: detailCode, message: 'More.' }];
  return answer(status, { error: { code, message, details } });
}

function verdictOf(response: PipelineResponse) {
  const error = toArmError(response);
  if (!error) throw new Error('the answer is no error');
  return classifyArmError(error);
}

describe('what to do about an answer', () => {
  test.each([
    [429, 'RetryableError', 'RetryableErrorDueToAnotherOperation', 'retry'],
    [429, 'RetryableError', 'ReferencedResourceNotProvisioned', 'retry'],
    [429, 'TooManyRequests', undefined, 'retry'],
    [429, 'SubscriptionRequestsThrottled', undefined, 'retry'],
    [409, 'AnotherOperationInProgress', undefined, 'retry'],
    [409, 'Conflict', undefined, 'retry'],
    [408, 'RequestTimeout', undefined, 'retry'],
    [500, 'InternalServerError', undefined, 'retry'],
    [502, 'BadGateway', undefined, 'retry'],
    [503, 'ServiceUnavailable', undefined, 'retry'],
    [412, 'PreconditionFailed', 'PreconditionFailedEtagMismatch', 'replan'],
    [412, 'Whatever', undefined, 'replan'],
    [409, 'CanceledAndSupersededDueToAnotherOperation', undefined, 'replan'],
    [501, 'NotImplemented', undefined, 'fatal'],
  ])('%i %s (%s): %s', (status, code, detailCode, kind) => {
    const verdict = verdictOf(errorAnswer(status, code, 'No.', detailCode));

    expect(verdict).toMatchObject({ kind, code });
    expect(verdict.detailCode).toBe(detailCode);
    expect(verdict.reason).toBeUndefined();
  });

  test.each([
    [400, 'SecurityRuleConflict', 'priorityTaken'],
    [400, 'SecurityRuleCountLimitReached', 'quota'],
    [400, 'SecurityRuleAddressesOrPortsPerSecurityGroupLimitReached', 'quota'],
    [404, 'ParentResourceNotFound', 'notFound'],
    [400, 'OverlappingSubnetsNotPermittedInSecurityRule', 'rejected'],
    [400, 'ResourceCannotContainAddressPrefixesFromDifferentAddressFamilies', 'rejected'],
    [400, 'SecurityRuleInvalidAddressPrefix', 'rejected'],
    [400, 'SecurityRuleParameterContainsUnsupportedValue', 'rejected'],
    [400, 'InvalidResourceName', 'rejected'],
    [400, 'InvalidRequestFormat', 'rejected'],
    [400, 'InvalidSubscriptionId', 'notFound'],
    [401, 'InvalidAuthenticationToken', 'badCredentials'],
    [401, 'ExpiredAuthenticationToken', 'badCredentials'],
    [403, 'AuthorizationFailed', 'noPermission'],
    [403, 'Forbidden', 'noPermission'],
    [403, 'RequestDisallowedByPolicy', 'rejected'],
    [404, 'SubscriptionNotFound', 'notFound'],
    [404, 'ResourceGroupNotFound', 'notFound'],
    [404, 'ResourceNotFound', 'notFound'],
    [404, 'NotFound', 'notFound'],
    [409, 'ScopeLocked', 'locked'],
    [409, 'ReadOnlyDisabledSubscription', 'rejected'],
    [409, 'MissingSubscriptionRegistration', 'rejected'],
    [409, 'ResourceGroupBeingDeleted', 'notFound'],
    [413, 'RequestEntityTooLarge', 'rejected'],
  ])('%i %s: blocked, %s', (status, code, reason) => {
    const verdict = verdictOf(errorAnswer(status, code));

    expect(verdict).toMatchObject({ kind: 'blocked', code, reason: { code: reason } });
  });

  test('a registry quota is known by its sentence', () => {
    const message = 'The requested feature IP rule exceeds allowed quota 100 for the SKU Premium.';

    expect(verdictOf(errorAnswer(400, 'BadRequest', message)).reason).toEqual({
      code: 'quota',
      message: expect.stringContaining(message.slice(0, -1)) as unknown,
    });
  });

  test('the detail code decides over the code', () => {
    expect(verdictOf(errorAnswer(400, 'BadRequest', 'No.', 'SecurityRuleConflict')).reason?.code).toBe('priorityTaken');
  });

  test.each([
    ['the second of them', { details: [{ code: 'Info' }, { code: 'SecurityRuleConflict' }] }],
    ['one without a code', { details: [{ message: 'a' }, { code: 'SecurityRuleConflict' }] }],
    ['one beneath them', { details: [{ code: 'Wrapped', details: [{ code: 'SecurityRuleConflict' }] }] }],
    ['the inner error', { innererror: { code: 'SecurityRuleConflict' } }],
    ['the inner error beside them', { details: [{ code: 'Info' }], innererror: { code: 'SecurityRuleConflict' } }],
    ['the innermost error', { innererror: { code: 'Wrapped', innererror: { code: 'SecurityRuleConflict' } } }],
    ['the inner error of a detail', { details: [{ code: 'Wrapped', innererror: { code: 'SecurityRuleConflict' } }] }],
  ])('of all detail codes the first known one: %s', (_, more) => {
    const verdict = verdictOf(answer(400, { error: { code: 'BadRequest', message: 'No.', ...more } }));

    expect(verdict).toMatchObject({ code: 'BadRequest', detailCode: 'SecurityRuleConflict' });
    expect(verdict.reason?.code).toBe('priorityTaken');
  });

  test('the innermost of two known codes', () => {
    const details = [{ code: 'RetryableError', details: [{ code: 'SecurityRuleConflict' }] }];

    expect(verdictOf(answer(429, { error: { code: 'RetryableError', message: 'No.', details } })).kind).toBe('blocked');
  });

  test('details that are none', () => {
    const error = { code: 'BadRequest', message: 'No.', details: ['a', null, 7, [], {}], innererror: 'no' };

    expect(verdictOf(answer(400, { error }))).toMatchObject({ kind: 'blocked', reason: { code: 'rejected' } });
  });

  test('a missing permission is named with its scope, and how to grant it', () => {
    const message =
      "The client 'a1' with object id '00000000-0000-0000-0000-0000000000aa' does not have authorization to perform action " +
      `'Microsoft.Network/networkSecurityGroups/securityRules/write' over scope '${nsgPath}/securityRules/AllowAcr' or the scope is invalid.`;

    const text = verdictOf(errorAnswer(403, 'AuthorizationFailed', message)).reason?.message;

    expect(text).toContain(
      `may not do Microsoft.Network/networkSecurityGroups/securityRules/write on ${nsgPath}/securityRules/AllowAcr`,
    );
    expect(text).toContain(
      `az role assignment create --assignee-object-id 00000000-0000-0000-0000-0000000000aa --role <role> --scope ${nsgPath}/securityRules/AllowAcr`,
    );
  });

  test.each([
    ['SubscriptionNotFound', 'subscription sub-1 does not exist'],
    ['ResourceGroupNotFound', 'resource group rg-net does not exist'],
    ['ResourceNotFound', `${nsgPath} does not exist`],
  ])('404 %s says what is gone: %s', (code, text) => {
    expect(verdictOf(errorAnswer(404, code)).reason?.message).toContain(text);
  });

  test('a lock is named', () => {
    const message = `The scope '${nsgPath}' cannot perform write operation because following scope(s) are locked: '/subscriptions/sub-1/resourceGroups/rg-net'. Please remove the lock and try again.`;

    expect(verdictOf(errorAnswer(409, 'ScopeLocked', message)).reason?.message).toContain(
      'a resource lock on /subscriptions/sub-1/resourceGroups/rg-net forbids',
    );
  });
});

describe('the URL of an operation', () => {
  const registryPath =
    '/subscriptions/sub-1/resourceGroups/rg-net/providers/Microsoft.ContainerRegistry/registries/prod';
  const networkPath = '/subscriptions/sub-1/providers/Microsoft.Network/locations/westeurope';
  const paths = [
    [`${registryPath}/operationStatuses/registries-1`, registryPath],
    [`${networkPath}/operations/1`, '/subscriptions/sub-1'],
    [`${networkPath}/operationResults/1`, '/subscriptions/sub-1'],
  ] as const;

  test.each(paths.map(([path]) => path))('%s not found: no resource is missing, look again', (path) => {
    const error = toArmError(answer(404, { error: { code: 'ResourceNotFound', message: 'No.' } }, {}, path));

    expect(classifyArmError(error)).toMatchObject({ kind: 'retry', code: 'ResourceNotFound' });
    expect(isOutcomeOfWrite(error)).toBe(true);
  });

  test.each(paths)('%s without permission: the role is to be assigned at %s', (path, scope) => {
    const message = `The client 'a1' with object id 'a2' does not have authorization to perform action 'Some/action' over scope '${path}' or the scope is invalid.`;

    const text = verdictOf(answer(403, { error: { code: 'AuthorizationFailed', message } }, {}, path)).reason?.message;

    expect(text).toContain(`may not do Some/action on ${scope} (an operation is no scope of its own)`);
    expect(text).toContain(`--scope ${scope})`);
  });

  test('without permission and without a word', () => {
    const text = verdictOf(answer(403, '', {}, `${networkPath}/operations/1`)).reason?.message;

    expect(text).toContain('no permission on /subscriptions/sub-1 (an operation is no scope of its own) (GET');
  });

  test.each([
    ['a resource that is not found', 404, nsgPath, false],
    ['a resource group of that name', 404, nsgPath.replace('rg-net', 'operations'), false],
    ['a conflict', 409, `${networkPath}/operationResults/1`, true],
    ['a server error', 500, `${networkPath}/operations/1`, false],
  ])('%s: final %#', (_, status, path, isFinal) => {
    const error = toArmError(answer(status, { error: { code: 'Whatever', message: 'No.' } }, {}, path));

    expect(isOutcomeOfWrite(error)).toBe(isFinal);
  });
});

describe('results of long-running operations', () => {
  test.each([
    ['SecurityRuleInvalidAddressPrefix', 'rejected'],
    ['OverlappingSubnetsNotPermittedInSecurityRule', 'rejected'],
    ['ResourceCannotContainAddressPrefixesFromDifferentAddressFamilies', 'rejected'],
    ['SecurityRuleParameterContainsUnsupportedValue', 'rejected'],
    ['InvalidResourceName', 'rejected'],
    ['InvalidRequestFormat', 'rejected'],
    ['SecurityRuleCountLimitReached', 'quota'],
  ])('%s: blocked, %s', (code, reason) => {
    const verdict = verdictOf(answer(200, { status: 'Failed', error: { code, message: 'No.' } }));

    expect(verdict).toMatchObject({ kind: 'blocked', code, reason: { code: reason } });
  });

  test.each([
    ['The requested feature IP rule exceeds allowed quota 100 for the SKU Premium.', 'quota'],
    ['Network rules are only supported for managed registries in Premium SKU.', 'wrongSku'],
  ])('%s: blocked, %s', (message, reason) => {
    const verdict = verdictOf(answer(200, { status: 'Failed', error: { code: 'BadRequest', message } }));

    expect(verdict).toMatchObject({ kind: 'blocked', reason: { code: reason } });
  });

  test.each([
    ['Failed', 'AnotherOperationInProgress', 'retry'],
    ['Failed', 'RetryableError', 'retry'],
    ['Canceled', 'CanceledAndSupersededDueToAnotherOperation', 'replan'],
    ['Failed', 'SecurityRuleConflict', 'blocked'],
    ['Failed', 'SomethingNew', 'fatal'],
  ])('%s with %s: %s', (status, code, kind) => {
    const verdict = verdictOf(answer(200, { status, error: { code, message: 'No.' } }));

    expect(verdict).toMatchObject({ kind, code });
  });

  test('canceled without a word is planned again', () => {
    expect(verdictOf(answer(200, { status: 'Canceled' }))).toMatchObject({ kind: 'replan', code: 'OperationCanceled' });
  });

  test.each([
    ['running', { status: 'InProgress' }],
    ['a resource whose last change failed', { id: nsgPath, properties: { provisioningState: 'Failed' } }],
    ['a resource with a part that failed', { id: nsgPath, properties: { part: { status: 'Failed' } } }],
  ])('%s is no error', (_, body) => {
    expect(toArmError(answer(200, body))).toBeUndefined();
  });
});

describe('Retry-After', () => {
  test.each([
    [{ 'retry-after': '7' }, 7_000],
    [{ 'retry-after': 'Mon, 20 Jul 2026 06:00:30 GMT' }, 30_000],
    [{ 'retry-after': 'Mon, 20 Jul 2026 05:00:00 GMT' }, 0],
    [{ 'x-ms-retry-after-ms': '250' }, 250],
    [{ 'retry-after': 'soon' }, undefined],
  ])('%j: %s ms', (headers, expected) => {
    const error = toArmError(answer(429, { error: { code: 'TooManyRequests', message: 'No.' } }, headers));

    expect(classifyArmError(error).retryAfterInMs).toBe(expected);
  });
});

describe('answers that are not ARM errors', () => {
  test.each([
    ['an HTML page', '<html>Bad Gateway</html>', 502, 'retry', '502'],
    ['nothing', '', 404, 'blocked', '404'],
    [
      'an error without its envelope',
      { code: 'AuthorizationFailed', message: 'No.' },
      403,
      'blocked',
      'AuthorizationFailed',
    ],
  ])('%s', (_, body, status, kind, code) => {
    expect(verdictOf(answer(status, body))).toMatchObject({ kind, code });
  });
});

describe('errors that are no answers', () => {
  test.each([
    [Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }), 'retry'],
    [Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }), 'retry'],
    [Object.assign(new Error('send'), { code: 'REQUEST_SEND_ERROR' }), 'retry'],
    [Object.assign(new Error('late'), { name: 'AbortError' }), 'retry'],
    [new TypeError('x is not a function'), 'fatal'],
    ['a string', 'fatal'],
    [undefined, 'fatal'],
  ])('%s: %s', (error, kind) => {
    expect(classifyArmError(error).kind).toBe(kind);
  });

  test.each([
    [true, 'retry', undefined],
    [false, 'blocked', 'badCredentials'],
  ])('no token, an outage: %s', (isOutage, kind, reason) => {
    const verdict = classifyArmError(new SignInError('No token.', { isOutage, code: 'HTTP 500' }));

    expect([verdict.kind, verdict.reason?.code]).toEqual([kind, reason]);
  });
});

describe('what the app hears', () => {
  test('blocked with the cause kept', () => {
    const error = toArmError(errorAnswer(404, 'ResourceNotFound'));

    const result = toTargetError(error);

    expect(result).toBeInstanceOf(TargetBlockedError);
    expect(result).toMatchObject({ code: 'notFound', cause: error, isRefused: false });
  });

  test('refused, where it is known that nothing was written', () => {
    const error = toArmError(errorAnswer(404, 'ResourceNotFound'));

    expect(toRefusal(error)).toMatchObject({
      name: 'TargetBlockedError',
      code: 'notFound',
      cause: error,
      isRefused: true,
    });
    expect(toRefusal(toTargetError(error))).toMatchObject({ code: 'notFound', cause: error, isRefused: true });
    expect(toRefusal(toArmError(answer(200, { status: 'Canceled' })))).toBeInstanceOf(TargetMovedError);
  });

  test('moved for what was superseded', () => {
    const result = toTargetError(toArmError(answer(200, { status: 'Canceled' })));

    expect(result).toBeInstanceOf(TargetMovedError);
  });

  test('everything else as it is', () => {
    const error = new TypeError('x');

    expect(toTargetError(error)).toBe(error);
  });
});
