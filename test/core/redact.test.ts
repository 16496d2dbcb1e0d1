import { describe, expect, test } from '@jest/globals';
import { hostOf, redact, redactValue } from '../../src/core/redact.ts';

// Made for the test: the shape of real secrets, no secret.
const storageKey = `${'Ab3/'.repeat(21)}xY==`;
const functionKey = `${'a1B2'.repeat(11)}AzFuQ1w2E3==`;
const token = 'eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJodHRwcyJ9.c2lnbmF0dXJl';

describe('redact', () => {
  test.each([
    ['a connection string', `AccountName=st;AccountKey=${storageKey};EndpointSuffix=core.windows.net`, storageKey],
    ['a storage key alone', `key ${storageKey} was refused`, storageKey],
    ['a shared access signature', 'BlobEndpoint=https://st;SharedAccessSignature=sv=2024&sig=Zm9v%3D;x=1', 'Zm9v'],
    ['a signature in a URL', 'GET https://st.blob.core.windows.net/a?sv=2024&sig=Zm9vYmFy%3D&se=1', 'Zm9vYmFy'],
    ['a function key in a URL', `GET /api/prefixes?code=${functionKey}&tag=a`, functionKey],
    ['a function key alone', `the key is ${functionKey}`, functionKey],
    ['a function key in a header', `x-functions-key: ${functionKey}`, functionKey],
    ['a bearer token', `authorization: Bearer ${token}`, token],
    ['a token alone', `401 for ${token}`, token],
    ['a token in JSON', `{"access_token":"${token}","expires_in":3600}`, token],
    ['a client secret', 'client_id=a&client_secret=s3cr3t-value&scope=x', 's3cr3t-value'],
    [
      'an instrumentation key',
      'InstrumentationKey=0c8f1f9e-0000-4000-8000-000000000000;IngestionEndpoint=https://x',
      '0c8f1f9e',
    ],
    ['a Slack webhook', 'POST https://hooks.slack.com/services/T0/B0/xyz failed', 'T0/B0/xyz'],
    ['a Teams webhook', 'https://contoso.webhook.office.com/webhookb2/abc@def/IncomingWebhook/0', 'abc@def'],
    [
      'a workflow',
      'https://prod-1.westeurope.logic.azure.com:443/workflows/abc/triggers?sp=1&sig=xyz',
      '/workflows/abc',
    ],
    ['a webhook secret', 'NOTIFICATION_SECRET=whsec_MfKQ9r8GKYqrTwjU', 'MfKQ9r8GKYqrTwjU'],
    ['a password in a URL', 'https://user:hunter2@example.com/a', 'hunter2'],
    ['a token in place of a password', 'https://ghx0123456789@example.com/a', 'ghx0123456789'],
    ['a cookie', 'cookie: ARRAffinity=abc; AppServiceAuthSession=s3ss10n', 's3ss10n'],
    ['a cookie that is set', 'Set-Cookie: id=s3ss10n; HttpOnly\r\nx: y', 's3ss10n'],
    ['a cookie in JSON', '{"headers":{"cookie":"a=1; AppServiceAuthSession=s3ss10n"}}', 's3ss10n'],
    ['a cookie in JSON in JSON', '"{\\"Cookie\\":\\"a=1; b=s3ss10n\\"}"', 's3ss10n'],
    ...[
      'token',
      'key',
      'api_key',
      'subscription-key',
      'X-Amz-Signature',
      'accessToken',
      'auth',
      'jwt',
      'sid',
      'hmac',
    ].map((name): [string, string, string] => [
      `${name} in a URL`,
      `GET https://x.example/a?b=1&${name}=h1dd3n&c=2`,
      'h1dd3n',
    ]),
    ['a token behind a hash', 'https://x.example/#id_token=h1dd3n&state=1', 'h1dd3n'],
    ['a token of a repository', 'remote: ghp_abcdefghijklmnopqrstuvwxyz0123456789', 'abcdefghij'],
    ['a token of a chat', 'xoxb-123456789012-abcdefghijkl', '123456789012'],
    ['a bot', 'https://api.telegram.org/bot123456:ABC-DEF/sendMessage', 'bot123456'],
    ['an old Teams webhook', 'https://outlook.office.com/webhook/abc@def/IncomingWebhook/0', 'abc@def'],
    ['a private key', '-----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----', 'MIIEvQ'],
  ])('hides %s', (_name, text, secret) => {
    const redacted = redact(text);

    expect(redacted).not.toContain(secret);
    expect(redacted).toContain('***');
    expect(redact(redacted)).toBe(redacted);
  });

  test.each([
    'nsg-hooks: 12 prefixes added, 0 removed, plan 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.Network/networkSecurityGroups/nsg',
    'https://func.example.azurewebsites.net/api/approve#target=hooks&plan=9f86d081',
    '429 RetryableErrorDueToAnotherOperation: try again after 10 s',
    '20.42.66.0/23, 2603:1030:20e:3::480/122',
    'Public-20250303-346-0123456789ab',
    'https://func.example.azurewebsites.net/api/prefixes?tag=AzureContainerRegistry&region=westeurope&snapshot=a',
    'key: value, the token of the list, keyVaultIds=x, a monkey=1',
    'mail ops@example.org, or see https://example.org/a@b',
    'no cookies are set',
  ])('leaves %s alone', (text) => {
    expect(redact(text)).toBe(text);
  });
});

describe('redactValue', () => {
  test('goes through objects, lists and errors, and keeps their shape', () => {
    const value = {
      error: new Error(`AccountKey=${storageKey}`),
      calls: [{ url: 'https://x/?sig=abc', status: 403 }],
      password: 'plain',
      headers: { Cookie: 'a=b', 'x-functions-key': 'k', token: 't' },
      code: 'removalLimit',
      count: 3,
      nothing: null,
    };

    expect(redactValue(value)).toEqual({
      error: 'Error: AccountKey=***',
      calls: [{ url: 'https://x/?sig=***', status: 403 }],
      password: '***',
      headers: { Cookie: '***', 'x-functions-key': '***', token: '***' },
      code: 'removalLimit',
      count: 3,
      nothing: null,
    });
  });
});

describe('hostOf', () => {
  test.each([
    ['https://hooks.slack.com/services/T0/B0/xyz', 'hooks.slack.com'],
    ['http://127.0.0.1:8080/a?sig=b', '127.0.0.1:8080'],
    ['nonsense', 'not a URL'],
  ])('%s → %s', (url, host) => {
    expect(hostOf(url)).toBe(host);
  });
});
