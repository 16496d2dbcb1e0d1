import { describe, expect, test } from '@jest/globals';
import { BlobServiceClient } from '@azure/storage-blob';
import type { Environment } from '../../src/config/environment.ts';
import { readStorage, toBlobServiceUrl } from '../../src/config/storage.ts';

const key = Buffer.from('not a key').toString('base64');
const withKey = `DefaultEndpointsProtocol=https;AccountName=keeper;AccountKey=${key};EndpointSuffix=core.windows.net`;
const endpoints =
  'BlobEndpoint=https://keeper.blob.core.windows.net/;QueueEndpoint=https://keeper.queue.core.windows.net/';

describe('the blob service of a connection string is where the SDK finds it', () => {
  test.each([
    withKey,
    `EndpointSuffix=core.chinacloudapi.cn;${withKey.replace(';EndpointSuffix=core.windows.net', '')}`,
    `${withKey};${endpoints}`,
    'UseDevelopmentStorage=true',
    `DefaultEndpointsProtocol=http;AccountName=a;AccountKey=${key};BlobEndpoint=http://127.0.0.1:1234/a;QueueEndpoint=http://127.0.0.1:1235/a;`,
  ])('%#', (connectionString) => {
    const setting = readStorage({ AzureWebJobsStorage: connectionString }, 'Public');

    expect(toBlobServiceUrl(setting)).toBe(BlobServiceClient.fromConnectionString(connectionString).url);
  });
});

test('one account has one URL, however it is configured, and a new signature leaves it as it is', () => {
  const environments: Environment[] = [
    { AzureWebJobsStorage: withKey },
    { AzureWebJobsStorage: `${endpoints};SharedAccessSignature=sv=2025-01-05&sig=one%3D` },
    { AzureWebJobsStorage: `${endpoints};SharedAccessSignature=sv=2025-01-05&sig=two%3D` },
    { AzureWebJobsStorage__accountName: 'keeper' },
    {
      AzureWebJobsStorage__blobServiceUri: 'https://KEEPER.blob.core.windows.net/',
      AzureWebJobsStorage__queueServiceUri: 'https://keeper.queue.core.windows.net',
    },
  ];

  const urls = environments.map((environment) => toBlobServiceUrl(readStorage(environment, 'Public')));

  expect(new Set(urls)).toEqual(new Set(['https://keeper.blob.core.windows.net/']));
});
