/** What is remembered of a target after each event: the crash matrix as a table. */
import { describe, expect, test } from '@jest/globals';
import type { RunOutcome, UpdateRecord } from '../../../src/core/ledger/runRecord.ts';
import type { Reason } from '../../../src/core/reasons.ts';
import { recordHash } from '../../../src/core/ledger/ledgerChain.ts';
import { newsOf, nextState, type Claim, type Ending, type StateEvent } from '../../../src/core/targets/nextState.ts';
import {
  emptyState,
  type RecordedApproval,
  type TargetState,
  type TargetStatus,
} from '../../../src/core/targets/targetState.ts';
import { toRunRecord } from '../../support/storageSamples.ts';

const [a, b, c] = ['192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24'] as const;
const at = '2026-11-23T06:00:00.000Z';
const later = '2026-11-23T06:05:00.000Z';
const runId = '20261123T060000000Z-web-0123abcd';
const plan = (add: readonly string[], remove: readonly string[] = []): Claim['plan'] => ({
  id: 'f'.repeat(64),
  target: 'web',
  snapshot: 'Public-20261123-1-0123456789ab',
  add,
  remove,
  retain: [],
  foreign: [],
  held: { add: [], remove: [] },
  version: 1,
  items: [],
  ruleDrift: [],
  verdict: 'apply',
  reasons: [],
});
const claimed = (prefixes: readonly string[], rest: Partial<Claim> = {}): StateEvent => ({
  type: 'claimed',
  runId,
  at,
  plan: plan(prefixes),
  before: [],
  prefixes,
  removalsNotBefore: later,
  ...rest,
});
const written = (prefixes: readonly string[]): StateEvent => ({
  type: 'written',
  ownership: { prefixes, rules: ['AllowAcr'] },
  removalsNotBefore: later,
});
const observed = (
  prefixes: readonly string[],
  rest: Partial<Extract<StateEvent, { type: 'observed' }>> = {},
): StateEvent => ({
  type: 'observed',
  ownership: { prefixes, rules: [] },
  ...rest,
});
const record = (time: string): UpdateRecord => toRunRecord('web', time);
const ended = (rest: Partial<Ending> = {}): StateEvent => ({ type: 'ended', runId, ...rest });
const resultOf = (outcome: RunOutcome, status: TargetStatus, time: string): NonNullable<Ending['result']> => ({
  runId,
  at: time,
  outcome,
  status,
  reasons: [],
  snapshot: 's',
  counts: { add: 0, remove: 0, retain: 0, held: 0 },
});
const owning = (...prefixes: readonly string[]): TargetState => ({
  ...emptyState('web', 'owner'),
  ownership: {
    prefixes: prefixes.map((prefix) => ({ prefix, since: '2026-11-01T06:00:00.000Z' })),
    rules: ['AllowAcr'],
  },
});

function after(state: TargetState, ...events: readonly StateEvent[]): TargetState {
  return events.reduce(nextState, state);
}

const prefixesOf = ({ ownership }: TargetState) => ownership.prefixes.map(({ prefix }) => prefix);

describe('where a process dies, and what the next one begins with', () => {
  interface Row {
    readonly events: readonly StateEvent[];
    readonly owned: readonly string[];
    readonly rules: readonly string[];
    readonly inFlight: boolean;
    readonly owed: number;
  }
  const one = record(at);
  const rows: Readonly<Record<string, Row>> = {
    'before the claim': { events: [], owned: [a], rules: ['AllowAcr'], inFlight: false, owed: 0 },
    'before the write, or in it': {
      events: [claimed([a, b])],
      owned: [a, b],
      rules: ['AllowAcr'],
      inFlight: true,
      owed: 0,
    },
    'after Azure refused the write': {
      events: [claimed([a, b]), { type: 'refused' }],
      owned: [a],
      rules: ['AllowAcr'],
      inFlight: false,
      owed: 0,
    },
    'after the write, before the state is stored: the claim stands': {
      events: [claimed([a, b])],
      owned: [a, b],
      rules: ['AllowAcr'],
      inFlight: true,
      owed: 0,
    },
    'before the record is in the ledger': {
      events: [claimed([a, b]), written([a, b]), ended({ record: one })],
      owned: [a, b],
      rules: ['AllowAcr'],
      inFlight: false,
      owed: 1,
    },
    'at the end': {
      events: [claimed([a, b]), written([a, b]), ended({ record: one }), { type: 'recorded', record: one }],
      owned: [a, b],
      rules: ['AllowAcr'],
      inFlight: false,
      owed: 0,
    },
  };

  test.each(Object.entries(rows))('%s', (_, { events, owned, rules, inFlight, owed }) => {
    const state = after(owning(a), ...events);

    expect(prefixesOf(state)).toEqual(owned);
    expect(state.ownership.rules).toEqual(rules);
    expect(state.run.inFlight !== undefined).toBe(inFlight);
    expect(state.run.outbox).toHaveLength(owed);
  });
});

describe('ownership', () => {
  test('a rule is ours once it was seen with our mark, not when it is claimed', () => {
    const fresh = emptyState('web', 'owner');

    expect(after(fresh, claimed([a])).ownership.rules).toEqual([]);
    expect(after(fresh, claimed([a]), written([a])).ownership.rules).toEqual(['AllowAcr']);
  });

  test('a claim is unproven until it is seen live', () => {
    const fresh = emptyState('web', 'owner');

    expect(after(fresh, claimed([a])).ownership.prefixes).toEqual([{ prefix: a, since: at, isUnproven: true }]);
    expect(after(fresh, claimed([a]), written([a])).ownership.prefixes).toEqual([{ prefix: a, since: at }]);
  });

  test('a claim without a rule is given up by the next look, unless a write may yet come through', () => {
    const state = after(owning(a), claimed([a, b]), ended());
    const look = (underWay: readonly string[]) => observed([a], { ownership: { prefixes: [a], underWay, rules: [] } });

    expect(prefixesOf(after(state, look([])))).toEqual([a]);
    expect(after(state, look([b])).ownership.prefixes[1]).toEqual({ prefix: b, since: at, isUnproven: true });
  });

  test('a look that cannot tell whose is what gives up nothing', () => {
    expect(after(owning(a, b), { type: 'observed' }).ownership).toEqual(owning(a, b).ownership);
  });

  test('a part of a prefix has the time of the whole', () => {
    const state = after(owning('192.0.2.0/24'), observed(['192.0.2.0/25']));

    expect(state.ownership.prefixes).toEqual([{ prefix: '192.0.2.0/25', since: '2026-11-01T06:00:00.000Z' }]);
  });

  test('what is ours by its mark alone, because the state was lost, has no time', () => {
    expect(after(emptyState('web', 'owner'), observed([a])).ownership.prefixes).toEqual([{ prefix: a, since: '' }]);
  });

  test('a write in flight says what it claims, and from which rules and time it began', () => {
    const { inFlight, removalsNotBefore } = after(owning(a), claimed([a, b])).run;

    expect(inFlight).toStrictEqual({
      runId,
      startedAt: at,
      before: [],
      writes: [{ plan: plan([a, b]), claimed: [b] }],
    });
    expect(removalsNotBefore).toBe(later);
  });
});

describe('a refusal gives back what its own write claimed', () => {
  test('and nothing if no write is in flight', () => {
    expect(after(owning(a), { type: 'refused' })).toEqual(owning(a));
  });

  test('not what an earlier write of the same run claimed', () => {
    const state = after(owning(a), claimed([a, b]), claimed([a, b, c]), { type: 'refused' });

    expect(prefixesOf(state)).toEqual([a, b]);
    expect(state.run.inFlight?.writes.map(({ plan: { add } }) => add)).toEqual([[a, b]]);
  });

  test('the time of the removals before it comes back too', () => {
    const waiting = { ...owning(a), run: { outbox: [], removalsNotBefore: at } };

    expect(after(waiting, claimed([a, b])).run.removalsNotBefore).toBe(later);
    expect(after(waiting, claimed([a, b]), { type: 'refused' }).run.removalsNotBefore).toBe(at);
    expect(after(owning(a), claimed([a, b]), { type: 'refused' }).run).not.toHaveProperty('removalsNotBefore');
  });
});

describe('the time before which nothing is removed', () => {
  const waiting = { ...owning(a, b), run: { outbox: [], removalsNotBefore: at } };
  const removing = claimed([], { plan: plan([], [b]) });

  test('begins anew with a write that adds, and not with one that only removes', () => {
    expect(after(waiting, claimed([c])).run.removalsNotBefore).toBe(later);
    expect(after(waiting, removing).run.removalsNotBefore).toBe(at);
    expect(after(owning(a, b), removing).run).not.toHaveProperty('removalsNotBefore');
  });

  test('is that of the write once the rules were read back, and none if removals need not wait', () => {
    expect(after(waiting, claimed([c]), written([a, b, c])).run.removalsNotBefore).toBe(later);
    expect(after(waiting, { type: 'written' }).run).not.toHaveProperty('removalsNotBefore');
  });
});

describe('records', () => {
  test('are owed in their order, each linked to the one before, and none is overwritten', () => {
    const [one, two] = [record(at), record(later)];

    const state = after(owning(a), ended({ record: one }), ended({ record: two }));

    const [first, second] = state.run.outbox;
    expect(state.run.outbox.map(({ id }) => id)).toEqual([one.id, two.id]);
    expect(first).toMatchObject({ version: 1, sequence: 1 });
    expect(second).toMatchObject({ sequence: 2, previousHash: recordHash(first!) });
  });

  test('what the ledger has is owed no more, and is the head', () => {
    const state = after(owning(a), ended({ record: record(at) }), ended({ record: record(later) }));
    const [first, second] = state.run.outbox;

    const settled = after(state, { type: 'recorded', record: first! });

    expect(settled.run.outbox).toEqual([second]);
    expect(settled.run.ledgerHead).toEqual({ runId: first?.id, hash: recordHash(first!), count: 1 });
  });

  test('of a run that was found dead leave the last result as it is', () => {
    const state = after(owning(a), claimed([b]), ended({ record: record(at) }));

    expect(state.run.lastResult).toBeUndefined();
    expect(state.run.recorded).toBeUndefined();
    expect(state.run.inFlight).toBeUndefined();
  });

  test('are owed by a decision and by a state that was made anew of the ledger', () => {
    const change = { paused: { by: 'Ada', at } };

    expect(after(owning(a), { type: 'prepared', change, record: record(at) })).toMatchObject({
      ownership: owning(a).ownership,
      run: { outbox: [{ id: record(at).id, sequence: 1 }] },
    });
    expect(after(owning(a), { type: 'restored', state: owning(b), record: record(at) })).toMatchObject({
      ownership: owning(b).ownership,
      run: { outbox: [{ id: record(at).id, sequence: 1 }] },
    });
  });
});

describe('the end of a run', () => {
  test('leaves the write of another run in flight', () => {
    expect(after(owning(a), claimed([b]), ended({ runId: 'another' })).run.inFlight?.runId).toBe(runId);
  });

  test('stores what the run saw, and the news that its record tells', () => {
    const seen = { snapshot: 's', missing: [], absent: [], byOthers: [a] };
    const capacity = { used: 3, limit: 200, history: [] };
    const result = resultOf('applied', 'inSync', at);

    const first = after(
      owning(a),
      ended({ result, seen, capacity, deadlineAnnounced: '2026-11-23', record: record(at) }),
    );
    const recorded = { at, outcome: 'applied', news: newsOf(result) };
    expect(first.run).toMatchObject({ seen, capacity, recorded, deadlineAnnounced: '2026-11-23' });
    // A later run that saw nothing and has no record changes nothing of it.
    const next = after(first, ended({ result: resultOf('unchanged', 'inSync', later) }));
    expect(next.run).toEqual({ ...first.run, lastResult: { ...next.run.lastResult, at: later } });
  });

  test('of a target that selects other tags stores since when', () => {
    const selection = { hash: 'h', since: at };

    expect(after(owning(a), observed([a], { selection })).selection).toEqual(selection);
  });
});

describe('news', () => {
  const [held, failed] = [resultOf('held', 'held', at), resultOf('failed', 'failed', at)];
  const reason = (code: Reason['code']): Reason => ({ code, message: `Because of ${code}.` });

  test('are another outcome, another plan or other reasons', () => {
    const results = [
      held,
      { ...held, planId: 'f'.repeat(64) },
      { ...held, reasons: [reason('widestPrefix')] },
      { ...held, reasons: [reason('removalLimit')] },
      resultOf('pending', 'pending', at),
    ];

    expect(new Set(results.map(newsOf)).size).toBe(results.length);
    expect(newsOf({ ...held, at: later, runId: 'another' })).toBe(newsOf(held));
  });

  test('are none if an update has the same error again, whether it is tried again or has failed', () => {
    const error = (id: string, seconds: number) => `Azure did not answer in ${seconds} s (request ${id})`;
    const first = { ...failed, error: error('0123abcd-99', 30), reasons: [reason('failed')] };

    expect(newsOf({ ...resultOf('pending', 'pending', later), error: error('89abcdef-01', 5) })).toBe(newsOf(first));
    expect(newsOf({ ...first, error: 'Azure refused the change' })).not.toBe(newsOf(first));
    expect(newsOf(failed)).not.toBe(newsOf(first));
  });

  test('of a blocked target are its reasons, not its error', () => {
    const blocked = { ...resultOf('blocked', 'blocked', at), error: 'no access', reasons: [reason('foreignRule')] };

    expect(newsOf({ ...blocked, error: 'no such rule' })).toBe(newsOf(blocked));
    expect(newsOf({ ...blocked, reasons: [reason('otherOwner')] })).not.toBe(newsOf(blocked));
  });
});

describe('what people said', () => {
  const pin = { snapshot: 'Public-20261116-1-0123456789ab', by: 'Ada', at };
  const paused = { by: 'Ada', at };
  const approval: RecordedApproval = {
    planId: 'f'.repeat(64),
    by: 'Ada',
    at,
    snapshot: 's',
    newest: 's',
    configHash: 'h',
    add: [a],
    remove: [b],
    record: runId,
  };
  const approved = { ...owning(c), operator: { approval } };
  const say = (state: TargetState, change: Extract<StateEvent, { type: 'prepared' }>['change']) =>
    after(state, { type: 'prepared', change }).operator;

  test('a rollback ends an approval, a pause does not', () => {
    expect(say(approved, { pin })).toEqual({ pin });
    expect(say(approved, { paused })).toEqual({ paused, approval });
  });

  test('another approval replaces the one before, and lifts neither pin nor pause', () => {
    const next = { ...approval, planId: 'e'.repeat(64) };

    expect(say({ ...approved, operator: { pin, paused, approval } }, { approval: next })).toEqual({
      pin,
      paused,
      approval: next,
    });
  });

  test('resuming lifts pin and pause; an approval of the pinned list ends with the pin', () => {
    expect(say({ ...approved, operator: { paused, approval } }, 'resumed')).toEqual({ approval });
    expect(say({ ...approved, operator: { pin, paused, approval } }, 'resumed')).toEqual({});
  });

  test.each([
    ['the addition is done', [a, b], { add: [], remove: [b] }],
    ['neither is done', [b], { add: [a], remove: [b] }],
    ['the removal is done', [], { add: [a], remove: [] }],
    ['all of it is done', [a], undefined],
  ])('an approval where %s', (_, live, left) => {
    const state = after(approved, observed([c], { approval: { isValid: true, live } }));

    expect(state.operator.approval).toEqual(left && { ...approval, ...left });
  });

  test('an approval that does not hold any more is forgotten', () => {
    expect(after(approved, observed([c], { approval: { isValid: false, live: [] } })).operator).toEqual({});
  });

  test('the same resource, or the first: all stays, and the rules are spelled as the targets file spells them', () => {
    const bound: StateEvent = { type: 'bound', resourceId: '/one', spelled: (rule) => rule.toLowerCase() };
    const expected = { ...approved, resourceId: '/one', ownership: { ...approved.ownership, rules: ['allowacr'] } };

    expect(after({ ...approved, resourceId: '/one' }, bound)).toEqual(expected);
    expect(after(approved, bound)).toEqual(expected);
  });

  test('another resource: nothing there is ours; what people said and the chain stay', () => {
    const head = { runId, hash: 'a'.repeat(64), count: 3 };
    const before: TargetState = {
      ...approved,
      resourceId: '/one',
      operator: { pin, paused, approval },
      run: { outbox: [], ledgerHead: head, removalsNotBefore: at },
    };

    const state = after(before, { type: 'bound', resourceId: '/two', spelled: (rule) => rule });

    expect(state).toEqual({
      ...emptyState('web', 'owner'),
      resourceId: '/two',
      operator: { pin, paused },
      run: { outbox: [], ledgerHead: head },
    });
  });
});

describe('since when a target has its status', () => {
  const result = (status: TargetStatus, time: string): StateEvent =>
    ended({ result: resultOf('unchanged', status, time) });

  test('the same status once more goes on', () => {
    expect(after(owning(a), result('held', at), result('held', later)).run.lastResult?.since).toBe(at);
  });

  test('pending, failed and pending again is one trouble; what ends it begins anew', () => {
    const troubled = after(
      owning(a),
      result('inSync', at),
      result('pending', later),
      result('failed', '2026-11-23T07:00:00.000Z'),
    );

    expect(troubled.run.lastResult?.since).toBe(later);
    expect(after(troubled, result('held', '2026-11-23T08:00:00.000Z')).run.lastResult?.since).toBe(
      '2026-11-23T08:00:00.000Z',
    );
    expect(after(troubled, result('pending', '2026-11-23T08:00:00.000Z')).run.lastResult?.since).toBe(later);
  });
});
