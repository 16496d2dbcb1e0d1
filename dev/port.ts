/** The port that a local app is served on. */
import { createServer } from 'node:net';

const preferredPort = 7071;

/** Said before anything is started: a port that was asked for is not replaced by another. */
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
