/** Azurite for a test file: `const azurite = useAzurite();`, then an untouched account per test. */
import { afterAll, beforeAll } from '@jest/globals';
import { startAzurite, type Azurite, type StorageAccount } from '../../dev/azurite.ts';

export interface TestAzurite {
  /** Of an account that nothing was written to yet, another at each call. */
  freshConnectionString(): string;
}

/**
 * Starts one Azurite in memory for the test file and stops it after the last test. One per file, because Azurite becomes
 * slower with everything that it stores. `accountCount`: as many tests of the file can have an account of their own.
 */
export function useAzurite(accountCount = 100): TestAzurite {
  const accounts = Array.from({ length: accountCount }, (_, index) => toAccount(index));
  const unused = [...accounts];
  let server: Azurite | undefined;

  beforeAll(async () => {
    server = await startAzurite({ inMemory: true, accounts });
  });
  afterAll(async () => server?.stop());

  return {
    freshConnectionString() {
      if (!server) throw new Error('there are accounts inside of tests and hooks only');
      const account = unused.shift();
      if (!account) throw new Error(`the test file has used all of its ${accountCount} accounts`);
      return server.connectionStringOf(account);
    },
  };
}

function toAccount(index: number): StorageAccount {
  return { name: `test${index}`, key: Buffer.from('key').toString('base64') };
}
