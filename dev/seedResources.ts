/**
 * Creates in the simulator the resources that a targets file names: empty NSGs, and registries that deny by default.
 */
import type { Target } from '../src/core/targets/target.ts';
import type { Simulator } from './simulator/simulator.ts';

export function seedResources(simulator: Simulator, targets: readonly Target[]): void {
  for (const target of targets) {
    if (target.kind === 'nsgRule' && !simulator.nsg(target.resourceId)) simulator.putNsg({ id: target.resourceId });
    if (target.kind === 'registryNetworkRules') seedRegistry(simulator, target.resourceId, firstRegion(target));
    if (target.regions !== 'all' && 'ofRegistry' in target.regions) {
      seedRegistry(simulator, target.regions.ofRegistry, 'westeurope');
    }
  }
}

function seedRegistry(simulator: Simulator, id: string, location: string): void {
  if (simulator.registry(id)) return;
  simulator.putRegistry({ id, location, networkRuleSet: { defaultAction: 'Deny', ipRules: [] } });
}

function firstRegion(target: Target): string {
  return target.regions !== 'all' && !('ofRegistry' in target.regions)
    ? (target.regions[0] ?? 'westeurope')
    : 'westeurope';
}
