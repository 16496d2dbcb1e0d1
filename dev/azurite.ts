/** Runs Azurite (blob and queue storage on loopback, in memory) as a child process that ends with its parent. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';

export interface StorageAccount {
  readonly name: string;
  /** Base64. */
  readonly key: string;
}

export interface AzuriteOptions {
  /** `connectionString` is for the first one. Default: the emulator's well-known account. */
  readonly accounts?: readonly StorageAccount[];
  /** Default: free ports. `UseDevelopmentStorage=true` means 10000 and 10001. */
  readonly ports?: { readonly blob: number; readonly queue: number };
}

export interface Azurite {
  readonly connectionString: string;
  /** Base URLs with the account's name in the path. */
  readonly blobUrl: string;
  readonly queueUrl: string;
  readonly pid: number;
  connectionStringOf(account: StorageAccount): string;
  stop(): Promise<void>;
}

/** Not a secret: every emulator has this account and key. */
const emulatorAccount: StorageAccount = {
  name: 'devstoreaccount1',
  key: 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==',
};

const startTimeoutInMs = 60_000;

/**
 * Runs inside the child before Azurite.
 *
 * 1. Replaces sequelize by an empty class. package.json overrides this large dependency, because nothing here needs it;
 *    Azurite's SQL store only extends the class when it is loaded, and is never created.
 * 2. Replaces what deletes unused data. That would run every ten minutes, and take so long that clients give up.
 * 3. Ends the child when its stdin closes, which happens however the parent ends.
 */
const preload = `data:text/javascript,${encodeURIComponent(
  `import Module from 'node:module';
   const clearsNothing = class { start() {} close() {} };
   const replaced = {
     sequelize: { Model: class {} },
     './gc/BlobGCManager': clearsNothing,
     './gc/QueueGCManager': clearsNothing,
   };
   const load = Module._load;
   Module._load = (name, ...rest) => replaced[name] ?? load(name, ...rest);
   process.stdin.resume().on('error', () => {}).on('close', () => {
     process.kill(process.pid, 'SIGTERM');
     setTimeout(() => process.exit(), 2000).unref();
   });`,
)}`;

export async function startAzurite(options: AzuriteOptions = {}): Promise<Azurite> {
  const accounts = options.accounts ?? [emulatorAccount];
  const child = spawnAzurite(options, accounts);
  const ports = await readPorts(child).catch(async (error: unknown) => {
    await stop(child);
    throw error;
  });
  unref(child);
  const connectionStringOf = (account: StorageAccount) => toConnectionString(account, ports);
  const first = accounts[0] ?? emulatorAccount;
  return {
    connectionString: connectionStringOf(first),
    blobUrl: `http://127.0.0.1:${ports.blob}/${first.name}`,
    queueUrl: `http://127.0.0.1:${ports.queue}/${first.name}`,
    pid: child.pid ?? 0,
    connectionStringOf,
    stop: () => stop(child),
  };
}

function spawnAzurite(options: AzuriteOptions, accounts: readonly StorageAccount[]): ChildProcess {
  const script = createRequire(import.meta.url).resolve('azurite/dist/src/azurite.js');
  return spawn(
    process.execPath,
    [
      ...['--import', preload, script, '--silent', '--skipApiVersionCheck', '--disableTelemetry'],
      ...['--blobPort', String(options.ports?.blob ?? 0), '--queuePort', String(options.ports?.queue ?? 0)],
      ...['--tablePort', '0'],
      '--inMemoryPersistence',
    ],
    {
      // Azurite requires a working directory that it can write to.
      cwd: tmpdir(),
      env: {
        ...process.env,
        NODE_OPTIONS: undefined,
        AZURITE_ACCOUNTS: accounts.map(({ name, key }) => `${name}:${key}`).join(';'),
      },
      stdio: ['pipe', 'pipe', 'pipe'],
    },
  );
}

interface Ports {
  readonly blob: number;
  readonly queue: number;
}

/** Azurite prints each service's address once it listens. */
function readPorts(child: ChildProcess): Promise<Ports> {
  return new Promise((resolve, reject) => {
    let output = '';
    const fail = (what: string) => reject(new Error(`Azurite ${what}: ${output.trim()}`));
    const timer = setTimeout(() => fail(`did not start within ${startTimeoutInMs / 1000} s`), startTimeoutInMs);
    const onData = (chunk: Buffer) => {
      output += chunk.toString();
      const blob = portOf('Blob', output);
      const queue = portOf('Queue', output);
      if (blob === undefined || queue === undefined) return;
      clearTimeout(timer);
      child.stdout?.off('data', onData).resume();
      child.stderr?.off('data', onData).resume();
      resolve({ blob, queue });
    };
    child.stdout?.on('data', onData);
    child.stderr?.on('data', onData);
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.once('exit', (code) => {
      clearTimeout(timer);
      fail(`ended with code ${code ?? 'unknown'}`);
    });
  });
}

function portOf(service: string, output: string): number | undefined {
  const match = new RegExp(`${service} service is successfully listening at http://127\\.0\\.0\\.1:(\\d+)\\s`).exec(
    output,
  );
  return match ? Number(match[1]) : undefined;
}

/** For clients of an Azurite on this machine. */
export function toConnectionString(account: StorageAccount, ports: Ports): string {
  return [
    'DefaultEndpointsProtocol=http',
    `AccountName=${account.name}`,
    `AccountKey=${account.key}`,
    `BlobEndpoint=http://127.0.0.1:${ports.blob}/${account.name}`,
    `QueueEndpoint=http://127.0.0.1:${ports.queue}/${account.name}`,
    '',
  ].join(';');
}

/** Lets the parent end although Azurite still runs. Azurite then ends too. */
function unref(child: ChildProcess): void {
  child.unref();
  for (const stream of child.stdio) if (stream instanceof Socket) stream.unref();
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.ref();
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}
