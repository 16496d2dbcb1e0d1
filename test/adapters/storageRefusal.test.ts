/** A storage account that refuses: which account, what is missing, and the command that helps. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { BlobSnapshotStore } from '../../src/adapters/blob/snapshots.ts';
import { createStorageClients } from '../../src/adapters/storageClients.ts';
import { toStorageRefusal } from '../../src/adapters/storageRefusal.ts';
import { StorageUpdateQueue } from '../../src/adapters/updateQueue.ts';

const blobUrl = 'https://stkeeper.blob.core.windows.net/service-tags/current/Public.json?sig=secret';
const queueUrl = 'https://stkeeper.queue.core.usgovcloudapi.net/update-target/messages';

function refusalOf(facts: object, url = blobUrl) {
  return toStorageRefusal(Object.assign(new Error('No.'), { statusCode: 403, ...facts }), { method: 'GET', url });
}

describe('what is told', () => {
  test.each([
    [
      'AuthorizationPermissionMismatch',
      blobUrl,
      /lacks the role "Storage Blob Data Owner".*--name stkeeper .*If it was recently granted, wait ten minutes/,
    ],
    ['authorizationpermissionmismatch', queueUrl, /lacks the role "Storage Queue Data Contributor"/],
    ['KeyBasedAuthenticationNotPermitted', blobUrl, /accepts no keys: set AzureWebJobsStorage__accountName=stkeeper/],
    ['AuthorizationFailure', blobUrl, /firewall does not let the app in/],
    ['AuthenticationFailed', blobUrl, /not, or no longer, the right one/],
    ['AccountIsDisabled', blobUrl, /the account is disabled/],
    ['AuthorizationResourceTypeMismatch', blobUrl, /shared access signature/],
    ['SomethingNew', blobUrl, /check the app's role .*firewall and its keys/],
  ] as const)('%s', (errorCode, url, message) => {
    const refusal = refusalOf({ details: { errorCode } }, url);

    expect(refusal?.message).toMatch(/^storage account stkeeper refused GET \/[\w/.-]+ \(\w+\): /);
    expect(refusal?.message).toMatch(message);
    expect(refusal?.message).not.toContain('secret');
    expect(refusal?.summary).toMatch(/^the storage account refuses the app: .* \(\w+\)$/);
    expect(refusal?.summary).not.toContain('stkeeper');
  });

  test('the code in the body alone', () => {
    const bodyAsText =
      '<?xml version="1.0"?><Error><Code>AuthorizationPermissionMismatch</Code><Message>No.</Message></Error>';

    expect(refusalOf({ response: { bodyAsText } })?.code).toBe('AuthorizationPermissionMismatch');
  });

  test.each([304, 404, 409, 412, 500, 503])('%i is no refusal of the account', (statusCode) => {
    expect(refusalOf({ statusCode, code: 'Whatever' })).toBeUndefined();
  });
});

describe('through the clients', () => {
  let server: Server;
  afterEach(() => new Promise((resolve) => server.close(resolve)));

  async function serve(): Promise<ReturnType<typeof createStorageClients>> {
    const body =
      '<?xml version="1.0" encoding="utf-8"?><Error><Code>AuthorizationPermissionMismatch</Code><Message>No.</Message></Error>';
    server = createServer((_, response) => {
      response.writeHead(403, { 'content-type': 'application/xml' }).end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}/stkeeper`;
    const connectionString = `DefaultEndpointsProtocol=http;AccountName=stkeeper;AccountKey=a2V5;BlobEndpoint=${origin};QueueEndpoint=${origin}`;
    return createStorageClients({ kind: 'connectionString', connectionString });
  }

  test('a read of a blob, a list, and a message', async () => {
    const { blobs, queues } = await serve();
    const snapshots = new BlobSnapshotStore(blobs);
    const refused = {
      name: 'StorageRefusedError',
      message: expect.stringContaining('storage account stkeeper refused'),
    };

    await expect(snapshots.readPullStatus('Public')).rejects.toMatchObject(refused);
    await expect(snapshots.list('Public')).rejects.toMatchObject(refused);
    await expect(new StorageUpdateQueue(queues).send({ target: 'a', reason: 'b' })).rejects.toMatchObject(refused);
  });
});
