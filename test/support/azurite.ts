/** Azurite for a test file: `const azurite = useAzurite();`, then an untouched account per test. */
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
const enoughAccounts = 500;

/** The test files of a worker share an Azurite in memory: one takes long to start, and again as long until it is warm. */
let shared: SharedAzurite | undefined;

/** The Azurite ends with this process. */
export function useAzurite(): TestAzurite {
  beforeAll(async () => {
    shared ??= await startShared();
  });
  afterAll(() => {
    if (shared && accounts.length - shared.unused.length >= enoughAccounts) stopShared(shared);
  });

  return {
    freshConnectionString() {
      if (!shared) throw new Error('there are accounts inside of tests and hooks only');
      const connectionString = shared.unused.shift();
      if (!connectionString) throw new Error(`the test file has used all of the ${accounts.length} accounts`);
      return connectionString;
    },
  };
}

async function startShared(): Promise<SharedAzurite> {
  const server = await startAzurite({ inMemory: true, accounts });
  return { pid: server.pid, unused: accounts.map((account) => server.connectionStringOf(account)) };
}

function stopShared({ pid }: SharedAzurite): void {
  shared = undefined;
  process.kill(pid, 'SIGKILL');
}

function toAccount(index: number): StorageAccount {
  return { name: `test${index}`, key: Buffer.from('key').toString('base64') };
}
