import type { NetworkRuleSet, Registry } from '@azure/arm-containerregistry';
import type { TargetAdapter } from '../../app/ports.ts';
import { TargetMovedError } from '../../core/errors.ts';
import { registryRuleName } from '../../core/plan/currentRule.ts';
import type { RuleChange } from '../../core/plan/plan.ts';
import type { RegistryTarget } from '../../core/targets/target.ts';
import { beingUpdated } from './armError.ts';
import type { ArmClients } from './client.ts';
import { mergeIpRules, sameRuleSet, toRuleSet } from './ipRules.ts';
import { followOperation, readBack } from './operation.ts';
import { readQuota } from './registryQuota.ts';
import { toCurrentState } from './registryState.ts';
import { nameOf, parseResourceId } from './resourceId.ts';
import { buildSerialise } from './serialise.ts';
import { buildReadBeforeWrite, readRegistry } from './registryReads.ts';
import { withWriteRetries } from './writeRetries.ts';

/**
 * A write replaces a registry's whole rule set, and there is no ETag. So a write is: read, compare with the plan, merge,
 * write, read back.
 */
export function buildRegistryNetworkRules(
  clients: ArmClients,
  { pollIntervalInMs }: { readonly pollIntervalInMs: number },
): TargetAdapter<RegistryTarget> {
  const serialise = buildSerialise();
  const readBeforeWrite = buildReadBeforeWrite(clients);

  async function patch({ resourceId }: RegistryTarget, networkRuleSet: NetworkRuleSet): Promise<void> {
    const { subscriptionId, resourceGroup, name } = parseResourceId(resourceId, 'registryNetworkRules');
    const { registries } = await clients.registryClient(subscriptionId);
    await followOperation(`PATCH of registry ${name}`, (abortSignal) =>
      registries.update(resourceGroup, name, { networkRuleSet }, { abortSignal, updateIntervalInMs: pollIntervalInMs }),
    );
  }

  /** Every attempt reads first, so that it never overwrites a rule that somebody has added in the meantime. */
  async function patchUnlessMoved(
    target: RegistryTarget,
    planned: NetworkRuleSet,
    wanted: NetworkRuleSet,
  ): Promise<void> {
    const { ruleSet: live, provisioningState } = await readBeforeWrite(target);
    // A change in progress (ours whose answer was lost, or another's) may still fail and be undone.
    if (provisioningState === 'Updating' || provisioningState === 'Creating') throw beingUpdated(target.resourceId);
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
  ): Promise<Registry> {
    const wanted = { ...planned, ipRules: mergeIpRules(planned.ipRules ?? [], prefixes, owned) };
    await withWriteRetries(`PATCH registries/${nameOf(target)}`, () => patchUnlessMoved(target, planned, wanted));
    const { read, isRight } = await readBack(`GET registries/${nameOf(target)}`, async () => {
      const registry = await readRegistry(clients, target);
      return { read: registry, isRight: sameRuleSet(toRuleSet(registry), wanted) };
    });
    if (!isRight) throw movedError(target);
    return read;
  }

  return {
    settleInMs: 5 * 60_000,
    async read(target) {
      return toCurrentState(target, await readRegistry(clients, target));
    },
    readQuota: (target, current) => readQuota(clients, target, current),
    async write(target, current, changes, owned) {
      assertOneChange(target, changes);
      const [change] = changes;
      const prefixes = change?.operation === 'put' ? change.prefixes : [];
      const planned = current.token as NetworkRuleSet;
      const registry = await serialise(target.resourceId.toLowerCase(), () => write(target, planned, prefixes, owned));
      return toCurrentState(target, registry);
    },
  };
}

function assertOneChange(target: RegistryTarget, changes: readonly RuleChange[]): void {
  if (changes.length === 1 && changes[0]?.rule === registryRuleName) return;
  const rules = changes.map(({ rule }) => rule).join(', ');
  throw new Error(`${target.name}: a registry takes one change, of ${registryRuleName}, not of ${rules}`);
}

function movedError(target: RegistryTarget): TargetMovedError {
  return new TargetMovedError(
    `${target.name}: the rules of ${target.resourceId} were changed by somebody else meanwhile`,
  );
}
