import { describe, expect, test } from '@jest/globals';
import { createHttpHeaders, createPipelineRequest, type PipelineResponse } from '@azure/core-rest-pipeline';
import { toAnswerError, toOperationError } from '../../../src/adapters/arm/armError.ts';
import { classifyArmError, toTargetError } from '../../../src/adapters/arm/errors.ts';
import { TargetBlockedError, TargetMovedError } from '../../../src/core/errors.ts';

const nsgPath =
  '/subscriptions/sub-1/resourceGroups/rg-net/providers/Microsoft.Network/networkSecurityGroups/nsg-hooks';
const now = new Date('2026-07-20T06:00:00Z');

function answer(status: number, body: unknown, headers: Record<string, string> = {}): PipelineResponse {
  return {
    request: createPipelineRequest({ url: `https://management.azure.com${nsgPath}?api-version=2026-01-01` }),
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
      message: expect.stringContaining(message),
    });
  });

  test('the detail code decides over the code', () => {
    expect(verdictOf(errorAnswer(400, 'BadRequest', 'No.', 'SecurityRuleConflict')).reason?.code).toBe('priorityTaken');
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

describe('results of long-running operations', () => {
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
    ['CredentialUnavailableError', undefined, 'blocked'],
    ['AuthenticationError', 400, 'blocked'],
    ['AuthenticationError', 503, 'retry'],
  ])('%s with status %s: %s', (name, statusCode, kind) => {
    const error = Object.assign(new Error('No managed identity endpoint found.'), { name, statusCode });

    const verdict = classifyArmError(error);

    expect(verdict.kind).toBe(kind);
    expect(verdict.reason?.code).toBe(kind === 'blocked' ? 'badCredentials' : undefined);
  });
});

describe('what the app hears', () => {
  test('blocked with the cause kept', () => {
    const error = toArmError(errorAnswer(404, 'ResourceNotFound'));

    const result = toTargetError(error);

    expect(result).toBeInstanceOf(TargetBlockedError);
    expect(result).toMatchObject({ code: 'notFound', cause: error });
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
