/** Azurite for a test file: `const azurite = useAzurite();`, then an untouched account per test. */
import { afterAll, beforeAll } from '@jest/globals';
import { startAzurite, type Azurite, type StorageAccount } from '../../dev/azurite.ts';

/** As many tests of one file can have an account of their own. */
const accountCount = 200;

export interface TestAzurite {
  /** Of an account that nothing was written to yet, another at each call. */
  freshConnectionString(): string;
  /** The running Azurite, for what needs its URLs. */
  readonly server: Azurite;
}

/** Starts one Azurite in memory for the test file and stops it behind the last test. */
export function useAzurite(): TestAzurite {
  const accounts = Array.from({ length: accountCount }, (_, index) => toAccount(index));
  let server: Azurite | undefined;
  let used = 0;

  beforeAll(async () => {
    server = await startAzurite({ inMemory: true, accounts });
  }, 90_000);
  afterAll(async () => server?.stop());

  const running = (): Azurite => {
    if (!server) throw new Error('Azurite runs inside of tests and hooks only');
    return server;
  };
  return {
    freshConnectionString() {
      const account = accounts[used];
      used += 1;
      if (!account) throw new Error(`a test file has ${accountCount} accounts, all are used`);
      return running().connectionStringOf(account);
    },
    get server() {
      return running();
    },
  };
}

function toAccount(index: number): StorageAccount {
  return { name: `testaccount${index}`, key: Buffer.from(`key of test account ${index}`).toString('base64') };
}
