import { describe, expect, test } from '@jest/globals';
import { InvalidDocumentError } from '../../../src/core/errors.ts';
import { verifyChain } from '../../../dev/verifyChain.ts';
import { isRunId, newRunId, parseRunId, recordHash } from '../../../src/core/ledger/ledgerChain.ts';
import type { RunRecord } from '../../../src/core/ledger/runRecord.ts';

function toRecord(hour: number, previous?: RunRecord): RunRecord {
  const startedAt = new Date(Date.UTC(2026, 10, 23, hour));
  return {
    id: newRunId(startedAt, 'web', `0000000${hour}`),
    chain: 'web',
    startedAt: startedAt.toISOString(),
    finishedAt: startedAt.toISOString(),
    durationInMs: 0,
    trigger: { reason: 'reconcile' },
    outcome: 'unchanged',
    reasons: [],
    ...(previous ? { previousHash: recordHash(previous) } : {}),
  };
}

const first = toRecord(1);
const second = toRecord(2, first);
const third = toRecord(3, second);
const fourth = toRecord(4, third);
const chain = [first, second, third, fourth];
const writtenHashes = new Map(chain.map((record) => [record.id, recordHash(record)]));
const head = { runId: fourth.id, hash: recordHash(fourth) };

function kindsOf(records: readonly RunRecord[], evidence: Parameters<typeof verifyChain>[1] = {}) {
  return verifyChain(records, evidence).breaks.map(({ kind, runId }) => [kind, runId]);
}

describe('run ids', () => {
  test('tell time and chain, and sort by time', () => {
    const id = newRunId(new Date('2026-11-23T06:00:00.042Z'), 'webhook-receiver', '0123abcd');

    expect(id).toBe('20261123T060000042Z-webhook-receiver-0123abcd');
    expect(parseRunId(id)).toEqual({
      chain: 'webhook-receiver',
      startedAt: new Date('2026-11-23T06:00:00.042Z'),
    });
    expect(id < newRunId(new Date('2026-11-23T06:00:00.043Z'), 'a', '00000000')).toBe(true);
  });

  test('keep a chain whose name ends like an id', () => {
    expect(parseRunId('20261123T060000042Z-a-0123abcd-0123abcd').chain).toBe('a-0123abcd');
  });

  test.each([
    '',
    'pull',
    '20261123T060000042Z-pull-0123abc',
    '20261123T060000042Z-pull-0123ABCD',
    '20261123T060000042Z--0123abcd/../x',
    '20261123T060000042Z-Pull-0123abcd',
    '20261323T060000042Z-pull-0123abcd',
    '20260230T060000042Z-pull-0123abcd',
    '20261123T250000042Z-pull-0123abcd',
    ' 20261123T060000042Z-pull-0123abcd',
    '20261123T060000042Z-pull-0123abcd\n',
    `20261123T060000042Z-${'x'.repeat(41)}-0123abcd`,
  ])('refuse %j', (id) => {
    expect(() => parseRunId(id)).toThrow(InvalidDocumentError);
    expect(isRunId(id)).toBe(false);
  });

  test('are not made of a name that no chain can have', () => {
    expect(() => newRunId(new Date(0), 'A/B', '00000000')).toThrow('is not a run id');
  });
});

describe('recordHash', () => {
  test('is the same for other key orders and undefined fields, as JSON reads them back', () => {
    const shuffled = Object.fromEntries(Object.entries(second).reverse()) as unknown as RunRecord;
    const withUndefined = { ...second, plan: undefined } as unknown as RunRecord;

    expect(recordHash(shuffled)).toBe(recordHash(second));
    expect(recordHash(withUndefined)).toBe(recordHash(second));
    expect(recordHash(JSON.parse(JSON.stringify(second)) as RunRecord)).toBe(recordHash(second));
  });

  test('does not change from one release to the next', () => {
    expect(recordHash(first)).toBe('4977a124f35f5a1a71d012ed9bd4a798d6b17b81d2a5e4da0ab4abdf44b1e731');
  });

  test.each<[string, Partial<RunRecord>]>([
    ['outcome', { outcome: 'applied' }],
    ['a nested field', { trigger: { reason: 'reconcile', by: 'someone' } }],
    ['the link', { previousHash: '0' }],
    ['the order of a list', { owned: ['192.0.2.0/25', '192.0.2.128/25'].reverse() }],
  ])('changes with %s', (_, change) => {
    const base = { ...second, owned: ['192.0.2.0/25', '192.0.2.128/25'] };

    expect(recordHash({ ...base, ...change })).not.toBe(recordHash(base));
  });
});

describe('verifyChain', () => {
  test.each([[[]], [[first]], [chain]])('accepts a whole chain', (records) => {
    expect(verifyChain(records)).toEqual({ ok: true, breaks: [] });
  });

  test('accepts a whole chain with all evidence', () => {
    expect(verifyChain(chain, { writtenHashes, head }).ok).toBe(true);
  });

  test('names the record behind a missing one', () => {
    expect(kindsOf([first, second, fourth], { writtenHashes, head })).toEqual([['missing', fourth.id]]);
  });

  test('notices that the first record is missing', () => {
    expect(kindsOf([second, third, fourth])).toEqual([['missing', second.id]]);
  });

  test('notices that the newest record is missing by the head', () => {
    expect(kindsOf([first, second, third], { head })).toEqual([['missing', fourth.id]]);
  });

  test('names an altered record, once', () => {
    const altered: RunRecord = { ...second, outcome: 'applied' };

    expect(kindsOf([first, altered, third, fourth], { writtenHashes, head })).toEqual([['altered', second.id]]);
  });

  test('notices an altered record without the hash that was noted', () => {
    expect(kindsOf([first, { ...second, outcome: 'applied' }, third, fourth])).toEqual([['missing', third.id]]);
  });

  test('notices an altered newest record by the head', () => {
    expect(kindsOf([first, second, third, { ...fourth, outcome: 'applied' }], { head })).toEqual([
      ['altered', fourth.id],
    ]);
  });

  test('notices a record that was slipped in between', () => {
    const forged = { ...toRecord(3, second), id: newRunId(new Date(third.startedAt), 'web', '0000000f') };

    expect(kindsOf([first, second, third, forged, fourth], { writtenHashes, head })).toEqual([['forked', forged.id]]);
  });

  test('notices a second beginning', () => {
    expect(kindsOf([first, second, toRecord(3)])).toEqual([['forked', toRecord(3).id]]);
  });

  test('notices a record behind the head, unless it is on its way into the ledger', () => {
    const next = toRecord(5, fourth);

    expect(kindsOf([...chain, next], { head })).toEqual([['unclaimed', next.id]]);
    expect(kindsOf([...chain, next], { head, owed: [next.id] })).toEqual([]);
  });

  test('notices records out of order', () => {
    expect(kindsOf([first, third, second, fourth])).toEqual([['outOfOrder', third.id]]);
  });
});

describe('against the heads that were logged', () => {
  const [one, two] = [toRecord(1), toRecord(2)];
  const linked = { ...two, previousHash: recordHash(one) };
  const earlierHeads = [
    { runId: one.id, hash: recordHash(one), count: 1 },
    { runId: linked.id, hash: recordHash(linked), count: 2 },
  ];

  test.each([
    ['a whole chain', [one, linked], []],
    ['a tail that was cut off', [one], ['missing']],
    ['a chain that was written anew', [{ ...one, outcome: 'failed' as const }], ['altered', 'missing']],
  ])('%s', (_, records, kinds) => {
    expect(verifyChain(records, { earlierHeads }).breaks.map(({ kind }) => kind)).toEqual(kinds);
  });
});
