/**
 * One Azurite for all test files of a run: jest calls this once, the first file that asks starts it, and it ends with the
 * run. Starting one takes longer than most files do.
 */
import { createServer } from 'node:http';
import { once as nextEvent } from 'node:events';
import type { AddressInfo } from 'node:net';
import { startAzurite, type StorageAccount } from '../../dev/azurite.ts';
import { once } from '../../src/core/once.ts';

/** Azurite is told of them in one environment variable, which has room for about ten thousand. */
const accountCount = 9_000;

/** Where `useAzurite` asks for accounts. */
export const accountsUrlVariable = 'TEST_STORAGE_ACCOUNTS_URL';

/** Answers `/?count=10` with the connection strings of accounts that nothing was written to yet. */
export default async function shareAzurite(): Promise<void> {
  const start = once(startAccounts);
  const server = createServer((request, response) => {
    const count = Number(new URL(request.url ?? '/', 'http://localhost').searchParams.get('count'));
    start().then(
      (unused) => response.end(JSON.stringify(unused.splice(0, count))),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  server.listen(0, '127.0.0.1').unref();
  await nextEvent(server, 'listening');
  process.env[accountsUrlVariable] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function startAccounts(): Promise<string[]> {
  const accounts = Array.from({ length: accountCount }, (_, index) => toAccount(index));
  const azurite = await startAzurite({ inMemory: true, accounts });
  return accounts.map((account) => azurite.connectionStringOf(account));
}

function toAccount(index: number): StorageAccount {
  return { name: `test${index}`, key: Buffer.from('key').toString('base64') };
}
