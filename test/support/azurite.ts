/** Azurite for a test file: `const azurite = useAzurite();`, then an untouched account per test. */
import { beforeAll } from '@jest/globals';
import { accountsUrlVariable } from './shareAzurite.ts';

export interface TestAzurite {
  /** Of an account that nothing was written to yet, another at each call. */
  freshConnectionString(): string;
}

/** `accountCount`: as many tests of the file can have an account of their own. */
export function useAzurite(accountCount = 100): TestAzurite {
  let unused: string[] | undefined;
  beforeAll(async () => {
    const response = await fetch(`${process.env[accountsUrlVariable]}/?count=${accountCount}`);
    if (!response.ok) throw new Error(await response.text());
    unused = (await response.json()) as string[];
  });
  return {
    freshConnectionString() {
      if (!unused) throw new Error('there are accounts inside of tests and hooks only');
      const connectionString = unused.shift();
      if (!connectionString) throw new Error(`the test file has used all of its ${accountCount} accounts`);
      return connectionString;
    },
  };
}
