/** Serves the app with what a replay left: its storage and its simulated Azure, from now on in real time. */
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
  /** Of the weekly files. */
  readonly folder: string;
  readonly port: number;
}

/** As the app makes it of its storage: with another one, it would take the rules that the replay wrote for foreign. */
export function ownerIdOf(connectionString: string): string {
  const storage = readStorage({ AzureWebJobsStorage: connectionString }, 'Public');
  return createHash('sha256').update(toBlobServiceUrl(storage)).digest('hex').slice(0, 12);
}

/** Until Ctrl-C. */
export async function serveReplay(options: ReplayServerOptions): Promise<void> {
  const { world, cloud, connectionString, targets, folder, port } = options;
  const interrupted = new Promise<void>((done) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => done());
  });
  const root = resolve(import.meta.dirname, '..');
  await buildApp({ root, out: join(root, 'dist') });
  await buildCli({ root, out: join(root, 'dist/cli') });
  // The replay's clock stood at the last file's date; what is written from now on takes its time.
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
