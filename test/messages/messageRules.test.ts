import { expect, test } from '@jest/globals';
import { faultsOf } from './messageRules.ts';

test.each([
  ['hooks lacks 2 listed prefixes: 20.1.0.0/24 and 1 more. The app tries again within the hour.', []],
  [
    '20.1.0.0/24 (256 addresses) has not been listed since 8 Jan 2026. The app removes it after 2 further releases.',
    [],
  ],
  ['2 of 5 targets failed: GET targets?status=failed says why', []],
  ['the list is old: released 28 Oct 2025, fetched 2 minutes ago. Check the sources', []],
  ['Something failed. The app tries again.', ['names no']],
  ['hooks: 11 waits. Approve the plan.', ['no unit at "11']],
  ['hooks lacks 1 prefixes. Approve the plan.', ['singular or plural']],
  ['hooks lacks 3 prefix. Approve the plan.', ['singular or plural']],
  ['hooks: the publication is wrong. Approve the plan.', ['release']],
  ['hooks is full.', ['no next step']],
  ['hooks: undefined. Approve the plan.', ['missing']],
  ['hooks. A. B. C. D. Approve the plan.', ['more than five']],
])('%s', (message, expected) => {
  const faults = faultsOf(message, ['hooks']);

  expect(faults).toHaveLength(expected.length);
  expected.forEach((fault, index) => expect(faults[index]).toContain(fault));
});
