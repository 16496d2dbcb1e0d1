import { expect, test } from '@jest/globals';
import { newRunIdAfter } from '../../../src/core/targets/runId.ts';
import { emptyState, type TargetState } from '../../../src/core/targets/targetState.ts';

const now = new Date('2026-11-23T06:00:00Z');
const after = (head: string): TargetState => ({
  ...emptyState('web', 'owner'),
  run: { outbox: [], ledgerHead: { runId: `${head}-web-00000000`, hash: '' } },
});

test.each([
  ['nothing is known', emptyState('web', 'owner'), '20261123T060000000Z'],
  ['the last record is older', after('20261123T055900000Z'), '20261123T060000000Z'],
  ['another process, whose clock is ahead, wrote it', after('20261123T060003500Z'), '20261123T060003501Z'],
  ['it is of the same millisecond', after('20261123T060000000Z'), '20261123T060000001Z'],
  ['it is of next year', after('20271123T060000000Z'), '20261123T060000000Z'],
  ['its id is none', after('never'), '20261123T060000000Z'],
])('%s', (_, state, time) => expect(newRunIdAfter(state, now, '0123abcd')).toBe(`${time}-web-0123abcd`));
