import { expect, test } from '@jest/globals';
import { toPublishedDocument } from '../../src/app/queries/publishedDocument.ts';
import { parseServiceTags } from '../../src/core/serviceTags/parseServiceTags.ts';

const whole = {
  name: 'AzureContainerRegistry.WestEurope',
  id: 'AzureContainerRegistry.WestEurope',
  properties: {
    changeNumber: 12,
    region: 'westeurope',
    regionId: 18,
    platform: 'Azure',
    systemService: 'AzureContainerRegistry',
    addressPrefixes: ['20.61.0.0/28', '2603:1020:206::/48'],
    networkFeatures: ['API', 'NSG', 'UDR', 'FW'],
  },
};
const withoutFeatures = {
  name: 'AzureIdentity',
  id: 'AzureIdentity',
  properties: { ...whole.properties, region: '', regionId: 0, systemService: '', networkFeatures: null },
};

test("what Microsoft's file says comes out as it went in, to the order of the fields", () => {
  const file = { changeNumber: 346, cloud: 'Public', values: [whole, withoutFeatures] };

  const published = toPublishedDocument(parseServiceTags(file, 'Public').document);

  expect(JSON.stringify(published)).toBe(JSON.stringify(file));
});
