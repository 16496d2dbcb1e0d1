/** Calls of the SDKs in the thread of the simulator, without a connection. */
import { createHttpHeaders, RestError, type HttpClient, type PipelineRequest } from '@azure/core-rest-pipeline';
import type { IncomingCall } from './gateway.ts';
import type { HttpFront } from './httpServer.ts';

/** Fails like a client with a connection if the connection is dropped, and if the caller gives up. Has no time limit. */
export function callDirectly(front: HttpFront): HttpClient {
  return {
    async sendRequest(request) {
      const answer = await unlessAborted(request, () => front.handle(toCall(request)));
      if (!answer) throw new RestError('socket hang up', { code: 'ECONNRESET', request });
      return {
        request,
        status: answer.status,
        headers: createHttpHeaders(answer.headers),
        bodyAsText: answer.text,
      };
    },
  };
}

/** With the headers that a connection would add. */
function toCall(request: PipelineRequest): IncomingCall {
  const { host, pathname, searchParams } = new URL(request.url);
  const body = (request.body ?? '') as string;
  const length = body === '' ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  const headers = { ...request.headers.toJSON(), ...length, host, connection: 'keep-alive' };
  return { method: request.method, path: pathname, query: searchParams, headers, body };
}

/** The simulator carries out what it was asked for, even if nobody waits for the answer any more. */
function unlessAborted<T>({ abortSignal }: PipelineRequest, work: () => Promise<T>): Promise<T> {
  if (!abortSignal) return work();
  return new Promise((resolve, reject) => {
    const abort = () => reject(Object.assign(new Error('The operation was aborted.'), { name: 'AbortError' }));
    if (abortSignal.aborted) return abort();
    abortSignal.addEventListener('abort', abort);
    const done = () => abortSignal.removeEventListener('abort', abort);
    work().finally(done).then(resolve, reject);
  });
}
