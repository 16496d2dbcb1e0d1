import { afterEach, describe, expect, test } from '@jest/globals';
import { createHttpHeaders } from '@azure/core-rest-pipeline';
import type { ArmSession, Clock } from '../../../src/app/ports.ts';
import { buildArm } from '../../../src/adapters/arm/arm.ts';
import { buildArmClients, type ArmConfig } from '../../../src/adapters/arm/client.ts';
import { clouds } from '../../../src/core/serviceTags/serviceTags.ts';
import { SignInError } from '../../../src/adapters/identity.ts';
import { TargetBlockedError } from '../../../src/core/errors.ts';
import { startScriptedServer, type Answer, type SeenRequest } from './scriptedServer.ts';
import { nsgId, nsgTarget, registryId, registryTarget, subscriptionId } from './targets.ts';

type Server = Awaited<ReturnType<typeof startScriptedServer>>;
const servers: Server[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

async function serve(answer: (request: SeenRequest, count: number) => Answer): Promise<Server> {
  const server = await startScriptedServer(answer);
  servers.push(server);
  return server;
}

const nsg = {
  id: nsgId,
  name: 'nsg-hooks',
  location: 'West Europe',
  properties: { provisioningState: 'Succeeded', securityRules: [] },
};
const registry = {
  id: registryId,
  name: 'prod',
  location: 'westeurope',
  sku: { name: 'Premium' },
  properties: { provisioningState: 'Succeeded', networkRuleSet: { defaultAction: 'Deny', ipRules: [] } },
};

/** Time that passes only by waiting. */
function testClock(): Clock & { readonly waits: number[] } {
  let now = Date.parse('2026-07-20T06:00:00Z');
  const waits: number[] = [];
  return {
    waits,
    now: () => new Date(now),
    sleep: (ms) => {
      waits.push(ms);
      now += ms;
      return Promise.resolve();
    },
  };
}

const loopback = (endpoint: string): ArmConfig => ({ cloud: 'Public', armEndpoint: endpoint, armIsLoopback: true });

function openSession(endpoint: string, clock = testClock()): ArmSession {
  return buildArm(loopback(endpoint), 'func-acr', { clock, pollIntervalInMs: 1 }).openSession();
}

describe('on loopback', () => {
  test('no credential is built and no Authorization header leaves, whichever client asks', async () => {
    const server = await serve(({ url }) => {
      if (url.includes('ResourceGraph'))
        return { status: 200, body: { totalRecords: 0, count: 0, data: [], resultTruncated: 'false' } };
      if (url.includes('serviceTags')) return { status: 200, body: { values: [] } };
      if (url.includes('replications')) return { status: 200, body: { value: [] } };
      return { status: 200, body: url.includes('Microsoft.Network') ? nsg : registry };
    });
    const clients = buildArmClients(loopback(server.endpoint), {
      buildCredential: () => Promise.reject(new Error('asked for a credential')),
    });
    const arm = buildArm(loopback(server.endpoint), 'func-acr', { clients });
    const session = arm.openSession();

    await session.nsgRules.read(nsgTarget());
    await session.registryNetworkRules.read(registryTarget());
    await session.readRegistryRegions(registryId);
    await arm.findTaggedResources();
    await (await clients.networkClient(subscriptionId)).serviceTags.list('westeurope');
    await clients.getJson(subscriptionId, registryId, '2021-08-01-preview');

    expect(server.seen).toHaveLength(7);
    expect(server.seen.filter(({ headers }) => headers.authorization !== undefined)).toEqual([]);
  });

  test('requests of one session share a correlation id and each has its own request id', async () => {
    const server = await serve(() => ({ status: 200, body: nsg }));
    const arm = buildArm(loopback(server.endpoint), 'func-acr');
    const [first, second] = [arm.openSession(), arm.openSession()];

    await Promise.all([
      first.nsgRules.read(nsgTarget()),
      second.nsgRules.read(nsgTarget()),
      first.nsgRules.read(nsgTarget()),
    ]);

    const header = (name: string) => server.seen.map(({ headers }) => headers[name]);
    expect(new Set(header('x-ms-correlation-request-id')).size).toBe(2);
    expect(new Set(header('x-ms-client-request-id')).size).toBe(3);
    expect(first.usage()).toEqual({ reads: 2, writes: 0, retries: [] });
    expect(second.usage()).toEqual({ reads: 1, writes: 0, retries: [] });
  });
});

describe('in a cloud', () => {
  test.each([
    ['Public', 'https://management.azure.com', 'https://login.microsoftonline.com'],
    ['AzureGovernment', 'https://management.usgovcloudapi.net', 'https://login.microsoftonline.us'],
    ['China', 'https://management.chinacloudapi.cn', 'https://login.chinacloudapi.cn'],
  ] as const)('%s: its own endpoint, authority and audience', async (cloud, armEndpoint, authority) => {
    const asked: unknown[] = [];
    const sent: { host: string; authorization: string | undefined }[] = [];
    const clients = buildArmClients(
      { cloud, armEndpoint, armIsLoopback: false },
      {
        buildCredential: (authorityHost) => {
          asked.push(authorityHost);
          return Promise.resolve({
            getToken: (scopes) => {
              asked.push(scopes);
              return Promise.resolve({ token: 'secret', expiresOnTimestamp: Date.now() + 3_600_000 });
            },
          });
        },
      },
    );
    const client = await clients.networkClient(subscriptionId);
    // The last policy before the wire: everything up to it is the SDK's own.
    client.pipeline.addPolicy(
      {
        name: 'wire',
        sendRequest: (request) => {
          sent.push({ host: new URL(request.url).origin, authorization: request.headers.get('authorization') });
          return Promise.resolve({
            request,
            status: 200,
            headers: createHttpHeaders(),
            bodyAsText: JSON.stringify(nsg),
          });
        },
      },
      { afterPhase: 'Sign' },
    );

    await client.networkSecurityGroups.get('rg-net', 'nsg-hooks');

    expect(asked).toEqual([authority, [`${armEndpoint}/.default`]]);
    expect(sent).toEqual([{ host: armEndpoint, authorization: 'Bearer secret' }]);
  });

  test.each([
    ['half a minute, ridden out', 30_000, undefined],
    ['a day, an outage in one sentence', Infinity, 'OutageError'],
  ])('no token for %s', async (_, downForInMs, ends) => {
    const clock = testClock();
    const start = clock.now().getTime();
    const config = { cloud: 'Public', armEndpoint: 'https://127.0.0.1:1', armIsLoopback: false } as const;
    const clients = buildArmClients(config, {
      buildCredential: () =>
        Promise.resolve({
          getToken: () => {
            const isDown = clock.now().getTime() - start < downForInMs;
            const error = new SignInError('the identity endpoint does not answer', {
              isOutage: true,
              code: 'HTTP 500',
            });
            return isDown
              ? Promise.reject(error)
              : Promise.resolve({ token: 'secret', expiresOnTimestamp: Date.now() + 3_600_000 });
          },
        }),
    });
    const client = await clients.networkClient(subscriptionId);
    client.pipeline.addPolicy(
      {
        name: 'answer',
        sendRequest: (request) =>
          Promise.resolve({ request, status: 200, headers: createHttpHeaders(), bodyAsText: JSON.stringify(nsg) }),
      },
      { phase: 'Sign', afterPolicies: ['bearerTokenAuthenticationPolicy'] },
    );
    const session = buildArm(config, 'func-acr', { clients, clock }).openSession();

    const result = session.nsgRules.read(nsgTarget());

    if (ends === undefined) {
      expect(await result).toMatchObject({ location: 'westeurope' });
      expect(clock.now().getTime() - start).toBeLessThan(90_000);
    } else {
      await expect(result).rejects.toMatchObject({ name: ends, message: 'the identity endpoint does not answer' });
    }
    expect(session.usage().retries[0]).toMatchObject({ code: 'HTTP 500' });
  });

  test('the table has every cloud', () => {
    expect(clouds).toEqual(['Public', 'AzureGovernment', 'China']);
  });

  test('one client a subscription for the life of the process, and a failure is not kept', async () => {
    let built = 0;
    const clients = buildArmClients(
      { cloud: 'Public', armEndpoint: 'https://management.azure.com', armIsLoopback: false },
      {
        buildCredential: () => {
          built += 1;
          if (built === 1) return Promise.reject(new Error('not yet'));
          return Promise.resolve({ getToken: () => Promise.resolve(null) });
        },
      },
    );

    await expect(clients.networkClient(subscriptionId)).rejects.toThrow('not yet');
    const first = await clients.networkClient(subscriptionId);

    expect(await clients.networkClient(subscriptionId.toUpperCase())).toBe(first);
    expect(await clients.networkClient('22222222-2222-4222-8222-222222222222')).not.toBe(first);
    expect(built).toBe(2);
  });
});

describe('reads are tried again', () => {
  const throttled: Answer = {
    status: 429,
    body: { error: { code: 'TooManyRequests', message: 'Slow down.' } },
    headers: { 'retry-after': '17' },
  };

  test('after the time that Azure asks for, and it is on record', async () => {
    const server = await serve((_, count) => (count === 1 ? throttled : { status: 200, body: nsg }));
    const clock = testClock();
    const session = openSession(server.endpoint, clock);

    const current = await session.nsgRules.read(nsgTarget());

    expect(current.location).toBe('westeurope');
    expect(session.usage()).toEqual({
      reads: 2,
      writes: 0,
      retries: [{ call: 'GET networkSecurityGroups/nsg-hooks', code: 'TooManyRequests', waitedInMs: 17_000 }],
    });
    expect(clock.waits).toEqual([17_000]);
  });

  test.each([
    ['nothing', undefined],
    ['null', null],
    ['a list', []],
  ])('after %s in place of a resource', async (_, body) => {
    const server = await serve((_request, count) => (count === 1 ? { status: 200, body } : { status: 200, body: nsg }));
    const session = openSession(server.endpoint);

    const current = await session.nsgRules.read(nsgTarget());

    expect(current.location).toBe('westeurope');
    expect(session.usage().retries.map(({ code }) => code)).toEqual(['PARSE_ERROR']);
  });

  test('after a broken connection, longer each time, but with jitter', async () => {
    const server = await serve((_, count) => (count <= 4 ? { status: 0, destroy: true } : { status: 200, body: nsg }));
    const clock = testClock();

    await openSession(server.endpoint, clock).nsgRules.read(nsgTarget());

    expect(clock.waits).toHaveLength(4);
    for (const [index, wait] of clock.waits.entries()) {
      expect(wait).toBeGreaterThanOrEqual(500 * 2 ** index);
      expect(wait).toBeLessThanOrEqual(1_000 * 2 ** index);
    }
  });

  test('but not beyond the deadline: 4 minutes, or what the session was given', async () => {
    const server = await serve(() => throttled);
    const arm = (clock: Clock) => buildArm(loopback(server.endpoint), 'func-acr', { clock });
    const clock = testClock();
    const short = testClock();
    const deadline = new Date(short.now().getTime() + 40_000);

    await expect(arm(clock).openSession().nsgRules.read(nsgTarget())).rejects.toThrow('Slow down');
    await expect(arm(short).openSession({ deadline }).nsgRules.read(nsgTarget())).rejects.toThrow('Slow down');

    expect(clock.waits).toHaveLength(14);
    expect(short.waits).toEqual([17_000, 17_000]);
  });

  test('and not where it is no use', async () => {
    const server = await serve(() => ({
      status: 403,
      body: { error: { code: 'RequestDisallowedByPolicy', message: 'No.' } },
    }));
    const session = openSession(server.endpoint);

    await expect(session.nsgRules.read(nsgTarget())).rejects.toMatchObject({
      name: 'TargetBlockedError',
      code: 'rejected',
    });

    expect(session.usage()).toEqual({ reads: 1, writes: 0, retries: [] });
  });

  test.each([
    ['a resource that was just created', 404, 'ResourceNotFound', 20_000],
    ['a group that was just created', 404, 'ResourceGroupNotFound', 20_000],
    ['a role that was just assigned', 403, 'AuthorizationFailed', 180_000],
    ['a proxy that was just restarted', 403, undefined, 30_000],
  ])('%s (%i %s): asked again, but not for ever, and not by every run', async (_, status, code, patienceInMs) => {
    let isBetter = false;
    const message = 'It does not have authorization to perform action.';
    const refused: Answer =
      code === undefined
        ? { status, body: undefined, text: '<html>No</html>' }
        : { status, body: { error: { code, message } } };
    const server = await serve(() => (isBetter ? { status: 200, body: nsg } : refused));
    const clock = testClock();
    const arm = buildArm(loopback(server.endpoint), 'func-acr', { clock });
    const waited = () => clock.waits.reduce((sum, wait) => sum + wait, 0);

    await expect(arm.openSession().nsgRules.read(nsgTarget())).rejects.toThrow(TargetBlockedError);
    expect(waited()).toBeGreaterThan(patienceInMs / 3);
    expect(waited()).toBeLessThanOrEqual(patienceInMs);
    const tries = server.seen.length;

    // A run later, still refused: one look.
    await clock.sleep(3_600_000);
    await expect(arm.openSession().nsgRules.read(nsgTarget())).rejects.toThrow(TargetBlockedError);
    expect(server.seen).toHaveLength(tries + 1);

    // In order again; the next refusal is a new one.
    isBetter = true;
    await arm.openSession().nsgRules.read(nsgTarget());
    isBetter = false;
    await expect(arm.openSession().nsgRules.read(nsgTarget())).rejects.toThrow(TargetBlockedError);
    expect(server.seen.length).toBeGreaterThan(tries + 3);
  });

  test.each([
    ['404 once', 404, 'ResourceNotFound'],
    ['403 once', 403, 'AuthorizationFailed'],
  ])('%s right after a deployment: nobody hears of it', async (_, status, code) => {
    const message = 'It does not have authorization to perform action.';
    const server = await serve((__, count) =>
      count === 1 ? { status, body: { error: { code, message } } } : { status: 200, body: nsg },
    );
    const session = openSession(server.endpoint);

    expect(await session.nsgRules.read(nsgTarget())).toMatchObject({ location: 'westeurope' });

    expect(session.usage()).toMatchObject({ reads: 2, retries: [{ code }] });
  });
});
