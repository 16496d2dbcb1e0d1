import type { NetworkRuleSet, Registry, RegistryUsageListResult } from '@azure/arm-containerregistry';
import type { CurrentState, TargetAdapter } from '../../app/ports.ts';
import { TargetBlockedError, TargetMovedError } from '../../core/errors.ts';
import { isPrefix, sortPrefixes } from '../../core/prefixes.ts';
import type { RuleChange } from '../../core/plan.ts';
import type { Reason } from '../../core/reasons.ts';
import type { RegistryTarget } from '../../core/target.ts';
import { ArmError, beingUpdated } from './armError.ts';
import { currentCalls, waitBeforeRetry, withRetries } from './calls.ts';
import type { ArmClients } from './client.ts';
import { classifyArmError } from './errors.ts';
import { mergeIpRules, sameRuleSet, toRuleSet } from './ipRules.ts';
import { followOperation } from './operation.ts';
import { parseResourceId, toLocation } from './resourceId.ts';
import { serialise } from './serialise.ts';

/** The last api-version that shows virtual network rules. */
const virtualNetworkRulesApiVersion = '2021-08-01-preview';
const maxReadBacks = 5;
/** Where usages do not say: the lower of the two figures that Microsoft has published for Premium. */
const cautiousQuota = 100;

/** A registry's rule set is replaced as a whole and has no ETag: read, merge, write, read back. */
export function buildRegistryNetworkRules(
  clients: ArmClients,
  { pollIntervalInMs }: { readonly pollIntervalInMs: number },
): TargetAdapter<RegistryTarget> {
  async function readRegistry({ resourceId }: RegistryTarget): Promise<Registry> {
    const { subscriptionId, resourceGroup, name } = parseResourceId(resourceId, 'registryNetworkRules');
    return (await clients.registryClient(subscriptionId)).registries.get(resourceGroup, name);
  }

  /** A write through the newer api-version could drop what it cannot see. */
  async function assertNoVirtualNetworkRules({ resourceId }: RegistryTarget): Promise<void> {
    const { subscriptionId } = parseResourceId(resourceId, 'registryNetworkRules');
    const count = await clients
      .getJson(subscriptionId, resourceId, virtualNetworkRulesApiVersion)
      .then(countVirtualNetworkRules, noteRefusedApiVersion);
    if (count === 0) return;
    throw new TargetBlockedError(
      'virtualNetworkRules',
      `${resourceId} has ${count} virtual network rules (service endpoints), which a write of IP rules could drop: ` +
        'replace them by private endpoints and remove them (az acr network-rule remove --subnet), or take the target out',
    );
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

  async function readBack(target: RegistryTarget, wanted: NetworkRuleSet): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      if (sameRuleSet(toRuleSet(await readRegistry(target)), wanted)) return;
      // An answer may be older than the write.
      const call = `GET registries/${target.resourceId.split('/').at(-1) ?? ''}`;
      const waited = attempt < maxReadBacks && (await waitBeforeRetry(call, 'ReadBackDiffers', 1_000 * attempt));
      if (!waited) throw movedError(target);
    }
  }

  async function write(
    target: RegistryTarget,
    planned: NetworkRuleSet,
    prefixes: readonly string[],
    owned: readonly string[],
  ): Promise<void> {
    await assertNoVirtualNetworkRules(target);
    const wanted = { ...planned, ipRules: mergeIpRules(planned.ipRules ?? [], prefixes, owned) };
    await withRetries(`PATCH registries/${target.resourceId.split('/').at(-1) ?? ''}`, () =>
      patchUnlessMoved(target, planned, wanted),
    );
    await readBack(target, wanted);
  }

  return {
    settleInMs: 5 * 60_000,
    async read(target) {
      return toCurrentState(target, await readRegistry(target));
    },
    async readQuota({ resourceId, capacity }) {
      if (capacity.maxRules !== undefined) return capacity.maxRules;
      const { subscriptionId, resourceGroup, name } = parseResourceId(resourceId, 'registryNetworkRules');
      const { registries } = await clients.registryClient(subscriptionId);
      const { value } = await registries.listUsages(resourceGroup, name).catch(noUsages);
      const limit = value?.find((usage) => /^ip\W*rules?$/i.test(usage.name ?? ''))?.limit;
      return limit !== undefined && limit > 0 ? limit : cautiousQuota;
    },
    async write(target, current, changes, owned) {
      const change = changes[0];
      if (!change) return;
      assertOneChange(target, changes);
      const prefixes = change.operation === 'delete' ? [] : change.prefixes;
      const planned = current.token as NetworkRuleSet;
      await serialise(target.resourceId.toLowerCase(), () => write(target, planned, prefixes, owned));
    },
  };
}

function toCurrentState(target: RegistryTarget, registry: Registry): CurrentState {
  const ruleSet = toRuleSet(registry);
  const prefixes = (ruleSet.ipRules ?? []).map((rule) => rule.iPAddressOrRange).filter(isPrefix);
  return {
    rules: [
      {
        rule: 'ipRules',
        prefixes: sortPrefixes(prefixes),
        mark: ruleSet.ipRules?.length ? 'unmarked' : undefined,
        drift: [],
      },
    ],
    location: toLocation(registry.location),
    maxPrefixes: target.capacity.maxRules,
    blockers: skuBlockers(target, registry),
    notes: notesOf(target, registry),
    token: ruleSet,
  };
}

function skuBlockers({ resourceId }: RegistryTarget, { sku }: Registry): CurrentState['blockers'] {
  if (sku.name.toLowerCase() === 'premium') return [];
  const message = `${resourceId} is ${sku.name}: only Premium registries have IP rules (az acr update --sku Premium)`;
  return [{ code: 'wrongSku', message }];
}

function notesOf({ resourceId }: RegistryTarget, registry: Registry): Reason[] {
  const notes: Reason[] = [];
  if (toRuleSet(registry).defaultAction === 'Allow') {
    notes.push({
      code: 'inert',
      message: `${resourceId} lets in everybody (defaultAction Allow): its IP rules have no effect`,
    });
  }
  if (registry.publicNetworkAccess === 'Disabled') {
    notes.push({
      code: 'inert',
      message: `${resourceId} has public network access disabled: its IP rules have no effect`,
    });
  }
  if (registry.provisioningState !== undefined && registry.provisioningState !== 'Succeeded') {
    notes.push({ code: 'settling', message: `${resourceId} is in provisioning state ${registry.provisioningState}` });
  }
  return notes;
}

function assertOneChange(target: RegistryTarget, changes: readonly RuleChange[]): void {
  if (changes.length === 1 && changes[0]?.rule === 'ipRules') return;
  const rules = changes.map(({ rule }) => rule).join(', ');
  throw new Error(`${target.name}: a registry takes one change, of ipRules, not of ${rules}`);
}

function countVirtualNetworkRules(registry: unknown): number {
  const rules = (registry as { properties?: { networkRuleSet?: { virtualNetworkRules?: unknown } } } | null)?.properties
    ?.networkRuleSet?.virtualNetworkRules;
  return Array.isArray(rules) ? rules.length : 0;
}

/** Without the permission (or the answer) the quota is not known; that is no reason to stop. */
function noUsages(error: unknown): RegistryUsageListResult {
  if (classifyArmError(error).kind !== 'blocked') throw error;
  return {};
}

/** The day that Azure switches the old api-version off, nothing is left that could be lost; the run's record shows it. */
function noteRefusedApiVersion(error: unknown): number {
  const codes = [
    'NoRegisteredProviderFound',
    'InvalidApiVersionParameter',
    'UnsupportedApiVersion',
    'InvalidResourceType',
  ];
  if (!(error instanceof ArmError) || !codes.includes(error.code)) throw error;
  const call = `GET registry with api-version ${virtualNetworkRulesApiVersion}`;
  currentCalls()?.retries.push({ call, code: error.code, waitedInMs: 0 });
  return 0;
}

function movedError(target: RegistryTarget): TargetMovedError {
  return new TargetMovedError(
    `${target.name}: the rules of ${target.resourceId} were changed by somebody else meanwhile`,
  );
}
