import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import type { Simulator } from '../../../dev/simulator/simulator.ts';
import { networkClient, nsgId, sdkRule, startOpenSimulator } from './support.ts';

const folder = resolve('../shared/service-tags');
const newest = existsSync(folder)
  ? readdirSync(folder)
      .filter((name) => name.startsWith('ServiceTags_Public_'))
      .sort()
      .at(-1)
  : undefined;
if (newest === undefined) console.log(`skipped: no real weekly file in ${folder}`);

(newest === undefined ? describe.skip : describe)('with a real weekly file', () => {
  let simulator: Simulator;

  beforeAll(async () => {
    simulator = await startOpenSimulator();
    simulator.putNsg({ id: nsgId });
    simulator.setServiceTags('*', JSON.parse(readFileSync(join(folder, newest ?? ''), 'utf8')));
  });

  afterAll(() => simulator.stop());

  test('the whole registry tag fits into one rule a family, and comes back as it was written', async () => {
    const client = networkClient(simulator.url);
    const list = await client.serviceTags.list('westeurope');
    const tag = list.values?.find((value) => value.name === 'AzureContainerRegistry');
    const prefixes = tag?.properties?.addressPrefixes ?? [];
    const families = [
      prefixes.filter((prefix) => !prefix.includes(':')),
      prefixes.filter((prefix) => prefix.includes(':')),
    ];

    for (const [index, sourceAddressPrefixes] of families.entries()) {
      const rule = sdkRule({ sourceAddressPrefixes, priority: 300 + index });
      await client.securityRules.createOrUpdate('rg-hooks', 'nsg-hooks', `AllowAcr-${index}`, rule);
    }

    const nsg = await client.networkSecurityGroups.get('rg-hooks', 'nsg-hooks');
    expect(families.map((family) => family.length > 100)).toEqual([true, true]);
    expect(nsg.securityRules?.map((rule) => rule.sourceAddressPrefixes)).toEqual(families);
  });
});
