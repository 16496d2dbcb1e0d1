import { expect, test } from '@jest/globals';
import { isPullOf } from '../../../src/core/ledger/pullStatus.ts';
import type { RunRecord } from '../../../src/core/ledger/runRecord.ts';
import { toRunRecord } from '../../support/storageSamples.ts';

const snapshot = { id: 'China-20260105-1-0123456789ab', contentHash: '', date: '2026-01-05' };

test.each<[string, Partial<RunRecord>, boolean, boolean]>([
  ['its details', { details: { cloud: 'China' } }, true, false],
  ['its snapshot, as earlier versions wrote it', { snapshot }, true, false],
  ['nothing: it may be any', {}, true, true],
])('a pull is of the cloud that is named in %s', (_, named, ofChina, ofPublic) => {
  const record = { ...toRunRecord('pull', '2026-01-05T12:00:00.000Z'), ...named };

  expect([isPullOf('China', record), isPullOf('Public', record)]).toEqual([ofChina, ofPublic]);
});
