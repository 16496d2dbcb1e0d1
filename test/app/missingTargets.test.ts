/** The app as it is put together, while its targets file is not there. */
import { join } from 'node:path';
import { BlobServiceClient } from '@azure/storage-blob';
import { afterEach, expect, test } from '@jest/globals';
import { startSimulator, type Simulator } from '../../dev/simulator/simulator.ts';
import { createVirtualClock } from '../../dev/virtualTime.ts';
import { buildApp, type App } from '../../src/app/composition.ts';
import { pullServiceTags } from '../../src/app/pullServiceTags.ts';
import { reconcileTargets } from '../../src/app/reconcileTargets.ts';
import { updateTarget } from '../../src/app/updateTarget.ts';
import { loadConfig } from '../../src/config.ts';
import { nsgId } from '../adapters/arm/targets.ts';
import { useAzurite } from '../support/azurite.ts';

const azurite = useAzurite();
const releases = join(import.meta.dirname, '../../dev/sample/releases');
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
const problem =
  'there is no targets file: no target is managed, and rules stay as they are (TARGETS={} says that none is wanted)';

let simulator: Simulator | undefined;
afterEach(async () => {
  await simulator?.stop();
  simulator = undefined;
});

async function build(settings: Readonly<Record<string, string>>): Promise<App> {
  simulator = await startSimulator();
  simulator.putNsg({ id: nsgId });
  const env = {
    AzureWebJobsStorage: azurite.freshConnectionString(),
    ARM_ENDPOINT: simulator.url,
    SERVICE_TAGS_SOURCES: `file:${releases}`,
    ...settings,
  };
  return buildApp(loadConfig(env), silent, createVirtualClock(new Date('2026-09-07T12:00:00Z')));
}

async function pull({ services }: App): Promise<void> {
  expect(await pullServiceTags(services, { reason: 'timer' })).not.toBe('busy');
}

test.each<Record<string, string>>([{ TARGETS: 'none.json' }, { TARGETS: 'blob:targets/none.json' }])(
  '%j: the app pulls and answers queries, and health says what is missing',
  async (settings) => {
    const app = await build(settings);

    await pull(app);

    expect(await app.queries.health()).toMatchObject({
      status: 'degraded',
      targets: { total: 0, inSync: 0, held: 0, failed: 0 },
      problems: [problem],
    });
    expect((await app.queries.current.get()).snapshot.date).toBe('2026-09-07');
  },
);

test.each<Record<string, string>>([{}, { TARGETS: 'targets.json' }, { TARGETS: '{}' }])(
  '%j: no targets on purpose',
  async (settings) => {
    const app = await build(settings);

    await pull(app);

    expect(await app.queries.health()).toMatchObject({ status: 'healthy', problems: [] });
  },
);

test('a targets file that goes away leaves the rules as they are, and takes them up again when it is back', async () => {
  const storage = azurite.freshConnectionString();
  const container = BlobServiceClient.fromConnectionString(storage).getContainerClient('configuration');
  await container.create();
  const blob = container.getBlockBlobClient('targets.json');
  const hooks = {
    name: 'hooks',
    kind: 'nsgRule',
    scenario: 'webhooks',
    resourceId: nsgId,
    regions: 'all',
    rule: { name: 'AllowAcr', priority: 300 },
    widestPrefix: { ipv4: 8, ipv6: 32 },
    maxAddedAddresses: 10_000_000,
    policy: 'sync',
  };
  const content = JSON.stringify({ targets: [hooks] });
  await blob.upload(content, content.length);
  const app = await build({ AzureWebJobsStorage: storage, TARGETS: 'blob:configuration/targets.json' });
  await pull(app);
  const message = { target: 'hooks', reason: 'reconcile' };
  expect(await updateTarget(app.services, message)).toMatchObject({ outcome: 'applied' });
  const rules = simulator?.nsg(nsgId)?.properties.securityRules;

  await blob.delete();

  const requests = simulator?.requests.length;
  expect(await reconcileTargets(app.services)).toEqual([]);
  expect(await updateTarget(app.services, message)).toBe('unknown');
  expect(await app.queries.health()).toMatchObject({ status: 'degraded', problems: [problem] });
  expect(simulator?.requests.length).toBe(requests);
  expect(simulator?.nsg(nsgId)?.properties.securityRules).toEqual(rules);

  await blob.upload(content, content.length);

  expect(await updateTarget(app.services, message)).toMatchObject({ outcome: 'unchanged' });
});
