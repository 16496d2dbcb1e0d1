import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Arm, ArmSession, Clock, CurrentState, TaggedResourceFinder, TargetAdapter } from '../../app/ports.ts';
import { TargetBlockedError } from '../../core/errors.ts';
import type { Target } from '../../core/targets/target.ts';
import { resourceTypes } from '../../core/targets/targetKinds.ts';
import { updateTimeInMs } from '../../core/timeLimit.ts';
import { asCallsOf, type ArmCalls } from './calls.ts';
import { buildArmClients, type ArmClients, type ArmConfig } from './client.ts';
import { toTargetError } from './errors.ts';
import { buildNsgRules } from './nsgRules.ts';
import { buildRegistryNetworkRules } from './registryNetworkRules.ts';
import { readRegistryRegions } from './registryRegions.ts';
import { findTaggedResources, readProfile } from './resourceGraph.ts';

export interface ArmOptions {
  readonly clients?: ArmClients;
  readonly clock?: Clock;
  /** Wait between two polls of a long-running operation, if Azure does not say how long to wait. */
  readonly pollIntervalInMs?: number;
}

export type AzureArm = Arm & TaggedResourceFinder;

/** `ownerId` identifies this deployment in the descriptions of its NSG rules. */
export function buildArm(config: ArmConfig, ownerId: string, options: ArmOptions = {}): AzureArm {
  const { clients = buildArmClients(config), clock = systemClock, pollIntervalInMs = 2_000 } = options;
  const nsgRules = buildNsgRules(clients, { ownerId, pollIntervalInMs });
  const registryNetworkRules = buildRegistryNetworkRules(clients, { pollIntervalInMs });

  const refusals = new Map<string, number>();

  function openCalls(deadline = new Date(clock.now().getTime() + updateTimeInMs)): ArmCalls {
    return { clock, deadline, correlationId: randomUUID(), refusals, usage: { reads: 0, writes: 0, retries: [] } };
  }

  return {
    openSession({ deadline } = {}): ArmSession {
      const calls = openCalls(deadline);
      return {
        deadline: calls.deadline,
        nsgRules: inSession(calls, withVersionNotes(clients, nsgRules)),
        registryNetworkRules: inSession(calls, withVersionNotes(clients, registryNetworkRules)),
        readRegistryRegions: (...registry) =>
          runInSession(calls, () => readRegistryRegions(clients, ...registry)).catch((error: unknown) => {
            throw toRegistryError(registry[0], error);
          }),
        usage: () => ({ ...calls.usage, retries: [...calls.usage.retries] }),
      };
    },
    findTaggedResources: () => runInSession(openCalls(), () => findTaggedResources(clients)),
    readProfile: (resource, deadline) => runInSession(openCalls(deadline), () => readProfile(clients, resource)),
  };
}

/** Adds a note to each state if the app uses another api-version than the SDK's. */
function withVersionNotes<T extends Target>({ versions }: ArmClients, adapter: TargetAdapter<T>): TargetAdapter<T> {
  const addNotes = (target: T, state: CurrentState): CurrentState => {
    const notes = versions.notes(resourceTypes[target.kind].split('/')[0] ?? '');
    return notes.length === 0 ? state : { ...state, notes: [...state.notes, ...notes] };
  };
  return {
    ...adapter,
    read: async (target) => addNotes(target, await adapter.read(target)),
    write: async (target, ...change) => addNotes(target, await adapter.write(target, ...change)),
  };
}

/** For `notFound`, names the setting regions.ofRegistry: the missing registry is not the target itself. */
function toRegistryError(registryId: string, error: unknown): unknown {
  if (!(error instanceof TargetBlockedError) || error.code !== 'notFound') return error;
  const message = `regions.ofRegistry names ${registryId}, which is not found: the registry was deleted or moved, or is not created yet. Correct regions.ofRegistry, or name the regions themselves`;
  return new TargetBlockedError('notFound', message, { cause: error });
}

/** Makes every method of the adapter run as part of the session. */
function inSession<T extends Target>(calls: ArmCalls, adapter: TargetAdapter<T>): TargetAdapter<T> {
  const readQuota = adapter.readQuota?.bind(adapter);
  return {
    settleInMs: adapter.settleInMs,
    read: (target) => runInSession(calls, () => adapter.read(target)),
    write: (...change) => runInSession(calls, () => adapter.write(...change)),
    ...(readQuota && {
      readQuota: (target: T, current: CurrentState) => runInSession(calls, () => readQuota(target, current)),
    }),
  };
}

function runInSession<T>(calls: ArmCalls, work: () => Promise<T>): Promise<T> {
  return asCallsOf(calls, async () => {
    try {
      return await work();
    } catch (error) {
      throw toTargetError(error);
    }
  });
}

const systemClock: Clock = {
  now: () => new Date(),
  sleep: (ms) => sleep(ms),
};
