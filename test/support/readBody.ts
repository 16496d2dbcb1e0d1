import type { IncomingMessage } from 'node:http';

/** The whole body of a request that a server got, or of an answer that a client got. */
export async function readBody(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
