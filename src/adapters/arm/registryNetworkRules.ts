import type { NetworkRuleSet, Registry } from '@azure/arm-containerregistry';
import type { TargetAdapter } from '../../app/ports.ts';
import { TargetMovedError } from '../../core/errors.ts';
import { registryRuleName } from '../../core/plan/currentRule.ts';
import type { RuleChange } from '../../core/plan/plan.ts';
import type { RegistryTarget } from '../../core/targets/target.ts';
import { ArmError, beingUpdated } from './armError.ts';
import { currentCalls, withRetries } from './calls.ts';
import type { ArmClients } from './client.ts';
import { toRefusal } from './errors.ts';
import { mergeIpRules, sameRuleSet, toRuleSet } from './ipRules.ts';
import { followOperation, readBack } from './operation.ts';
import { readQuota } from './registryQuota.ts';
import { toCurrentState } from './registryState.ts';
import { nameOf, parseResourceId } from './resourceId.ts';
import { buildSerialise } from './serialise.ts';
import { assertNoVirtualNetworkRules } from './virtualNetworkRules.ts';

/** A registry's rule set is replaced as a whole and has no ETag: read, merge, write, read back. */
export function buildRegistryNetworkRules(
  clients: ArmClients,
  { pollIntervalInMs }: { readonly pollIntervalInMs: number },
): TargetAdapter<RegistryTarget> {
  const serialise = buildSerialise();

  async function readRegistry({ resourceId }: RegistryTarget): Promise<Registry> {
    const { subscriptionId, resourceGroup, name } = parseResourceId(resourceId, 'registryNetworkRules');
    return (await clients.registryClient(subscriptionId)).registries.get(resourceGroup, name);
  }

  async function patch({ resourceId }: RegistryTarget, networkRuleSet: NetworkRuleSet): Promise<void> {
    const { subscriptionId, resourceGroup, name } = parseResourceId(resourceId, 'registryNetworkRules');
    const { registries } = await clients.registryClient(subscriptionId);
    await followOperation(`PATCH of registry ${name}`, (abortSignal) =>
      registries.update(resourceGroup, name, { networkRuleSet }, { abortSignal, updateIntervalInMs: pollIntervalInMs }),
    );
  }

  /** Each try begins with a read, so that a rule which somebody added in between is never overwritten. */
  async function patchUnlessMoved(
    target: RegistryTarget,
    planned: NetworkRuleSet,
    wanted: NetworkRuleSet,
  ): Promise<void> {
    const registry = await readRegistry(target);
    const { provisioningState } = registry;
    // A change that is under way may yet fail and be taken back, ours (whose answer was lost) or another's.
    if (provisioningState === 'Updating' || provisioningState === 'Creating') throw beingUpdated(target.resourceId);
    const live = toRuleSet(registry);
    const isWanted = sameRuleSet(live, wanted);
    if (isWanted && provisioningState !== 'Failed') return;
    if (!isWanted && !sameRuleSet(live, planned)) throw movedError(target);
    await patch(target, wanted);
  }

  async function write(
    target: RegistryTarget,
    planned: NetworkRuleSet,
    prefixes: readonly string[],
    owned: readonly string[],
  ): Promise<void> {
    await assertNoVirtualNetworkRules(clients, target);
    const wanted = { ...planned, ipRules: mergeIpRules(planned.ipRules ?? [], prefixes, owned) };
    await withRetries(`PATCH registries/${nameOf(target)}`, () => patchUnlessMoved(target, planned, wanted));
    const wrong = await readBack(`GET registries/${nameOf(target)}`, async () => {
      const live = toRuleSet(await readRegistry(target));
      return sameRuleSet(live, wanted) ? undefined : live;
    });
    if (wrong) throw movedError(target);
  }

  return {
    settleInMs: 5 * 60_000,
    async read(target) {
      return toCurrentState(target, await readRegistry(target));
    },
    readQuota: (target) => readQuota(clients, target),
    async write(target, current, changes, owned) {
      const change = changes[0];
      if (!change) return;
      assertOneChange(target, changes);
      const prefixes = change.operation === 'delete' ? [] : change.prefixes;
      const planned = current.token as NetworkRuleSet;
      await withRefusals(() =>
        serialise(target.resourceId.toLowerCase(), () => write(target, planned, prefixes, owned)),
      );
    },
  };
}

function assertOneChange(target: RegistryTarget, changes: readonly RuleChange[]): void {
  if (changes.length === 1 && changes[0]?.rule === registryRuleName) return;
  const rules = changes.map(({ rule }) => rule).join(', ');
  throw new Error(`${target.name}: a registry takes one change, of ${registryRuleName}, not of ${rules}`);
}

/** Tells apart what came to nothing for sure: no PATCH was sent, or the only one was refused. */
async function withRefusals(work: () => Promise<void>): Promise<void> {
  const before = writesSoFar();
  try {
    await work();
  } catch (error) {
    const sent = writesSoFar() - before;
    const isRefused = sent === 0 || (sent === 1 && error instanceof ArmError && error.method === 'PATCH');
    throw isRefused ? toRefusal(error) : error;
  }
}

function writesSoFar(): number {
  return currentCalls()?.usage.writes ?? 0;
}

function movedError(target: RegistryTarget): TargetMovedError {
  return new TargetMovedError(
    `${target.name}: the rules of ${target.resourceId} were changed by somebody else meanwhile`,
  );
}
