import { expect, test } from '@jest/globals';
import { createExclusiveUseCheck } from '../../../src/core/targets/exclusiveUses.ts';
import { nsgTarget, registryTarget } from '../plan/planFixtures.ts';

test('a target that claims what one before it has, whatever its origin', () => {
  const check = createExclusiveUseCheck();

  expect(check(nsgTarget({ name: 'hooks' }), 'the targets file')).toEqual([]);
  expect(check(registryTarget({ name: 'prod' }), 'the targets file')).toEqual([]);
  expect(check(nsgTarget({ name: 'tagged' }), 'the tagged resource')).toContainEqual({
    path: 'the tagged resource',
    message: '"tagged" claims the rule AllowAcr of that network security group, which the targets file ("hooks") has',
  });
  expect(check(registryTarget({ name: 'prod', resourceId: '/other' }), 'the tagged resource')).toEqual([
    {
      path: 'the tagged resource',
      message: '"prod" claims the name prod, which the targets file ("prod") has',
    },
  ]);
});
