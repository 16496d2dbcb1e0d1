/** HTTP streaming (`app.setup({ enableHttpStream: true })`): bodies bypass the invocation and flow through a proxy. */
import { request as sendRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { RpcTypedData } from './coreTypes.ts';
import { BodyTooLargeError, toHeaders, toQuery } from './httpMessages.ts';

export interface StreamedRequest {
  readonly httpUri: string;
  readonly invocationId: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  readonly maxBodyBytes: number;
  /** Ends the exchange where the function failed and so will never answer. */
  readonly signal: AbortSignal;
}

/** Sends the request to the library's own server and its answer to the client. */
export async function proxyRequest(streamed: StreamedRequest): Promise<void> {
  const { request, response, url } = streamed;
  const outgoing = sendRequest(new URL(url.pathname + url.search, streamed.httpUri), {
    method: request.method,
    signal: streamed.signal,
    headers: {
      ...toHeaders(request),
      'x-forwarded-host': url.host,
      'x-forwarded-proto': url.protocol.slice(0, -1),
      'x-ms-invocation-id': streamed.invocationId,
    },
  });
  const answered = new Promise<IncomingMessage>((resolve, reject) =>
    outgoing.on('response', resolve).on('error', reject),
  );
  const [, answer] = await Promise.all([pipeline(request, limitBytes(streamed.maxBodyBytes), outgoing), answered]);
  const { 'x-ms-invocation-id': _, ...headers } = answer.headers;
  response.writeHead(answer.statusCode ?? 500, headers);
  await pipeline(answer, response);
}

/** Parameters, headers and query travel beside the body. */
export function toStreamMetadata(
  request: IncomingMessage,
  url: URL,
  params: Readonly<Record<string, string>>,
): Record<string, RpcTypedData> {
  return {
    ...Object.fromEntries(Object.entries(params).map(([name, value]) => [name, { string: value }])),
    Headers: { json: JSON.stringify(toHeaders(request)) },
    Query: { json: JSON.stringify(toQuery(url)) },
  };
}

function limitBytes(maxBytes: number): Transform {
  let length = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      length += chunk.length;
      if (length > maxBytes) done(new BodyTooLargeError());
      else done(null, chunk);
    },
  });
}
