/** Chooses the port of a local app. */
import { createServer } from 'node:net';

const preferredPort = 7071;

/**
 * Call it before anything starts. Throws if the wanted port is in use; without one, returns 7071 or 0 (any free port).
 */
export async function choosePort(wanted: number | undefined): Promise<number> {
  if (wanted === undefined) return (await isFree(preferredPort)) ? preferredPort : 0;
  if (await isFree(wanted)) return wanted;
  throw new Error(`--port: another program listens on ${wanted}. Choose another port, or leave --port out.`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
