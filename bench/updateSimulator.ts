/** The simulated Azure of bench/update.ts. Arguments: `<number of resources of each kind> <subscription>`. */
import { startSimulator } from '../dev/simulator/simulator.ts';

const [count = '1', subscription = ''] = process.argv.slice(2);
const group = `/subscriptions/${subscription}/resourceGroups/rg/providers`;
const simulator = await startSimulator({ maxIpRules: 200 });
simulator.putSubscription(subscription);
for (let index = 0; index < Number(count); index += 1) {
  simulator.putNsg({ id: `${group}/Microsoft.Network/networkSecurityGroups/nsg-${index}` });
  simulator.putRegistry({
    id: `${group}/Microsoft.ContainerRegistry/registries/prod${index}`,
    networkRuleSet: { defaultAction: 'Deny', ipRules: [{ value: '203.0.113.9' }] },
  });
}
process.send?.(simulator.url);
process.on('disconnect', () => process.exit());
