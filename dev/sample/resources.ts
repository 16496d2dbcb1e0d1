/** Creates in the simulator what the sample's targets.json refers to: a registry with replicas, and rules of others. */
import type { Simulator } from '../simulator/simulator.ts';

export const sampleSubscriptionId = '5a3b1d2c-0000-4000-8000-000000000001';
const subscription = `/subscriptions/${sampleSubscriptionId}`;

export const sampleNsgId = `${subscription}/resourceGroups/hooks/providers/Microsoft.Network/networkSecurityGroups/nsg-hooks`;
const sampleRegistryId = `${subscription}/resourceGroups/images/providers/Microsoft.ContainerRegistry/registries/contosoprod`;

export function seedSampleResources(simulator: Simulator): void {
  simulator.putRegistry({
    id: sampleRegistryId,
    location: 'westeurope',
    replicaLocations: ['eastus', 'norwayeast'],
    networkRuleSet: { defaultAction: 'Deny', ipRules: [{ action: 'Allow', value: '131.107.0.0/24' }] },
  });
  simulator.putNsg({
    id: sampleNsgId,
    location: 'westeurope',
    securityRules: [
      {
        name: 'DenyAllInternet',
        properties: {
          priority: 4000,
          direction: 'Inbound',
          access: 'Deny',
          protocol: '*',
          sourceAddressPrefix: 'Internet',
          sourcePortRange: '*',
          destinationAddressPrefix: '*',
          destinationPortRange: '*',
        },
      },
    ],
  });
}
