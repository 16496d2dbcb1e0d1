/** A whole run with secrets planted in every setting that can hold one: nothing that leaves the app contains any. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { BlobServiceClient } from '@azure/storage-blob';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startAzurite, type Azurite } from '../../dev/azurite.ts';
import { startHostProcess, type HostProcess } from '../../dev/host/hostProcess.ts';
import { startSimulator, type Simulator } from '../../dev/simulator/simulator.ts';
import { nsgId } from '../adapters/arm/targets.ts';
import { builtApp } from '../support/builtApp.ts';
import { startIngestion, type Ingestion } from '../support/ingestion.ts';

const root = path.resolve(import.meta.dirname, '../..');

// In the shape of real secrets, made for the test.
const secrets = {
  storageKey: Buffer.from('storage-key-of-the-test-'.repeat(3).slice(0, 64)).toString('base64'),
  functionKey: 'function-key-of-the-test-0123456789',
  masterKey: 'master-key-of-the-test-0123456789',
  sourceSignature: 'c2lnbmF0dXJlT2ZUaGVTb3VyY2U',
  webhookPath: 'T0TESTTEST-B0TESTTEST',
  notificationSecret: 'whsec_c2VjcmV0IG9mIHRoZSB0ZXN0',
};

const document = {
  changeNumber: 7,
  cloud: 'Public',
  values: [
    {
      name: 'AzureContainerRegistry',
      id: 'AzureContainerRegistry',
      properties: {
        changeNumber: 3,
        region: '',
        regionId: 0,
        platform: 'Azure',
        systemService: 'AzureContainerRegistry',
        addressPrefixes: ['20.42.66.0/23', '2603:1030:20e:3::480/122'],
        networkFeatures: ['API', 'NSG'],
      },
    },
  ],
};

describe('everything that a run emits', () => {
  let folder: string;
  let azurite: Azurite | undefined;
  let simulator: Simulator | undefined;
  let outside: Server;
  let ingestion: Ingestion | undefined;
  let host: HostProcess | undefined;
  let url: string;
  const emitted: string[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'secrets-test-'));
    writeFileSync(path.join(folder, 'ServiceTags_Public_20250303.json'), JSON.stringify(document));
    azurite = await startAzurite({ accounts: [{ name: 'testaccount', key: secrets.storageKey }] });
    simulator = await startSimulator();
    simulator.putNsg({ id: nsgId });
    outside = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        if (request.method === 'POST') emitted.push(Buffer.concat(chunks).toString());
        response.writeHead(403).end('refused');
      });
    });
    await new Promise<void>((resolve) => outside.listen(0, '127.0.0.1', resolve));
    ingestion = await startIngestion();
    const origin = `http://127.0.0.1:${(outside.address() as AddressInfo).port}`;
    host = await startHostProcess({
      root: await builtApp(),
      logLevel: 'trace',
      keys: { function: secrets.functionKey, master: secrets.masterKey },
      onLog: (entry) => emitted.push(JSON.stringify(entry)),
      settings: {
        NODE_OPTIONS: `--import=${pathToFileURL(path.join(root, 'test/support/plainHttps.ts')).href}`,
        APPLICATIONINSIGHTS_CONNECTION_STRING: ingestion.connectionString,
        APPLICATION_INSIGHTS_NO_STATSBEAT: 'true',
        AzureWebJobsStorage: azurite.connectionString,
        ARM_ENDPOINT: simulator.url,
        SERVICE_TAGS_SOURCES: `file:${folder},${origin.replace('http:', 'https:')}/tags.json?sig=${secrets.sourceSignature}`,
        NOTIFICATION_WEBHOOKS: `${origin}/services/${secrets.webhookPath}`,
        NOTIFICATION_SECRET: secrets.notificationSecret,
        TARGETS: JSON.stringify({
          targets: [
            {
              name: 'hooks',
              kind: 'nsgRule',
              scenario: 'webhooks',
              resourceId: nsgId,
              regions: 'all',
              rule: { name: 'AllowAcrWebhooks', priority: 300, ipv6Priority: 301 },
              policy: 'sync',
            },
            {
              name: 'missing',
              kind: 'nsgRule',
              scenario: 'webhooks',
              resourceId: nsgId.replace('nsg-hooks', 'nsg-missing'),
              regions: 'all',
              rule: { name: 'AllowAcrWebhooks', priority: 300, ipv6Priority: 301 },
              policy: 'sync',
            },
          ],
        }),
      },
    });
    url = host.url;
  });

  afterAll(async () => {
    await host?.stop();
    outside.closeAllConnections();
    outside.close();
    await ingestion?.stop();
    await simulator?.stop();
    await azurite?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function ask(route: string): Promise<string> {
    const response = await fetch(`${url}/api/${route}`, { headers: { 'x-functions-key': secrets.functionKey } });
    const text = await response.text();
    emitted.push(JSON.stringify([...response.headers]), text);
    return text;
  }

  async function readStorage(): Promise<void> {
    if (!azurite) return;
    const blobs = BlobServiceClient.fromConnectionString(azurite.connectionString);
    for await (const container of blobs.listContainers()) {
      const client = blobs.getContainerClient(container.name);
      for await (const blob of client.listBlobsFlat()) {
        const content = await client.getBlobClient(blob.name).downloadToBuffer();
        emitted.push((blob.name.endsWith('.gz') ? gunzipSync(content) : content).toString());
      }
    }
  }

  test('holds no key, token, signature or webhook path', async () => {
    await host?.runNow('pullServiceTags');
    await host?.runNow('updateTarget', JSON.stringify({ target: 'hooks', reason: 'test' }));
    await host?.runNow('updateTarget', JSON.stringify({ target: 'missing', reason: 'test' }));
    // The queue may be updating the same target: then it is its run that says that the target is blocked.
    while (!emitted.join('\n').includes('target.blocked')) await setTimeout(50);
    await host?.runNow('reportFailedUpdate', JSON.stringify({ target: 'hooks', reason: 'test' }));
    for (const route of ['health', 'targets', 'targets/hooks', 'runs', 'snapshots', 'prefixes', 'nonsense'])
      await ask(route);
    await readStorage();

    const telemetry = ingestion?.received.join('\n') ?? '';
    const all = [...emitted, telemetry].join('\n');
    // The run did its work, failed where it should, and said so.
    expect(simulator?.nsg(nsgId)).toMatchObject({
      properties: { securityRules: expect.arrayContaining([expect.objectContaining({ name: 'AllowAcrWebhooks' })]) },
    });
    expect(all).toContain('notification was not delivered');
    expect(all).toContain('acr-address-keeper.target.blocked');
    expect(all).toContain('"contentHash"');
    for (const name of ['pullServiceTags', 'updateTarget', 'acr_address_keeper.prefixes.added']) {
      expect(telemetry).toContain(`"name":"${name}"`);
    }
    for (const [name, secret] of Object.entries(secrets)) {
      expect({ name, isEmitted: all.includes(secret) }).toEqual({ name, isEmitted: false });
    }
    expect(all).not.toMatch(/AccountKey=(?!\*)/);
  });
});
