/** Sign-in against an endpoint that behaves as the platform's does on a bad day; the real SDK asks it. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { buildArmClients } from '../../src/adapters/arm/client.ts';
import { buildCredential, SignInError } from '../../src/adapters/identity.ts';
import { subscriptionId } from './arm/targets.ts';

const scope = 'https://management.azure.com/.default';
type Answer = readonly [status: number, body: string] | 'reset';
const token: Answer = [
  200,
  JSON.stringify({
    access_token: 'token',
    token_type: 'Bearer',
    expires_on: String(Math.floor(Date.now() / 1000) + 3_600),
  }),
];

let server: Server;
let answers: Answer[] = [];
let asked: URL[] = [];
let waits: number[] = [];
let lines: string[] = [];
const before = { ...process.env };

// MSAL keeps the endpoint of its first call for the life of the process: no other test file signs in.
beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(new URL(request.url ?? '', 'http://127.0.0.1'));
    const answer = (answers.length > 1 ? answers.shift() : answers[0]) ?? token;
    if (answer === 'reset') return void request.socket.destroy();
    response.writeHead(answer[0], { 'content-type': 'application/json' }).end(answer[1]);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/msi/token`;
  Object.assign(process.env, { IDENTITY_ENDPOINT: endpoint, IDENTITY_HEADER: 'header' });
});
beforeEach(() => {
  [answers, asked, waits, lines] = [[], [], [], []];
});
afterAll(async () => {
  process.env = { ...before };
  await new Promise((resolve) => server.close(resolve));
});

// MSAL keeps tokens by identity for the life of the process.
let identities = 0;
async function signIn(): Promise<unknown> {
  identities += 1;
  const credential = await buildCredential({
    identity: { clientId: `99999999-0000-4000-8000-${String(identities).padStart(12, '0')}` },
    logger: { warn: (message, details) => void lines.push(`${message} ${JSON.stringify(details)}`) },
    sleep: (ms) => Promise.resolve(waits.push(ms)),
  });
  return credential.getToken(scope).then(
    (given) => given?.token,
    (error: unknown) => error,
  );
}

const down: Answer = [
  500,
  '{"statusCode":500,"message":"An unexpected error occured while fetching the AAD Token.","correlationId":"c"}',
];
const bad: readonly (readonly [string, Answer])[] = [
  ['500', down],
  ['503, HTML', [503, '<html>Unavailable</html>']],
  ['a reset', 'reset'],
  ['403, empty', [403, '']],
  ['403, JSON', [403, '{"statusCode":403,"message":"No."}']],
  ['404', [404, '']],
  ['429', [429, '{"error":"too many"}']],
  ['200, HTML', [200, '<html>Starting</html>']],
  ['200, JSON that is no token', [200, '{}']],
];

describe.each(bad)('the endpoint answers %s', (_, answer) => {
  test('once: nobody hears of it', async () => {
    answers = [answer, token];

    expect(await signIn()).toBe('token');
    expect([asked.length, waits, lines]).toEqual([2, [500], []]);
  });

  test('on and on: an outage, in one sentence; what the SDK says is in the log', async () => {
    answers = [answer];

    const error = await signIn();

    expect(error).toBeInstanceOf(SignInError);
    expect(error).toMatchObject({
      isOutage: true,
      message: expect.stringMatching(
        /^the identity endpoint .* does not answer as it should \(.+\): this passes by itself$/,
      ),
    });
    expect((error as Error).message).not.toMatch(/credential|role|az login|\n/i);
    expect(asked).toHaveLength(3);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^no token for Azure .*ManagedIdentityCredential|no token for Azure .*expiresOn/s);
  });
});

test('an identity that is not there is no outage: asked once, and told which settings name it', async () => {
  answers = [
    [
      400,
      '{"statusCode":400,"message":"No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId.","correlationId":"c"}',
    ],
  ];

  const error = await signIn();

  expect(error).toMatchObject({
    isOutage: false,
    code: 'HTTP 400',
    message: expect.stringContaining('AZURE_CLIENT_ID'),
  });
  expect(asked).toHaveLength(1);
});

test('an identity is named by its resource id as well', async () => {
  const resourceId =
    '/subscriptions/s/resourceGroups/rg-id/providers/Microsoft.ManagedIdentity/userAssignedIdentities/keeper';
  const credential = await buildCredential({ identity: { resourceId } });

  expect((await credential.getToken(scope))?.token).toBe('token');
  expect(asked[0]?.searchParams.get('mi_res_id')).toBe(resourceId);
});

test('the clients of Azure Resource Manager sign in as the identity that is named', async () => {
  const clientId = '00000000-1111-4222-8333-444444444444';
  // Nothing listens there: the token is asked for first.
  const config = { cloud: 'Public', armEndpoint: 'https://127.0.0.1:1', armIsLoopback: false } as const;
  const client = await buildArmClients({ ...config, identity: { clientId } }).networkClient(subscriptionId);

  await expect(client.networkSecurityGroups.get('rg-net', 'nsg-hooks')).rejects.toThrow('ECONNREFUSED');

  expect(asked[0]?.searchParams.get('resource')).toBe('https://management.azure.com');
  expect(asked[0]?.searchParams.get('client_id')).toBe(clientId);
});
