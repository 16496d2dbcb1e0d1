/** Stands for the ingestion endpoint of Application Insights: takes what an exporter sends, and keeps it. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { createDefaultHttpClient, type PipelineRequest } from '@azure/core-rest-pipeline';

export interface Ingestion {
  readonly connectionString: string;
  /** Bodies of requests, unpacked. */
  readonly received: readonly string[];
  stop(): Promise<void>;
}

/** It speaks HTTP where its connection string says HTTPS: an exporter knows nothing else. */
export async function startIngestion(): Promise<Ingestion> {
  const received: string[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      received.push((request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body).toString());
      response.setHeader('content-type', 'application/json');
      response.end('{"itemsReceived":1,"itemsAccepted":1,"errors":[]}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    connectionString: `InstrumentationKey=00000000-0000-4000-8000-000000000000;IngestionEndpoint=https://${address}/`,
    received,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** For an exporter, which speaks HTTPS only: the loopback server does not. */
export function plainHttpClient() {
  const http = createDefaultHttpClient();
  return {
    allowInsecureConnection: true,
    httpClient: {
      sendRequest: (request: PipelineRequest) => {
        request.url = request.url.replace('https:', 'http:');
        return http.sendRequest(request);
      },
    },
  };
}
