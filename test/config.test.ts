import { describe, expect, test } from '@jest/globals';
import { loadConfig, type Config } from '../src/config.ts';
import { areTargetsExpected } from '../src/config/targets.ts';
import { ConfigurationError } from '../src/core/errors.ts';

const subscription = '00000000-1111-2222-3333-444444444444';
const local = { AzureWebJobsStorage: 'UseDevelopmentStorage=true' };

function load(env: Readonly<Record<string, string>>): Config {
  return loadConfig({ ...local, ...env });
}

function messageOf(env: Readonly<Record<string, string>>): string {
  try {
    loadConfig(env);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.message;
    throw error;
  }
  throw new Error('nothing was refused');
}

test('the defaults', () => {
  expect(loadConfig(local)).toEqual({
    storage: { kind: 'connectionString', connectionString: 'UseDevelopmentStorage=true' },
    cloud: 'Public',
    armEndpoint: 'https://management.azure.com',
    armIsLoopback: false,
    armApiVersions: new Map(),
    sources: [{ kind: 'download', name: 'download' }],
    serviceTagsLocation: 'westeurope',
    targets: { kind: 'file', path: 'targets.json' },
    pullSchedule: '0 30 */6 * * *',
    reconcileSchedule: '0 0 * * * *',
    updatesPaused: false,
    notificationWebhooks: [],
    isInAzure: false,
    notes: ['SERVICE_TAGS_SUBSCRIPTION_ID is not set: the Service Tag Discovery API is not asked, only the download'],
  });
});

test('every setting', () => {
  expect(
    loadConfig({
      AzureWebJobsStorage__accountName: 'keeperstore',
      AzureWebJobsStorage__credential: 'managedidentity',
      AzureWebJobsStorage__clientId: subscription,
      AZURE_CLOUD: 'azuregovernment',
      ARM_ENDPOINT: 'https://usgovvirginia.management.usgovcloudapi.net/',
      SERVICE_TAGS_SOURCES: 'download, api,file:../weekly,https://example.com/tags.json?sig=secret',
      SERVICE_TAGS_SUBSCRIPTION_ID: subscription,
      SERVICE_TAGS_LOCATION: 'USGov Texas',
      TARGETS: 'blob:configuration/firewalls/targets.json',
      PULL_SCHEDULE: '0 */15 * * * *',
      RECONCILE_SCHEDULE: '30 5 0-23/2 * JAN-dec mon,Thu',
      UPDATES_PAUSED: 'TRUE',
      NOTIFICATION_WEBHOOKS: 'https://example.com/hook/1,https://example.net/hook/2',
      WEBSITE_SITE_NAME: 'keeper',
    }),
  ).toEqual({
    storage: {
      kind: 'identity',
      blobServiceUri: 'https://keeperstore.blob.core.usgovcloudapi.net',
      queueServiceUri: 'https://keeperstore.queue.core.usgovcloudapi.net',
      identity: { clientId: subscription },
    },
    cloud: 'AzureGovernment',
    armEndpoint: 'https://usgovvirginia.management.usgovcloudapi.net',
    armIsLoopback: false,
    armApiVersions: new Map(),
    identity: { clientId: subscription },
    sources: [
      { kind: 'download', name: 'download' },
      { kind: 'api', name: 'api' },
      { kind: 'file', name: 'file:../weekly', path: '../weekly' },
      {
        kind: 'url',
        name: 'https://example.com/tags.json',
        url: 'https://example.com/tags.json?sig=secret',
      },
    ],
    serviceTagsSubscriptionId: subscription,
    serviceTagsLocation: 'usgovtexas',
    targets: { kind: 'blob', container: 'configuration', name: 'firewalls/targets.json' },
    pullSchedule: '0 */15 * * * *',
    reconcileSchedule: '30 5 0-23/2 * JAN-dec mon,Thu',
    updatesPaused: true,
    notificationWebhooks: ['https://example.com/hook/1', 'https://example.net/hook/2'],
    siteName: 'keeper',
    isInAzure: true,
    notes: [],
  });
});

test('an empty setting is a missing one', () => {
  expect(load({ TARGETS: ' ', ARM_ENDPOINT: '', UPDATES_PAUSED: '' })).toEqual(loadConfig(local));
});

describe('storage', () => {
  const sas =
    'BlobEndpoint=https://a.blob.core.windows.net;QueueEndpoint=https://a.queue.core.windows.net;SharedAccessSignature=sv=1';

  test.each([
    'UseDevelopmentStorage=true',
    'DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;BlobEndpoint=http://127.0.0.1:1/a;QueueEndpoint=http://127.0.0.1:2/a',
    sas,
  ])('connection string %s', (connectionString) => {
    expect(load({ AzureWebJobsStorage: connectionString }).storage).toEqual({
      kind: 'connectionString',
      connectionString,
    });
  });

  const account = 'AccountName=a;AccountKey=a2V5';
  const ofAccount =
    `DefaultEndpointsProtocol=https;${account};` +
    'BlobEndpoint=https://a.blob.core.windows.net;QueueEndpoint=https://a.queue.core.windows.net';

  test.each([
    [account, ofAccount],
    [`DefaultEndpointsProtocol=https;${account};EndpointSuffix=core.windows.net`, ofAccount],
    ['accountkey=a2V5;ACCOUNTNAME=a;defaultEndpointsProtocol=HTTPS;FileEndpoint=https://a', ofAccount],
    [' DefaultEndpointsProtocol = https; AccountName = a ; AccountKey=a2V5; ;', ofAccount],
    [
      `${account};EndpointSuffix=core.chinacloudapi.cn;BlobEndpoint=https://b/`,
      `DefaultEndpointsProtocol=https;${account};BlobEndpoint=https://b/;QueueEndpoint=https://a.queue.core.chinacloudapi.cn`,
    ],
    ['AccountName=a;SharedAccessSignature=sv=1', sas],
    ['useDevelopmentStorage=True;', 'UseDevelopmentStorage=true'],
    [
      'UseDevelopmentStorage=true; DevelopmentStorageProxyUri=http://azurite',
      'UseDevelopmentStorage=true;DevelopmentStorageProxyUri=http://azurite',
    ],
  ])('connection string %s, as the platform reads it', (connectionString, normal) => {
    expect(load({ AzureWebJobsStorage: connectionString }).storage).toEqual({
      kind: 'connectionString',
      connectionString: normal,
    });
  });

  test('a connection string without a suffix is of the cloud', () => {
    expect(load({ AzureWebJobsStorage: account, AZURE_CLOUD: 'China' }).storage).toMatchObject({
      connectionString: expect.stringContaining('BlobEndpoint=https://a.blob.core.chinacloudapi.cn;'),
    });
  });

  test('a connection string wins over an identity, as in the host', () => {
    expect(load({ AzureWebJobsStorage__accountName: 'keeperstore' }).storage.kind).toBe('connectionString');
  });

  test.each([
    ['Public', 'core.windows.net'],
    ['China', 'core.chinacloudapi.cn'],
  ])('an account of %s', (cloud, suffix) => {
    expect(loadConfig({ AZURE_CLOUD: cloud, AzureWebJobsStorage__accountName: 'keeperstore' }).storage).toEqual({
      kind: 'identity',
      blobServiceUri: `https://keeperstore.blob.${suffix}`,
      queueServiceUri: `https://keeperstore.queue.${suffix}`,
    });
  });

  test('service addresses, which win over the account', () => {
    expect(
      loadConfig({
        AzureWebJobsStorage__accountName: 'keeperstore',
        AzureWebJobsStorage__blobServiceUri: 'https://blobs.example.com/',
      }).storage,
    ).toMatchObject({
      blobServiceUri: 'https://blobs.example.com',
      queueServiceUri: 'https://keeperstore.queue.core.windows.net',
    });
  });

  const accepted =
    'accepted: UseDevelopmentStorage=true, AccountName=…;AccountKey=… (with DefaultEndpointsProtocol, EndpointSuffix, ' +
    'BlobEndpoint, QueueEndpoint where they differ), or BlobEndpoint=…;QueueEndpoint=…;SharedAccessSignature=…';

  test.each([
    [
      {},
      'AzureWebJobsStorage: is missing; accepted: a connection string, UseDevelopmentStorage=true, or instead of it ' +
        'AzureWebJobsStorage__accountName, or AzureWebJobsStorage__blobServiceUri and AzureWebJobsStorage__queueServiceUri',
    ],
    ...[
      ['c2VjcmV0LXNlY3JldA==', 'without AccountName, AccountKey'],
      [
        'DefaultEndpointsProtocol=ftp;AccountName=a;AccountKey=c2VjcmV0',
        'whose DefaultEndpointsProtocol is neither https nor http',
      ],
      ['AccountName=a;AccountKey=c2VjcmV0!', 'whose AccountKey is not base64'],
      ['AccountName=a;AccountKey=c2VjcmV', 'whose AccountKey is not base64'],
      ['AccountName=a;AccountKey=c2VjcmV0;BlobEndpoint=nonsense', 'whose BlobEndpoint is no http: or https: URL'],
      [
        'AccountName=a;AccountKey=c2VjcmV0;QueueEndpoint=https://a?sig=secret',
        'whose QueueEndpoint is no http: or https: URL',
      ],
      [
        'AccountKey=c2VjcmV0;EndpointSuffix=https://secret',
        'without AccountName and whose EndpointSuffix is no domain',
      ],
      ['AccountName=secret/;AccountKey=c2VjcmV0', 'whose AccountName is no name of an account'],
      ['UseDevelopmentStorage=secret', 'whose UseDevelopmentStorage is not true'],
    ].map(
      ([text, fault]) =>
        [
          { AzureWebJobsStorage: text },
          `AzureWebJobsStorage: holds a text ${fault} (not shown: it may hold a key); ${accepted}`,
        ] as const,
    ),
    [
      { AzureWebJobsStorage: sas.replace('QueueEndpoint', 'FileEndpoint') },
      `AzureWebJobsStorage: holds a text without QueueEndpoint (not shown: it may hold a key); ${accepted}`,
    ],
    [
      { AzureWebJobsStorage__blobServiceUri: 'https://keeperstore.blob.core.windows.net' },
      'AzureWebJobsStorage__queueServiceUri: is missing; accepted: the https: URL of the queue service, as the other ' +
        "service's is given",
    ],
    [
      {
        AzureWebJobsStorage__blobServiceUri: 'http://example.com?sig=secret',
        AzureWebJobsStorage__queueServiceUri: 'https://example.com',
      },
      'AzureWebJobsStorage__blobServiceUri: holds "http://example.com/?…"; accepted: an https: URL without a password',
    ],
    [
      { AzureWebJobsStorage__accountName: 'Keeper-Store' },
      'AzureWebJobsStorage__accountName: holds "Keeper-Store"; accepted: the name of a storage account ' +
        '(3 to 24 lower-case letters and digits)',
    ],
    [
      { AzureWebJobsStorage__accountName: 'keeperstore', AzureWebJobsStorage__credential: 'key' },
      'AzureWebJobsStorage__credential: holds "key"; accepted: managedidentity',
    ],
    [
      { AzureWebJobsStorage__accountName: 'keeperstore', AzureWebJobsStorage__clientId: 'keeper' },
      'AzureWebJobsStorage__clientId: holds "keeper"; accepted: a GUID',
    ],
  ] as [Readonly<Record<string, string>>, string][])('refused: %j', (env, message) => {
    expect(messageOf(env)).toBe(message);
    expect(message).not.toMatch(/c2VjcmV0|secret/);
  });
});

describe('ARM_ENDPOINT', () => {
  test.each([
    ['Public', 'https://management.azure.com/', 'https://management.azure.com', false],
    ['Public', 'https://WestEurope.management.azure.com', 'https://westeurope.management.azure.com', false],
    ['China', 'https://management.chinacloudapi.cn:443', 'https://management.chinacloudapi.cn', false],
    ['Public', 'http://127.0.0.1:8080', 'http://127.0.0.1:8080', true],
    ['Public', 'http://127.8.9.10:8080/', 'http://127.8.9.10:8080', true],
    ['Public', 'http://localhost:8080', 'http://localhost:8080', true],
    ['Public', 'http://[::1]:8080', 'http://[::1]:8080', true],
    ['Public', 'https://localhost:8080', 'https://localhost:8080', true],
  ])('%s %s', (cloud, endpoint, armEndpoint, armIsLoopback) => {
    expect(load({ AZURE_CLOUD: cloud, ARM_ENDPOINT: endpoint })).toMatchObject({ armEndpoint, armIsLoopback });
  });

  test.each([
    ['AzureGovernment', 'https://management.usgovcloudapi.net'],
    ['China', 'https://management.chinacloudapi.cn'],
  ])('the default of %s', (cloud, armEndpoint) => {
    expect(load({ AZURE_CLOUD: cloud })).toMatchObject({ armEndpoint, armIsLoopback: false });
  });

  const accepted =
    'accepted: https://management.azure.com, https://<region>.management.azure.com, or outside Azure http://127.0.0.1:<port>';

  test.each([
    ['https://example.com', 'holds "https://example.com/"'],
    ['http://management.azure.com', 'holds "http://management.azure.com/"'],
    ['https://management.azure.com.example.com', 'holds "https://management.azure.com.example.com/"'],
    ['https://a.b.management.azure.com', 'holds "https://a.b.management.azure.com/"'],
    ['https://evilmanagement.azure.com', 'holds "https://evilmanagement.azure.com/"'],
    ['https://management.azure.com:8443', 'holds "https://management.azure.com:8443/"'],
    ['https://management.azure.com/path', 'holds "https://management.azure.com/path"'],
    ['https://management.azure.com?key=secret', 'holds "https://management.azure.com/?…"'],
    ['http://localhost:secret@example.com', 'holds "http://…@example.com/"'],
    ['http://user:secret@127.0.0.1', 'holds "http://…@127.0.0.1/"'],
    ['http://127.0.0.1.example.com', 'holds "http://127.0.0.1.example.com/"'],
    ['http://10.0.0.1', 'holds "http://10.0.0.1/"'],
    ['http://localhost.example.com', 'holds "http://localhost.example.com/"'],
    ['ftp://127.0.0.1', 'holds "ftp://127.0.0.1/"'],
    ['management.azure.com', 'holds "management.azure.com"'],
    [
      'https://management.chinacloudapi.cn',
      'holds "https://management.chinacloudapi.cn/", which is of the cloud China while AZURE_CLOUD is Public',
    ],
  ])('refused: %s', (endpoint, held) => {
    expect(messageOf({ ...local, ARM_ENDPOINT: endpoint })).toBe(`ARM_ENDPOINT: ${held}; ${accepted}`);
  });

  test.each(['WEBSITE_INSTANCE_ID', 'WEBSITE_SITE_NAME'])('a loopback address inside Azure, told by %s', (setting) => {
    expect(messageOf({ ...local, [setting]: 'x', ARM_ENDPOINT: 'http://127.0.0.1:1' })).toBe(
      'ARM_ENDPOINT: holds "http://127.0.0.1:1/", a loopback address, inside Azure; accepted: https://management.azure.com',
    );
  });
});

describe('sources', () => {
  test('with a subscription the API is asked too', () => {
    expect(load({ SERVICE_TAGS_SUBSCRIPTION_ID: subscription })).toMatchObject({
      sources: [
        { kind: 'download', name: 'download' },
        { kind: 'api', name: 'api' },
      ],
      notes: [],
    });
  });

  test.each([
    ['AzureGovernment', 'usgovvirginia'],
    ['China', 'chinaeast2'],
  ])('the location of %s', (cloud, location) => {
    expect(load({ AZURE_CLOUD: cloud }).serviceTagsLocation).toBe(location);
  });

  const accepted = 'accepted: a comma list of download, api, an https: URL, file:PATH';

  test.each([
    ['downlaod', `SERVICE_TAGS_SOURCES: holds "downlaod"; ${accepted}`],
    [', ,', `SERVICE_TAGS_SOURCES: holds ", ,"; ${accepted}`],
    ['file:', `SERVICE_TAGS_SOURCES: holds "file:"; ${accepted}`],
    ['http://127.0.0.1:8080/a.json', `SERVICE_TAGS_SOURCES: holds "http://127.0.0.1:8080/a.json"; ${accepted}`],
    ['http://example.com/a.json?key=secret', `SERVICE_TAGS_SOURCES: holds "http://example.com/a.json?…"; ${accepted}`],
    ['https://u:secret@example.com/a.json', `SERVICE_TAGS_SOURCES: holds "https://…@example.com/a.json"; ${accepted}`],
    ['download,Download', 'SERVICE_TAGS_SOURCES: holds "download" twice; accepted: each source once'],
    [
      'https://example.com/a.json,https://example.com/a.json?key=secret',
      'SERVICE_TAGS_SOURCES: holds "https://example.com/a.json" twice; accepted: each source once',
    ],
    [
      'download,api',
      'SERVICE_TAGS_SUBSCRIPTION_ID: is missing, and SERVICE_TAGS_SOURCES lists api; accepted: the GUID of a subscription, ' +
        'or a list without api',
    ],
  ])('refused: %s', (sources, message) => {
    expect(messageOf({ ...local, SERVICE_TAGS_SOURCES: sources })).toBe(message);
  });
});

describe('targets', () => {
  test('are expected where the setting says where they are', () => {
    expect(
      ['targets.json', 'own.json', 'blob:abc/t.json', '{}'].map((text) =>
        areTargetsExpected(load({ TARGETS: text }).targets),
      ),
    ).toEqual([false, true, true, true]);
  });

  test.each([
    ['config/targets.json', { kind: 'file', path: 'config/targets.json' }],
    ['targets.json', { kind: 'file', path: 'targets.json' }],
    [' { "targets": [] }', { kind: 'json', json: '{ "targets": [] }' }],
    [
      '{ "targets": [/* "none" */], // yet\n "$schema": "//a,]" }',
      { kind: 'json', json: '{ "targets": [/* "none" */], // yet\n "$schema": "//a,]" }' },
    ],
    ['{"targets": [], }', { kind: 'json', json: '{"targets": [], }' }],
    ['/* none */ {}', { kind: 'json', json: '/* none */ {}' }],
    ['BLOB:abc/t.json', { kind: 'blob', container: 'abc', name: 't.json' }],
    ['blob:abc/t.json', { kind: 'blob', container: 'abc', name: 't.json' }],
  ])('%s', (text, targets) => expect(load({ TARGETS: text }).targets).toEqual(targets));

  test.each(['blob:', 'blob:container', 'blob:/name', 'blob:Upper/name', 'blob:a/name', 'blob:two--dashes/name'])(
    'refused: %s',
    (text) => {
      expect(messageOf({ ...local, TARGETS: text })).toBe(
        `TARGETS: holds "${text}"; accepted: blob:<container>/<name>, the container of 3 to 63 of a-z, 0-9 and single hyphens`,
      );
    },
  );
});

test.each([
  ['[]', 'TARGETS: holds "[]"; accepted: the path of a file, blob:<container>/<name>, or JSON that begins with {'],
  [
    'file:targets.json',
    'TARGETS: holds "file:targets.json"; accepted: the path of a file, blob:<container>/<name>, or JSON that begins with {',
  ],
  [
    '@Microsoft.AppConfiguration(Endpoint=https://conf.example.net; Key=targets)',
    'TARGETS: holds an App Configuration reference that was not resolved (may the identity read it?); accepted: its value',
  ],
  [
    'https://example.com/targets.json?sig=secret',
    'TARGETS: holds a URL (not shown: it may hold a key); accepted: the path of a file, blob:<container>/<name>, or JSON that begins with {',
  ],
])('targets that are none: %s', (text, message) => {
  expect(messageOf({ ...local, TARGETS: text })).toBe(message);
});

test('a webhook that is listed twice gets each notification once', () => {
  const { notificationWebhooks } = load({ NOTIFICATION_WEBHOOKS: 'https://example.com/a, https://example.com/a' });

  expect(notificationWebhooks).toEqual(['https://example.com/a']);
});

describe('NOTIFICATION_SECRET', () => {
  const accepted = 'accepted: any text, or whsec_ and at least 16 bytes as base64';

  test.each([['a text of some length'], [`whsec_${Buffer.from('sixteen bytes ok').toString('base64')}`]])(
    '%s',
    (secret) => expect(load({ NOTIFICATION_SECRET: secret }).notificationSecret).toBe(secret),
  );

  test.each([
    ['whsec_', `NOTIFICATION_SECRET: holds whsec_ and no such key; ${accepted}`],
    ['whsec_!!!!', `NOTIFICATION_SECRET: holds whsec_ and no such key; ${accepted}`],
    ['whsec_c2hvcnQ=', `NOTIFICATION_SECRET: holds whsec_ and no such key; ${accepted}`],
    [
      '@Microsoft.KeyVault(SecretUri=https://vault.example.net/secrets/x)',
      'NOTIFICATION_SECRET: holds a Key Vault reference that was not resolved (may the identity read the secret?); accepted: its value',
    ],
  ])('%s is refused', (secret, message) => {
    expect(messageOf({ ...local, NOTIFICATION_SECRET: secret })).toBe(message);
  });

  test('a reference in place of the webhooks is refused too', () => {
    const reference = '@Microsoft.KeyVault(VaultName=v;SecretName=hooks)';

    expect(messageOf({ ...local, NOTIFICATION_WEBHOOKS: reference })).toMatch(
      /^NOTIFICATION_WEBHOOKS: holds a Key Vault reference that was not resolved/,
    );
  });
});

describe('the identity that signs in to ARM', () => {
  const other = '99999999-1111-2222-3333-444444444444';
  const identity = { AzureWebJobsStorage__accountName: 'keeperstore', AzureWebJobsStorage__clientId: subscription };

  test.each([
    [{ ...identity, AZURE_CLIENT_ID: other }, { clientId: other }],
    [{ ...local, AZURE_CLIENT_ID: other }, { clientId: other }],
    [{ ...local, azure_client_id: other }, { clientId: other }],
    [identity, { clientId: subscription }],
    [
      { AZUREWEBJOBSSTORAGE__ACCOUNTNAME: 'keeperstore', azurewebjobsstorage__clientid: subscription },
      { clientId: subscription },
    ],
    [local, undefined],
  ])('%j', (env, expected) => expect(loadConfig(env).identity).toEqual(expected));

  const resourceId = `/subscriptions/${subscription}/resourceGroups/rg-id/providers/Microsoft.ManagedIdentity/userAssignedIdentities/keeper`;

  test.each(['AzureWebJobsStorage__managedIdentityResourceId', 'AzureWebJobsStorage__ManagedIdentityResourceID'])(
    'named by its resource id, in %s: for storage and for ARM',
    (setting) => {
      const env = {
        AzureWebJobsStorage__accountName: 'keeperstore',
        AzureWebJobsStorage__credential: 'ManagedIdentity',
        [setting]: resourceId,
      };

      const config = loadConfig(env);

      expect(config.storage).toMatchObject({ kind: 'identity', identity: { resourceId } });
      expect(config.identity).toEqual({ resourceId });
    },
  );

  test.each([
    [
      { ...identity, AzureWebJobsStorage__managedIdentityResourceId: resourceId },
      'AzureWebJobsStorage__managedIdentityResourceId',
    ],
    [
      { ...identity, AzureWebJobsStorage__managedIdentityResourceId: 'keeper' },
      'AzureWebJobsStorage__managedIdentityResourceId',
    ],
    [{ ...identity, AzureWebJobsStorage__tenantId: subscription }, 'AzureWebJobsStorage__tenantId'],
    [{ ...identity, azurewebjobsstorage__CLIENTSECRET: 'not-shown' }, 'azurewebjobsstorage__CLIENTSECRET'],
    [
      { ...identity, AzureWebJobsStorage__managedIdentityObjectId: subscription },
      'AzureWebJobsStorage__managedIdentityObjectId',
    ],
    [{ ...identity, AzureWebJobsStorage__credential: 'workloadidentity' }, 'AzureWebJobsStorage__credential'],
  ])('%j is refused, not ignored', (env, field) => {
    expect(() => loadConfig(env)).toThrow(expect.objectContaining({ name: 'ConfigurationError', field }));
    expect(() => loadConfig(env)).not.toThrow(/not-shown/);
  });

  test('beside a connection string, which wins, they are named in a note', () => {
    expect(loadConfig({ ...local, AzureWebJobsStorage__tenantId: subscription }).notes.join()).toContain(
      'AzureWebJobsStorage is set, so that AzureWebJobsStorage__tenantId is not used',
    );
  });
});

test('all that is wrong is said at once, a line a setting, the first one first', () => {
  const read = () =>
    loadConfig({
      AzureWebJobsStorage__accountName: 'Keeper',
      AzureWebJobsStorage__clientId: 'keeper',
      AZURE_CLOUD: 'Mars',
      ARM_ENDPOINT: 'https://management.chinacloudapi.cn/path',
      AZURE_CLIENT_ID: 'keeper',
      SERVICE_TAGS_SOURCES: 'api,downlaod',
      SERVICE_TAGS_SUBSCRIPTION_ID: 'mine',
      SERVICE_TAGS_LOCATION: 'west-europe',
      TARGETS: '[]',
      PULL_SCHEDULE: 'often',
      RECONCILE_SCHEDULE: '0 0 0 * *',
      UPDATES_PAUSED: 'yes',
      NOTIFICATION_WEBHOOKS: 'http://example.com/secret',
    });

  expect(read).toThrow(expect.objectContaining({ name: 'ConfigurationError', field: 'AzureWebJobsStorage__clientId' }));
  try {
    read();
  } catch (error) {
    const lines = (error as Error).message.split('\n');
    expect(lines.map((line) => /^(\w+): holds .+; accepted: .+/.exec(line)?.[1])).toEqual([
      'AzureWebJobsStorage__clientId',
      'AzureWebJobsStorage__accountName',
      'AZURE_CLOUD',
      'ARM_ENDPOINT',
      'AZURE_CLIENT_ID',
      'SERVICE_TAGS_SOURCES',
      'SERVICE_TAGS_SUBSCRIPTION_ID',
      'SERVICE_TAGS_LOCATION',
      'TARGETS',
      'PULL_SCHEDULE',
      'RECONCILE_SCHEDULE',
      'UPDATES_PAUSED',
      'NOTIFICATION_WEBHOOKS',
    ]);
  }
});

test('a cloud that is none costs no other setting its own word', () => {
  const env = { ...local, AZURE_CLOUD: 'Mars', ARM_ENDPOINT: 'https://management.chinacloudapi.cn' };

  expect(messageOf(env)).toBe('AZURE_CLOUD: holds "Mars"; accepted: Public, AzureGovernment, China');
});

describe('the others', () => {
  test.each([
    ['1', true],
    ['True', true],
    ['0', false],
    ['false', false],
  ])('UPDATES_PAUSED %s', (text, paused) => expect(load({ UPDATES_PAUSED: text }).updatesPaused).toBe(paused));

  test.each([
    ['AZURE_CLOUD', 'AzureCloud', 'holds "AzureCloud"; accepted: Public, AzureGovernment, China'],
    ['AZURE_CLIENT_ID', 'keeper', 'holds "keeper"; accepted: the client id of an identity, a GUID'],
    ['UPDATES_PAUSED', 'yes', 'holds "yes"; accepted: true, false, 1, 0'],
    ['SERVICE_TAGS_LOCATION', 'west-europe', 'holds "west-europe"; accepted: an ARM location such as westeurope'],
    ['SERVICE_TAGS_SUBSCRIPTION_ID', 'mine', 'holds "mine"; accepted: the GUID of a subscription'],
    [
      'NOTIFICATION_WEBHOOKS',
      'https://example.com/ok,http://example.com/T0/secret',
      'holds something else as entry 2 (not shown: it may be a key); ' +
        'accepted: a comma list of https: URLs without a password in them',
    ],
    [
      'PULL_SCHEDULE',
      '*/5 * * * *',
      'holds "*/5 * * * *" (5 fields, six are needed); accepted: NCRONTAB in UTC, ' +
        '{second} {minute} {hour} {day} {month} {day of week}, such as 0 30 */6 * * *',
    ],
    [
      'RECONCILE_SCHEDULE',
      '0 61 * * * *',
      'holds "0 61 * * * *" (minute "61" is not within 0-59); accepted: NCRONTAB in UTC, ' +
        '{second} {minute} {hour} {day} {month} {day of week}, such as 0 30 */6 * * *',
    ],
  ])('%s %s is refused', (setting, text, message) => {
    expect(messageOf({ ...local, [setting]: text })).toBe(`${setting}: ${message}`);
  });

  test('a webhook of this machine', () => {
    expect(load({ NOTIFICATION_WEBHOOKS: 'http://localhost:8080/hook' }).notificationWebhooks).toEqual([
      'http://localhost:8080/hook',
    ]);
  });
});
