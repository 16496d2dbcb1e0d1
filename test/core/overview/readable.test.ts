import { expect, test } from '@jest/globals';
import { readable } from '../../../src/core/words.ts';

const id =
  '/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg/providers/Microsoft.Network/networkSecurityGroups/nsg-hooks';

test.each([
  [`a lock on ${id} forbids it`, 'A lock on nsg-hooks forbids it.'],
  [`find it (az lock list --resource ${id})`, `Find it (az lock list --resource ${id}).`],
  [`A lock on "${id}": remove it (${id.toUpperCase()}).`, 'A lock on "nsg-hooks": remove it (NSG-HOOKS).'],
  ['20.42.66.0/23 is wider than /20.', '20.42.66.0/23 is wider than /20.'],
  [`${id} does not exist`, 'nsg-hooks does not exist.'],
  ['', ''],
])('%s', (message, text) => expect(readable(message)).toBe(text));
