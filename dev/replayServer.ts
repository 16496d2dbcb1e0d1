/** Serves the app after a replay, with the storage and the simulated Azure of the replay, in real time. */
import { join, resolve } from 'node:path';
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
  /** Folder of a built app. Undefined: builds this project. */
  readonly root: string | undefined;
}

/** Serves until Ctrl-C. */
export async function serveReplay(options: ReplayServerOptions): Promise<void> {
  const { world, cloud, connectionString, targets, folder, port } = options;
  const interrupted = new Promise<void>((done) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => done());
  });
  const root = options.root ?? (await buildProject());
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

async function buildProject(): Promise<string> {
  const root = resolve(import.meta.dirname, '..');
  await buildApp({ root, out: join(root, 'dist') });
  await buildCli({ root, out: join(root, 'dist/cli') });
  return root;
}
