/**
 * Azurite's blob service in the thread of the tests, for worlds that are opened by the hundred. They call it without a
 * connection, where much of the time of a small request goes. It listens as well: for other processes, and for clients
 * that a test makes by itself.
 */
import { createRequire } from 'node:module';
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Readable } from 'node:stream';
import type { IHttpClient } from '@azure/storage-blob';
import { afterAll, beforeAll } from '@jest/globals';
import inject, { type InjectOptions } from 'light-my-request';
import { toConnectionString } from '../../dev/azurite.ts';
import type { StorageClientOptions } from '../../src/adapters/storageClients.ts';

export interface Blobs {
  /** Of an account that nothing was written to yet, another at each call. */
  freshConnectionString(): string;
  /** Options with which clients of an account of this service call it directly. */
  directly(connectionString: string): StorageClientOptions;
}

interface BlobServer {
  readonly httpServer: Server;
  gcManager: unknown;
  start(): Promise<void>;
  close(): Promise<void>;
}

interface Started {
  readonly origin: string;
  readonly httpClient: IHttpClient;
  /** Connection strings. */
  readonly unused: string[];
  close(): Promise<void>;
}

const accountCount = 3_000;
const require = createRequire(import.meta.url);
keepTemplates();

/** Each test file has a service of its own: Azurite gets slower with all that it keeps. */
export function useBlobs(): Blobs {
  let blobs: Started | undefined;
  beforeAll(async () => {
    blobs = await start();
  });
  afterAll(() => blobs?.close());
  return {
    freshConnectionString() {
      const unused = blobs?.unused.shift();
      if (unused === undefined) throw new Error(`there are ${accountCount} accounts, inside of tests and hooks only`);
      return unused;
    },
    directly(connectionString) {
      return blobs && connectionString.includes(blobs.origin) ? { httpClient: blobs.httpClient } : {};
    },
  };
}

async function start(): Promise<Started> {
  const key = Buffer.from('key').toString('base64');
  const names = Array.from({ length: accountCount }, (_, index) => `test${index}`);
  process.env.AZURITE_ACCOUNTS = names.map((name) => `${name}:${key}`).join(';');
  const { default: Configuration } = require('azurite/dist/src/blob/BlobConfiguration') as {
    default: new (host: string, port: number) => Record<string, unknown>;
  };
  const { default: Server } = require('azurite/dist/src/blob/BlobServer') as {
    default: new (configuration: object) => BlobServer;
  };
  const configuration = new Configuration('127.0.0.1', 0);
  const server = new Server(
    Object.assign(configuration, { enableAccessLog: false, isMemoryPersistence: true, skipApiVersionCheck: true }),
  );
  // It would delete what nothing refers to any more, and take the thread for it.
  server.gcManager = undefined;
  await server.start();
  // Neither keeps the process.
  server.httpServer.unref().on('connection', (socket: Socket) => socket.unref());
  const { port } = server.httpServer.address() as AddressInfo;
  const [listener] = server.httpServer.listeners('request') as RequestListener[];
  if (!listener) throw new Error('Azurite answers no requests');
  // Worlds have a queue of their own, so that nothing answers for queues.
  const unused = names.map((name) => toConnectionString({ name, key }, { blob: port, queue: port }));
  return {
    origin: `http://127.0.0.1:${port}`,
    httpClient: callDirectly(listener),
    unused,
    close: () => server.close(),
  };
}

/** Before Azurite is loaded, which compiles the address templates of all its operations for each request. */
function keepTemplates(): void {
  const compile = require('uri-templates') as (template: string) => object;
  const library = require.cache[require.resolve('uri-templates')];
  const compiled = new Map<string, object>();
  if (library)
    library.exports = (template: string) => {
      const known = compiled.get(template) ?? compile(template);
      compiled.set(template, known);
      return known;
    };
}

function callDirectly(listener: RequestListener): IHttpClient {
  const handle: RequestListener = (request, response) => {
    // Express puts prototypes of its own in the place of the library's.
    for (const name of ['destroy', 'write', 'writeHead', 'end'] as const)
      for (const own of [request, response])
        if (name in own) Object.defineProperty(own, name, { value: Reflect.get(own, name) });
    listener(request, response);
  };
  return {
    async sendRequest(request) {
      const { host, pathname, search } = new URL(request.url);
      const body: unknown = typeof request.body === 'function' ? (request.body as () => unknown)() : request.body;
      const answer = await inject(handle, {
        method: request.method as NonNullable<InjectOptions['method']>,
        url: pathname + search,
        headers: { ...request.headers.toJson(), host },
        ...(body !== undefined && body !== null && { payload: body as Buffer }),
      });
      const headers = request.headers.clone();
      for (const name of headers.headerNames()) headers.remove(name);
      for (const [name, value] of Object.entries(answer.headers))
        if (value !== undefined) headers.set(name, String(value));
      const streamed = request.streamResponseStatusCodes?.has(answer.statusCode) ?? false;
      const content = streamed
        ? { readableStreamBody: Readable.from([answer.rawPayload]) }
        : { bodyAsText: answer.payload };
      return { request, status: answer.statusCode, headers, ...content };
    },
  };
}
