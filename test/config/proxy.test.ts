/** Proxy variables count for every call that goes out, or for none: the SDKs and `fetch` side by side, in a process of their own. */
import { spawn } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { settleProxies } from '../../src/config/proxy.ts';

describe('what is done with the variables', () => {
  test.each(['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'ALL_PROXY'])(
    '%s is taken away if Node does not use it',
    (name) => {
      const env: Record<string, string | undefined> = { [name]: 'http://proxy:3128', NO_PROXY: 'example.com' };

      const note = settleProxies(env, false);

      expect(env).toEqual({ NO_PROXY: 'example.com' });
      expect(note).toContain(`${name} is not used, for no call`);
      expect(note).toContain('NODE_USE_ENV_PROXY=1');
    },
  );

  test('is left if Node uses it, and the identity endpoint of the machine is asked directly', () => {
    const env: Record<string, string | undefined> = {
      HTTPS_PROXY: 'http://proxy:3128',
      NO_PROXY: 'example.com',
      IDENTITY_ENDPOINT: 'http://169.254.255.2:8081/msi/token',
    };

    expect(settleProxies(env, true)).toBeUndefined();
    expect(env.HTTPS_PROXY).toBe('http://proxy:3128');
    expect(env.NO_PROXY?.split(',')).toEqual(expect.arrayContaining(['example.com', '127.0.0.1', '169.254.255.2']));
  });

  test('ALL_PROXY is not known to Node', () => {
    const env: Record<string, string | undefined> = { ALL_PROXY: 'http://proxy:3128' };

    expect(settleProxies(env, true)).toContain('set HTTPS_PROXY in its place');
    expect(env.ALL_PROXY).toBeUndefined();
  });

  test('without any nothing is said or set', () => {
    const env = { NO_PROXY: 'example.com', HTTPS_PROXY: ' ' };

    expect(settleProxies(env, false)).toBeUndefined();
    expect(env).toEqual({ NO_PROXY: 'example.com', HTTPS_PROXY: ' ' });
  });
});

describe('through a proxy that notes who comes', () => {
  let proxy: Server;
  let seen: string[] = [];
  let url: string;

  beforeAll(async () => {
    proxy = createServer();
    proxy.on('connect', (request, socket) => {
      seen.push(request.url ?? '');
      socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  });
  afterAll(() => new Promise((resolve) => proxy.close(resolve)));

  /** One call of each kind: ARM, blobs, fetch. None of the hosts exists. */
  const script = `
    const root = ${JSON.stringify(fileURLToPath(new URL('../..', import.meta.url)))};
    const { settleProxies } = await import(root + 'src/config/proxy.ts');
    settleProxies(process.env);
    const { buildArmClients } = await import(root + 'src/adapters/arm/client.ts');
    const { createStorageClients } = await import(root + 'src/adapters/storageClients.ts');
    const token = { getToken: async () => ({ token: 't', expiresOnTimestamp: Date.now() + 3600000 }) };
    const arm = buildArmClients({ cloud: 'Public', armEndpoint: 'https://arm.invalid', armIsLoopback: false }, { buildCredential: async () => token });
    const storage = createStorageClients(
      { kind: 'connectionString', connectionString: 'BlobEndpoint=https://blob.invalid;QueueEndpoint=https://queue.invalid;SharedAccessSignature=sig=a' },
      { retry: { maxTries: 1 } },
    );
    const ignore = () => undefined;
    await (await arm.networkClient('s')).networkSecurityGroups.get('g', 'n').catch(ignore);
    await (await storage.blobs()).getContainerClient('c').exists().catch(ignore);
    await fetch('https://fetch.invalid').catch(ignore);
  `;

  async function hostsSeen(env: NodeJS.ProcessEnv): Promise<string[]> {
    seen = [];
    const child = spawn(process.execPath, ['--input-type=module', '--no-warnings', '--eval', script], {
      env: { PATH: process.env.PATH, ...env },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    await new Promise((resolve) => child.on('exit', resolve));
    return [...new Set(seen.map((host) => host.replace(/:443$/, '')))].sort();
  }

  test('none without NODE_USE_ENV_PROXY', async () => {
    expect(await hostsSeen({ HTTPS_PROXY: url })).toEqual([]);
  });

  test('every one with it', async () => {
    expect(await hostsSeen({ HTTPS_PROXY: url, NODE_USE_ENV_PROXY: '1' })).toEqual([
      'arm.invalid',
      'blob.invalid',
      'fetch.invalid',
    ]);
  });
});
