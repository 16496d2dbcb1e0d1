import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { BlobServiceClient, type BlockBlobClient } from '@azure/storage-blob';
import { BlobContainer } from '../../src/adapters/blob/container.ts';
import { createStorageClients } from '../../src/adapters/storageClients.ts';
import { createTargetsSource, type TargetsFileSource } from '../../src/adapters/targetsSource.ts';
import { useBlobs } from '../support/blobsInThread.ts';
import { startStorageFaultProxy, type SeenRequest, type StorageFaultProxy } from '../support/faultProxy.ts';

const registry =
  '/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg/providers/Microsoft.ContainerRegistry/registries/';

function fileOf(...names: readonly string[]): string {
  const targets = names.map((name) => ({
    name,
    kind: 'registryNetworkRules',
    resourceId: registry + name,
    regions: ['westeurope'],
  }));
  return `// who may call\n${JSON.stringify({ targets })}`;
}

async function namesOf(source: TargetsFileSource): Promise<string[]> {
  return (await source.read()).map(({ name }) => name);
}

const warnings: unknown[] = [];
const logger = { warn: (...line: readonly unknown[]) => void warnings.push(line) };
beforeEach(() => {
  warnings.length = 0;
});

const isExpected = true;
const noTargets = { targets: [], profiles: {} };
const isMissing = 'there is no such targets file: no target is managed, rules stay as they are';

describe('a file', () => {
  let appRoot: string;
  beforeEach(async () => {
    appRoot = await mkdtemp(join(tmpdir(), 'targets-'));
  });
  afterEach(() => rm(appRoot, { recursive: true }));

  test('is read from the root of the app, again whenever it has changed', async () => {
    const source = createTargetsSource({ kind: 'file', path: 'own.json' }, { appRoot, logger, isExpected });

    await writeFile(join(appRoot, 'own.json'), fileOf('one'));
    const first = await source.readFile();
    const again = await source.readFile();
    await writeFile(join(appRoot, 'own.json'), fileOf('one', 'two'));
    const changed = await source.readFile();

    expect(first.targets.map(({ name }) => name)).toEqual(['one']);
    expect(again).toBe(first);
    expect(changed.targets.map(({ name }) => name)).toEqual(['one', 'two']);
  });

  test('that is missing is no target, with a word in the log each time it goes', async () => {
    const source = createTargetsSource({ kind: 'file', path: 'own.json' }, { appRoot, logger, isExpected });

    expect([await source.isMissing(), await source.readFile(), await source.read()]).toEqual([true, noTargets, []]);
    expect(warnings).toEqual([[isMissing, { source: 'own.json' }]]);

    await writeFile(join(appRoot, 'own.json'), fileOf('one'));
    expect([await source.isMissing(), await namesOf(source)]).toEqual([false, ['one']]);

    await rm(join(appRoot, 'own.json'));
    expect([await source.isMissing(), await source.readFile()]).toEqual([true, noTargets]);
    expect(warnings).toHaveLength(2);
  });

  test('that is missing is not missed where none is expected, until it was there', async () => {
    const options = { appRoot, logger, isExpected: false };
    const source = createTargetsSource({ kind: 'file', path: 'own.json' }, options);

    expect([await source.isMissing(), await source.readFile(), warnings]).toEqual([false, noTargets, []]);
    await writeFile(join(appRoot, 'own.json'), fileOf('one'));
    expect(await namesOf(source)).toEqual(['one']);
    await rm(join(appRoot, 'own.json'));
    expect(await source.isMissing()).toBe(true);
  });

  test('in a folder that is none is missing too', async () => {
    await writeFile(join(appRoot, 'own.json'), fileOf('one'));
    const source = createTargetsSource(
      { kind: 'file', path: 'own.json/targets.json' },
      { appRoot, logger, isExpected },
    );

    expect(await source.isMissing()).toBe(true);
  });

  test('that is a folder is a wrong setting', async () => {
    const source = createTargetsSource({ kind: 'file', path: '.' }, { appRoot, logger, isExpected });

    await expect(source.read()).rejects.toThrow('TARGETS: holds ".", read as');
  });

  test('that is wrong is named', async () => {
    await writeFile(join(appRoot, 'own.json'), '{ "targets": [\n  { "name": }\n] }');
    const source = createTargetsSource({ kind: 'file', path: 'own.json' }, { appRoot, logger, isExpected });

    await expect(source.read()).rejects.toThrow('own.json: is not JSON: Unexpected token RBrace found. (2:13)');
  });
});

test('the setting itself', async () => {
  const json = fileOf('one').replace(/^.*\n/, '');

  expect(await namesOf(createTargetsSource({ kind: 'json', json }, { appRoot: '/', logger, isExpected }))).toEqual([
    'one',
  ]);
  await expect(
    createTargetsSource({ kind: 'json', json: '{' }, { appRoot: '/', logger, isExpected }).read(),
  ).rejects.toThrow('TARGETS: is not JSON');
});

describe('a blob', () => {
  const accounts = useBlobs();
  const setting = { kind: 'blob', container: 'configuration', name: 'a/targets.json' } as const;
  const isDownload = ({ method }: SeenRequest) => method === 'GET';
  let proxy: StorageFaultProxy;
  let blob: BlockBlobClient;
  let source: TargetsFileSource;
  let isSent: boolean[];

  beforeEach(async () => {
    const connectionString = accounts.freshConnectionString();
    proxy = await startStorageFaultProxy(connectionString);
    const container = BlobServiceClient.fromConnectionString(connectionString).getContainerClient(setting.container);
    await container.create();
    blob = container.getBlockBlobClient(setting.name);
    isSent = [];
    source = sourceOf(setting);
  });
  afterEach(() => proxy.stop());

  /** `isSent` gets whether each answer brought the content. */
  function sourceOf(blobSetting: { readonly kind: 'blob'; readonly container: string; readonly name: string }) {
    const { blobs } = createStorageClients({ kind: 'connectionString', connectionString: proxy.connectionString });
    return createTargetsSource(blobSetting, {
      appRoot: '/',
      logger,
      isExpected,
      readBlob: async (containerName, name, etag) => {
        const answer = await new BlobContainer(blobs, containerName).readUnless(name, etag);
        isSent.push(typeof answer === 'object');
        return answer;
      },
    });
  }

  test('is sent again only when its ETag has changed', async () => {
    await upload(fileOf('one'));
    const first = await namesOf(source);
    const second = await namesOf(source);
    await upload(fileOf('two'));
    const third = await namesOf(source);

    expect([first, second, third]).toEqual([['one'], ['one'], ['two']]);
    expect(isSent).toEqual([true, false, true]);
  });

  test('that became wrong is an error until it is put right', async () => {
    await upload(fileOf('one'));
    await source.read();
    await upload(fileOf('one', 'one'));

    const message = 'targets[1]: "one" claims the name one, which targets[0] ("one") has';
    await expect(source.read()).rejects.toThrow(message);
    await expect(source.read()).rejects.toThrow(message);
    await upload(fileOf('one', 'two'));
    expect(await namesOf(source)).toEqual(['one', 'two']);
  });

  test('that is missing is no target, before and after it was there', async () => {
    expect([await source.isMissing(), await source.readFile()]).toEqual([true, noTargets]);
    await upload(fileOf('one'));
    expect([await source.isMissing(), await namesOf(source)]).toEqual([false, ['one']]);
    await blob.delete();
    expect([await source.isMissing(), await source.readFile()]).toEqual([true, noTargets]);
    expect(warnings).toEqual([
      [isMissing, { source: 'blob:configuration/a/targets.json' }],
      [isMissing, { source: 'blob:configuration/a/targets.json' }],
    ]);
  });

  test('in a container that is missing is missing too', async () => {
    expect(await sourceOf({ ...setting, container: 'none' }).isMissing()).toBe(true);
  });

  test('whose body stops half way is read again', async () => {
    await upload(fileOf('one'));
    const struck = proxy.blob.fail({ when: 'after', how: 'cut', match: isDownload });

    expect(await namesOf(source)).toEqual(['one']);
    expect(struck()).toBe(1);
  });

  test('that cannot be read is an error: nobody knows what it holds', async () => {
    const how = { status: 403, code: 'AuthorizationPermissionMismatch' };
    proxy.blob.fail({ when: 'before', how, match: isDownload });

    await expect(source.read()).rejects.toMatchObject({
      name: 'StorageRefusedError',
      code: 'AuthorizationPermissionMismatch',
    });
  });

  async function upload(text: string): Promise<void> {
    await blob.upload(text, Buffer.byteLength(text));
  }
});
