/** Azurite for a test file: `const azurite = useAzurite();`, then an untouched account per test. */
import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads';
import { afterAll, beforeAll } from '@jest/globals';
import { startAzurite, type StorageAccount } from '../../dev/azurite.ts';

export interface TestAzurite {
  /** Of an account that nothing was written to yet, another at each call. */
  freshConnectionString(): string;
}

interface SharedAzurite {
  readonly pid: number;
  /** Connection strings. */
  readonly unused: string[];
}

const accounts = Array.from({ length: 1_000 }, (_, index) => toAccount(index));
/** An Azurite becomes slower with everything that it stores: the next test file starts another. */
const enoughAccounts = 150;

/**
 * The test files of one jest process share an Azurite in memory, because one takes long to start, and again as long until
 * its code is compiled. It ends with that process.
 */
export function useAzurite(): TestAzurite {
  let azurite: SharedAzurite | undefined;

  beforeAll(async () => {
    azurite = sharedAzurite() ?? (await startShared());
  });
  afterAll(() => {
    if (azurite && accounts.length - azurite.unused.length >= enoughAccounts) stopShared(azurite);
  });

  return {
    freshConnectionString() {
      if (!azurite) throw new Error('there are accounts inside of tests and hooks only');
      const connectionString = azurite.unused.shift();
      if (!connectionString) throw new Error(`the test file has used all of the ${accounts.length} accounts`);
      return connectionString;
    },
  };
}

/** Jest loads every module anew for each test file. This data is the process's. */
const key = 'shared Azurite';

function sharedAzurite(): SharedAzurite | undefined {
  return getEnvironmentData(key) as unknown as SharedAzurite | undefined;
}

async function startShared(): Promise<SharedAzurite> {
  const server = await startAzurite({ inMemory: true, accounts });
  const shared = { pid: server.pid, unused: accounts.map((account) => server.connectionStringOf(account)) };
  setEnvironmentData(key, shared);
  return shared;
}

function stopShared({ pid }: SharedAzurite): void {
  setEnvironmentData(key, undefined);
  process.kill(pid, 'SIGKILL');
}

function toAccount(index: number): StorageAccount {
  return { name: `test${index}`, key: Buffer.from('key').toString('base64') };
}
