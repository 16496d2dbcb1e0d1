/** The real adapters with the real SDK clients on a simulator, in real time but for waits before a retry. */
import { setTimeout as sleep } from 'node:timers/promises';
import { startSimulator, type Simulator, type SimulatorOptions } from '../../../dev/simulator/simulator.ts';
import type { ArmSession, Clock } from '../../../src/app/ports.ts';
import { buildArm, type AzureArm } from '../../../src/adapters/arm/arm.ts';

export const ownerId = 'func-acr-weu';

export interface World {
  readonly simulator: Simulator;
  readonly arm: AzureArm;
  readonly armOf: (ownerId: string) => AzureArm;
  /** `PUT securityRules/AllowAcrWebhooks` of every request so far. */
  readonly calls: () => string[];
  readonly writes: () => string[];
}

/** Waits are cut short, but the rest of them has passed as well: deadlines are met. */
function hastyClock(longestWaitInMs: number): Clock {
  let skippedInMs = 0;
  return {
    now: () => new Date(Date.now() + skippedInMs),
    sleep: async (ms) => {
      skippedInMs += Math.max(0, ms - longestWaitInMs);
      await sleep(Math.min(ms, longestWaitInMs));
    },
  };
}

export async function startWorld(options: SimulatorOptions = {}, longestWaitInMs = 60): Promise<World> {
  const simulator = await startSimulator(options);
  const armOf = (owner: string) =>
    buildArm({ cloud: 'Public', armEndpoint: simulator.url, armIsLoopback: true }, owner, {
      clock: hastyClock(longestWaitInMs),
      pollIntervalInMs: 5,
    });
  const calls = () =>
    simulator.requests
      .filter(({ path }) => !/\/(operations|operationResults|operationStatuses)\//.test(path))
      .map(({ method, path }) => `${method} ${path.split('/').slice(-2).join('/')}`);
  return {
    simulator,
    armOf,
    arm: armOf(ownerId),
    calls,
    writes: () => calls().filter((call) => !call.startsWith('GET') && !call.startsWith('POST')),
  };
}

export function retryCodes(session: ArmSession): string[] {
  return session.usage().retries.map(({ code }) => code);
}
