/** What a handler gives to the library, which reads it as it reads any answer. */
import { expect, test } from '@jest/globals';
import functions, { type HttpHandler, type HttpResponse } from '@azure/functions';
import { httpHandler } from '../../../src/app/api/httpHandler.ts';
import { routes } from '../../../src/app/api/routes.ts';
import { makeWorld } from './fakes.ts';

const { HttpRequest, InvocationContext } = functions;

async function ask(handler: HttpHandler): Promise<HttpResponse> {
  const request = new HttpRequest({ method: 'GET', url: 'http://localhost:7071/api/prefixes' });
  return (await handler(request, new InvocationContext())) as HttpResponse;
}

test('the host may take the buffer of an answer: the next answer contains the same', async () => {
  const { app } = makeWorld();
  const handler = httpHandler('getPrefixes', routes.getPrefixes, () => app);
  const buffer = await (await ask(handler)).arrayBuffer();
  const first = new TextDecoder().decode(buffer);
  structuredClone(buffer, { transfer: [buffer] });

  const next = await ask(handler);

  expect(buffer.byteLength).toBe(0);
  expect(first).toMatch(/^\{"cloud":"Public",/);
  expect(new TextDecoder().decode(await next.arrayBuffer())).toBe(first);
  expect(next.status).toBe(200);
  expect(next.headers.get('content-type')).toBe('application/json; charset=utf-8');
});
