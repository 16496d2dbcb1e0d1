/** Serves the app after a replay, with the storage and the simulated Azure of the replay, in real time. */
import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';
import { readStorage, toBlobServiceUrl } from '../src/config/storage.ts';
import type { Cloud } from '../src/core/serviceTags/serviceTags.ts';
import { buildApp } from './build.ts';
import { buildCli } from './buildCli.ts';
import { startHostProcess } from './host/hostProcess.ts';
import { sampleSubscriptionId } from './sample/resources.ts';
import type { World } from './world.ts';

export interface ReplayServerOptions {
  readonly world: World;
  readonly cloud: Cloud;
  readonly connectionString: string;
  /** The targets file, as JSON. */
  readonly targets: unknown;
  /** Folder of the weekly files. */
  readonly folder: string;
  readonly port: number;
}

/**
 * Computes the owner id like the app does. With another id the app would not recognise the rules that the replay wrote.
 */
export function ownerIdOf(connectionString: string): string {
  const storage = readStorage({ AzureWebJobsStorage: connectionString }, 'Public');
  return createHash('sha256').update(toBlobServiceUrl(storage)).digest('hex').slice(0, 12);
}

/** Serves until Ctrl-C. */
export async function serveReplay(options: ReplayServerOptions): Promise<void> {
  const { world, cloud, connectionString, targets, folder, port } = options;
  const interrupted = new Promise<void>((done) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => done());
  });
  const root = resolve(import.meta.dirname, '..');
  await buildApp({ root, out: join(root, 'dist') });
  await buildCli({ root, out: join(root, 'dist/cli') });
  // The replay's clock stands at the date of the last file. From now on it follows real time.
  const ticking = setInterval(() => world.clock.setTo(new Date()), 100);
  const settings = {
    AzureWebJobsStorage: connectionString,
    AZURE_CLOUD: cloud,
    ARM_ENDPOINT: world.simulator.url,
    TARGETS: JSON.stringify(targets),
    SERVICE_TAGS_SOURCES: `file:${folder}`,
    SERVICE_TAGS_SUBSCRIPTION_ID: sampleSubscriptionId,
  };
  try {
    const host = await startHostProcess({ root, port, settings });
    console.log(`Serving on ${host.url}/api/dashboard until Ctrl-C.`);
    try {
      await Promise.race([interrupted, host.exited]);
    } finally {
      await host.stop();
    }
  } finally {
    clearInterval(ticking);
  }
}
