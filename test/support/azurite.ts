/** Azurite for a test file: `const azurite = useAzurite();`, then an untouched account per test. */
import { beforeAll } from '@jest/globals';
import { startAzurite, type Azurite, type StorageAccount } from '../../dev/azurite.ts';

export interface TestAzurite {
  /** Of an account that nothing was written to yet, another at each call. */
  freshConnectionString(): string;
}

const accounts = Array.from({ length: 2_000 }, (_, index) => toAccount(index));

/** The test files of a worker share an Azurite in memory: one takes long to start, and again as long until it is warm. */
let shared: Promise<Azurite> | undefined;
const unused = [...accounts];

/** The Azurite ends with this process. */
export function useAzurite(): TestAzurite {
  let azurite: Azurite | undefined;
  beforeAll(async () => {
    azurite = await (shared ??= startAzurite({ accounts }));
  });
  return {
    freshConnectionString() {
      const account = unused.shift();
      if (!azurite || !account)
        throw new Error(`there are ${accounts.length} accounts, inside of tests and hooks only`);
      return azurite.connectionStringOf(account);
    },
  };
}

function toAccount(index: number): StorageAccount {
  return { name: `test${index}`, key: Buffer.from('key').toString('base64') };
}
