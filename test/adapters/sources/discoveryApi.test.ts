import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { NetworkManagementClient } from '@azure/arm-network';
import { buildArmClients } from '../../../src/adapters/arm/client.ts';
import { discoveryApiSource, type DiscoveryApiSettings } from '../../../src/adapters/sources/discoveryApi.ts';
import { buildSources } from '../../../src/adapters/sources/buildSources.ts';
import { answer, redirect, startLoopback, type Handler, type Loopback } from './loopback.ts';

const subscriptionId = '00000000-0000-0000-0000-000000000001';
const path = `/subscriptions/${subscriptionId}/providers/Microsoft.Network/locations/westeurope/serviceTags`;
let server: Loopback;

afterEach(() => server.close());

/** The real client, which asks for no token on loopback. */
function clientFor(origin: string, retries = 0): NetworkManagementClient {
  const credential = { getToken: () => Promise.reject(new Error('no token is asked for')) };
  const client = new NetworkManagementClient(credential, subscriptionId, {
    endpoint: origin,
    allowInsecureConnection: true,
    retryOptions: { maxRetries: retries },
  });
  client.pipeline.removePolicy({ name: 'bearerTokenAuthenticationPolicy' });
  return client;
}

async function start(routes: Record<string, Handler>, settings: Partial<DiscoveryApiSettings> = {}) {
  server = await startLoopback(routes);
  return discoveryApiSource({
    client: () => Promise.resolve(clientFor(server.origin)),
    subscriptionId,
    location: 'westeurope',
    cloud: 'Public',
    retryDelayInMs: 1,
    timeoutInMs: 10_000,
    ...settings,
  });
}

function tag(name: string, addressPrefixes: unknown = ['20.61.97.0/24']) {
  return {
    name,
    id: name,
    serviceTagChangeNumber: '63',
    properties: { changeNumber: '12', region: '', state: 'GA', systemService: name.split('.')[0], addressPrefixes },
  };
}

function apiPage(names: readonly string[], nextLink?: unknown) {
  return {
    name: 'Public',
    id: `/subscriptions/${subscriptionId}/providers/Microsoft.Network/serviceTags/Public`,
    type: 'Microsoft.Network/serviceTags',
    changeNumber: '63',
    cloud: 'Public',
    values: names.map((name) => tag(name)),
    nextLink,
  };
}

/** Links from page to page on the same server, by `skipToken`. */
function paged(...pages: readonly (readonly string[])[]): Handler {
  return ({ url, headers }, response, count) => {
    const token = new URL(url, 'http://x').searchParams.get('$skipToken') ?? '0';
    const next = Number(token) + 1;
    const link = `http://${headers.host ?? ''}${path}?api-version=2026-01-01&$skipToken=${next}`;
    answer(apiPage(pages[Number(token)] ?? [], next < pages.length ? link : ''))({ url, headers }, response, count);
  };
}

describe('the Discovery API, through the real client', () => {
  test('one page; its numbers are texts', async () => {
    const source = await start({ [path]: answer(apiPage(['Storage', 'AzureContainerRegistry'])) });

    const download = await source.fetch();

    expect(source.name).toBe('api');
    expect(download).toEqual({
      source: 'api',
      date: undefined,
      origin: `${server.origin}${path}`,
      document: {
        cloud: 'Public',
        changeNumber: 63,
        values: [
          {
            name: 'AzureContainerRegistry',
            region: '',
            systemService: 'AzureContainerRegistry',
            changeNumber: 12,
            addressPrefixes: ['20.61.97.0/24'],
          },
          expect.objectContaining({ name: 'Storage', changeNumber: 12 }),
        ],
      },
      warnings: [],
    });
    expect(server.requests[0]?.url).toContain('api-version=');
  });

  test('nextLink is followed to the end, and every page counts', async () => {
    const source = await start({ [path]: paged(['A', 'B'], ['C'], [], ['D']) });

    const { document } = await source.fetch();

    expect(document.values.map((value) => value.name)).toEqual(['A', 'B', 'C', 'D']);
    expect(server.requests.map(({ url }) => new URL(url, server.origin).searchParams.get('$skipToken'))).toEqual([
      null,
      '1',
      '2',
      '3',
    ]);
  });

  test('a relative nextLink is one of the same host', async () => {
    const source = await start({ [path]: answer(apiPage(['A'], '/next')), '/next': answer({ values: [tag('B')] }) });

    expect((await source.fetch()).document.values).toHaveLength(2);
  });

  test('the pages after the first go through the policies of the client, where the token is added', async () => {
    server = await startLoopback({ [path]: paged(['A'], ['B']) });
    const client = clientFor(server.origin);
    client.pipeline.addPolicy({
      name: 'stands for the bearer policy',
      sendRequest: (request, next) => {
        request.headers.set('authorization', 'Bearer of-the-client');
        return next(request);
      },
    });

    await discoveryApiSource({
      client: () => Promise.resolve(client),
      subscriptionId,
      location: 'westeurope',
      cloud: 'Public',
    }).fetch();

    expect(server.requests.map((request) => request.headers.authorization)).toEqual([
      'Bearer of-the-client',
      'Bearer of-the-client',
    ]);
  });

  test('a page that is throttled is asked for again, that page alone', async () => {
    const pages = paged(['A'], ['B']);
    const source = await start({
      [path]: (request, response, count) => {
        if (count === 1) response.writeHead(429, { 'retry-after': '0' }).end();
        else if (count === 2) response.destroy();
        else pages(request, response, count);
      },
    });

    expect((await source.fetch()).document.values.map((value) => value.name)).toEqual(['A', 'B']);
    expect(server.requests).toHaveLength(4);
  });

  test('the client is asked for on fetch, not before', async () => {
    const client = jest.fn<DiscoveryApiSettings['client']>(() => Promise.resolve(clientFor(server.origin)));
    const source = await start({ [path]: answer(apiPage(['A'])) }, { client });

    expect(client).not.toHaveBeenCalled();
    await source.fetch();
    expect(client).toHaveBeenCalledWith(subscriptionId);
  });
});

describe('what is an error', () => {
  const error = (code: string) => JSON.stringify({ error: { code, message: `${code}, says Azure` } });
  const status =
    (number: number, code: string, headers: Record<string, string> = {}): Handler =>
    (_, response) => {
      response.writeHead(number, { 'content-type': 'application/json', ...headers }).end(error(code));
    };

  test.each<[string, Handler, RegExp, number]>([
    [
      'no permission',
      status(403, 'AuthorizationFailed'),
      /^SourceError: source api: service tags of westeurope in subscription 0.*1: HTTP 403 .*serviceTags\/read on the subscription/,
      1,
    ],
    ['an unknown location', status(400, 'NoRegisteredProviderFound'), /HTTP 400/, 1],
    ['an unknown subscription', status(404, 'SubscriptionNotFound'), /HTTP 404/, 1],
    ['a server that stays broken', status(500, 'InternalServerError'), /HTTP 500/, 3],
    ['a wait that is too long', status(429, 'TooManyRequests', { 'retry-after': '3600' }), /HTTP 429/, 1],
    ['a connection that breaks each time', (_, response) => response.destroy(), /ECONNRESET socket hang up/, 3],
    [
      'not JSON',
      answer('<html>', { 'content-type': 'text/html' }),
      /changeNumber: expected a number, found nothing/,
      1,
    ],
    ['cut-off JSON', answer('{"values": ['), /PARSE_ERROR/, 1],
    [
      'another cloud',
      answer({ ...apiPage(['A']), cloud: 'AzureChinaCloud' }),
      /cloud: "AzureChinaCloud", expected "Public"/,
      1,
    ],
    ['no values', answer({ ...apiPage([]), values: undefined }), /values: expected an array of service tags/, 1],
    ['empty values', answer(apiPage([])), /values: expected at least one service tag/, 1],
    [
      'a tag without prefixes',
      answer({ ...apiPage([]), values: [tag('A'), tag('B', null)] }),
      /values\[1\]\.properties\.addressPrefixes: expected an array of CIDRs/,
      1,
    ],
  ])('%s', async (_, handler, message, requests) => {
    const source = await start({ [path]: handler });

    expect(await source.fetch().catch(String)).toMatch(message);
    expect(server.requests).toHaveLength(requests);
  });

  test.each<[string, unknown, Handler | undefined, string]>([
    [
      'to another host',
      'http://127.0.0.1:1/next',
      undefined,
      'nextLink leads to http://127.0.0.1:1/next, expected a link to',
    ],
    ['to another scheme', 'file:///etc/hosts', undefined, 'nextLink leads to file:'],
    [
      'to a page without values',
      '/next',
      answer({ more: 1 }),
      'values: expected an array of service tags on every page',
    ],
    ['to null', '/next', answer('null'), 'values: expected an array of service tags on every page'],
    ['to a page that is not JSON', '/next', answer('<html>'), '/next: the page is not JSON'],
    ['to a page that is gone', '/next', undefined, 'HTTP 404'],
    ['in a circle', '/next', answer(apiPage(['B'], '/next')), 'nextLink leads back to a page that was read: /next'],
  ])('nextLink %s', async (_, nextLink, handler, message) => {
    const source = await start({ [path]: answer(apiPage(['A'], nextLink)), ...(handler && { '/next': handler }) });

    expect(await source.fetch().catch(String)).toContain(message);
    expect(server.requests.length).toBeLessThanOrEqual(2);
  });

  test('pages without end', async () => {
    const source = await start({
      [path]: ({ url }, response, count) =>
        answer(apiPage(['A'], `${path}?page=${count}`))({ url, headers: {} }, response, count),
    });

    expect(await source.fetch().catch(String)).toContain('more than 100 pages');
    expect(server.requests).toHaveLength(101);
  });

  test('more than the limit, over all pages together', async () => {
    const big = (next: string | undefined): Handler =>
      answer({ ...apiPage(['A'], next), padding: 'x'.repeat(400_000) });
    const source = await start({ [path]: big('/2'), '/2': big('/3'), '/3': big(undefined) }, { maxBytes: 1_000_000 });

    expect(await source.fetch().catch(String)).toContain('the answer is larger than 1000000 bytes');
    expect(server.requests).toHaveLength(3);
  });

  test('no answer in time', async () => {
    const source = await start({ [path]: () => undefined }, { timeoutInMs: 300 });

    expect(await source.fetch().catch(String)).toContain('no complete answer within 300 ms');
  });

  test('no subscription: the setting is named, and nothing is asked', async () => {
    const source = await start({}, { subscriptionId: undefined });

    expect(await source.fetch().catch(String)).toContain('SERVICE_TAGS_SUBSCRIPTION_ID is not set');
    expect(server.requests).toEqual([]);
  });

  test('no credential', async () => {
    const source = await start({}, { client: () => Promise.reject(new Error('CredentialUnavailableError')) });

    expect(await source.fetch().catch(String)).toContain('CredentialUnavailableError');
  });
});

test.each(['the first page', 'a later page'])('a redirect of %s to another host is not followed', async (which) => {
  const elsewhere = await startLoopback({ '/next': answer(apiPage(['B'])) });
  const away = redirect(`${elsewhere.origin}/next`);
  const source = await start({
    [path]: which === 'the first page' ? away : answer(apiPage(['A'], '/next')),
    '/next': away,
  });

  expect(await source.fetch().catch(String)).toContain('HTTP 302');
  expect(elsewhere.requests).toEqual([]);
  await elsewhere.close();
});

test('buildSources keeps the order of configuration and connects to nothing', async () => {
  server = await startLoopback({});
  const networkClient = jest.fn(() => Promise.resolve(clientFor(server.origin)));

  const sources = buildSources(
    {
      cloud: 'Public',
      serviceTagsLocation: 'westeurope',
      serviceTagsSubscriptionId: subscriptionId,
      sources: [
        { kind: 'api', name: 'api' },
        { kind: 'file', name: 'file:./tags', path: './tags' },
        { kind: 'url', name: 'https://example.com/tags.json', url: 'https://example.com/tags.json?sig=s3cret' },
        { kind: 'download', name: 'download' },
      ],
    },
    { networkClient },
  );

  expect(sources.map((source) => source.name)).toEqual([
    'api',
    'file:./tags',
    'https://example.com/tags.json',
    'download',
  ]);
  expect(networkClient).not.toHaveBeenCalled();
});

describe('with the clients of the app', () => {
  const config = {
    cloud: 'Public',
    serviceTagsLocation: 'westeurope',
    serviceTagsSubscriptionId: subscriptionId,
    sources: [{ kind: 'api', name: 'api' }],
  } as const;

  test('a read that is throttled is tried again', async () => {
    const pages = paged(['A'], ['B']);
    server = await startLoopback({
      [path]: (request, response, count) => {
        if (count === 0) response.writeHead(429, { 'retry-after': '0' }).end();
        else pages(request, response, count);
      },
    });
    const arm = buildArmClients({ cloud: 'Public', armEndpoint: server.origin, armIsLoopback: true });

    const download = await buildSources(config, arm)[0]?.fetch();

    expect(download?.document.values.map((value) => value.name)).toEqual(['A', 'B']);
    expect(server.requests).toHaveLength(3);
  });

  test('a missing permission is named', async () => {
    server = await startLoopback({
      [path]: (_, response) => {
        const error = { code: 'AuthorizationFailed', message: 'The client does not have authorization' };
        response.writeHead(403, { 'content-type': 'application/json' }).end(JSON.stringify({ error }));
      },
    });
    const arm = buildArmClients({ cloud: 'Public', armEndpoint: server.origin, armIsLoopback: true });

    await expect(buildSources(config, arm)[0]?.fetch()).rejects.toThrow(
      'HTTP 403 AuthorizationFailed The client does not have authorization; ' +
        'the identity needs Microsoft.Network/locations/serviceTags/read on the subscription itself',
    );
    expect(server.requests).toHaveLength(1);
  });
});
