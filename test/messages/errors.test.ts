/** Every kind of error that the project throws, every refusal of Azure and of storage that it knows, thrown by the product. */
import { createHttpHeaders, createPipelineRequest } from '@azure/core-rest-pipeline';
import { describe, expect, test } from '@jest/globals';
import { toAnswerError } from '../../src/adapters/arm/armError.ts';
import { blockedCodes, classifyArmError, toTargetError } from '../../src/adapters/arm/errors.ts';
import { object, parseBlob } from '../../src/adapters/blob/shape.ts';
import { fileSource } from '../../src/adapters/sources/file.ts';
import { explanations, toStorageRefusal } from '../../src/adapters/storageRefusal.ts';
import { loadConfig } from '../../src/config.ts';
import * as errors from '../../src/core/errors.ts';
import { parsePrefix } from '../../src/core/prefixes.ts';
import { parseServiceTags } from '../../src/core/serviceTags/parseServiceTags.ts';
import { makeWorld } from '../app/api/fakes.ts';
import { faultsOf } from './messageRules.ts';

const group = '/subscriptions/11111111-2222-4333-8444-555555555555/resourceGroups/rg';
const rule = `${group}/providers/Microsoft.Network/networkSecurityGroups/nsg-hooks/securityRules/AllowAcr`;

function answer(status: number, code: string, message = 'The request was refused.') {
  const response = {
    request: createPipelineRequest({
      url: `https://management.azure.com${rule}?api-version=2026-01-01`,
      method: 'PUT',
    }),
    status,
    headers: createHttpHeaders({}),
    bodyAsText: JSON.stringify({ error: { code, message } }),
  };
  return toAnswerError(response, new Date('2026-11-29T00:00:00Z'));
}

async function thrownBy(work: () => unknown): Promise<Error> {
  try {
    await work();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('nothing was thrown');
}

function raise(error: unknown): never {
  if (error instanceof Error) throw error;
  throw new Error('this is no error');
}

const refusedByStorage = (code: string) =>
  toStorageRefusal(
    { statusCode: 403, details: { errorCode: code } },
    { method: 'GET', url: 'https://stkeeper.blob.core.windows.net/service-tags/current/Public.json' },
  );

type Kind = Exclude<
  {
    [K in keyof typeof errors]: (typeof errors)[K] extends new (...args: never[]) => Error ? K : never;
  }[keyof typeof errors],
  never
>;

/** One of each, as the product throws it. */
const examples: Readonly<Record<Exclude<Kind, 'LeaseLostError'>, () => unknown>> = {
  InvalidPrefixError: () => parsePrefix('300.1.2.3/24'),
  InvalidDocumentError: () => parseServiceTags({ changeNumber: 1, cloud: 'Public', values: {} }, 'Public'),
  NewerVersionError: () => parseBlob('service-tags/current/Public.json', Buffer.from('{"version":99}'), object({})),
  ConfigurationError: () => loadConfig({ AzureWebJobsStorage: 'UseDevelopmentStorage=true', PULL_SCHEDULE: 'often' }),
  SourceError: () => fileSource('file:/nowhere', '/nowhere', 'Public').fetch(new Date(), undefined),
  TargetBlockedError: () => raise(toTargetError(answer(404, 'ResourceNotFound'))),
  TargetMovedError: () => raise(toTargetError(answer(412, 'PreconditionFailed'))),
  TargetBusyError: () => raise(toTargetError(answer(429, 'TooManyRequests'))),
  OutageError: () => raise(toTargetError(answer(503, 'ServiceUnavailable'))),
  StorageRefusedError: () => raise(refusedByStorage('AuthorizationFailure')),
  RequestError: () => makeWorld().app.queries.library.choose({ snapshot: 'Public-20200101-1-000000000000' }),
};

describe('every class of error', () => {
  test('has an example, but for a lease that was lost: no person reads of it', () => {
    const classes = Object.values(errors).filter(
      (value): value is typeof errors.SourceError => typeof value === 'function' && value.prototype instanceof Error,
    );

    expect(classes.map(({ name }) => name).sort()).toEqual([...Object.keys(examples), 'LeaseLostError'].sort());
  });

  test.each(Object.entries(examples))('%s', async (name, work) => {
    const error = await thrownBy(work);

    expect(error.name).toBe(name);
    // What the app does then follows: see runResult and notifyOfPull.
    const text = ['TargetMovedError', 'TargetBusyError', 'OutageError', 'SourceError'].includes(name)
      ? `${error.message}. The app tries again.`
      : error.message;
    expect(faultsOf(text, ['history', 'values', 'resource', 'snapshot', 'PULL_SCHEDULE'])).toEqual([]);
  });
});

test.each([...blockedCodes.keys()])('what Azure refuses with %s', (code) => {
  const { kind, reason } = classifyArmError(answer(403, code));

  expect(kind).toBe('blocked');
  expect(
    faultsOf(reason?.message ?? '', [
      'subscription',
      'resource group',
      'NSG',
      'service',
      'Policy',
      'Azure',
      'lock',
      'rule',
    ]),
  ).toEqual([]);
});

test.each([...explanations.keys(), 'SomethingNew'])('what storage refuses with %s', (code) => {
  const refusal = refusedByStorage(code);

  expect(faultsOf(refusal?.message ?? '', ['stkeeper'])).toEqual([]);
  expect(faultsOf(`${refusal?.summary ?? ''}. The app tries again`, [])).toEqual([]);
});
