/** What becomes of a row, line by line of the table; and what is listed but not let in. */
import { describe, expect, test } from '@jest/globals';
import { decide, type DecisionContext, type Fate } from '../../../src/core/plan/decide.ts';
import type { Row } from '../../../src/core/plan/own.ts';
import type { PlanItem } from '../../../src/core/plan/plan.ts';
import { sameAddresses } from '../../../src/core/prefixes.ts';
import { defaultLimits } from '../../../src/core/targets/target.ts';
import {
  absence,
  emptyState,
  nsgTarget,
  openLimits,
  over,
  planOf,
  registryTarget,
  stateOwning,
  type PlanCase,
} from './planFixtures.ts';

const prefix = '20.1.0.0/24';
const listed: Row = { prefix, listed: { prefix, tag: 'AzureContainerRegistry' }, isOwned: false, isApproved: false };
const ours: Row = { prefix, live: 'ours', isOwned: true, isApproved: false };
const others: Row = { prefix, live: 'others', isOwned: false, isApproved: false };
const gone = absence(prefix, { since: '2026-01-01T00:00:00.000Z' });
const due = over(prefix);

function fateOf(row: Row, overrides: Partial<DecisionContext> = {}): Fate | undefined {
  const context: DecisionContext = {
    target: nsgTarget(),
    removalBlockers: [],
    isPinned: false,
    isForeignRule: false,
    now: new Date('2026-01-10T00:00:00Z'),
    ...overrides,
  };
  return decide([row], context)[0]?.fate;
}

const addOnly = { target: nsgTarget({ policy: 'addOnly' }) };
const blocked = { removalBlockers: [{ code: 'unreadablePrefix', message: '' }] } as const;
const days = { since: '2025-12-27T00:00:00.000Z' };

describe('a row that is listed', () => {
  test.each<[string, Row, Fate]>([
    ['and in our rules is kept', { ...listed, live: 'ours', isOwned: true }, { is: 'keep' }],
    ['and allowed by others is theirs', { ...listed, live: 'others' }, { is: 'others' }],
    [
      'and special-purpose never goes in, approved or not',
      { ...listed, isApproved: true, isOwned: true, special: { range: '10.0.0.0/8', name: 'private use' } },
      { is: 'neverAllowed', change: 'add', why: 'specialPurpose' },
    ],
    [
      'and was let in before goes in, however wide',
      { ...listed, isOwned: true, wideBlock: '20.0.0.0/8' },
      { is: 'add' },
    ],
    ['and is approved goes in, however wide', { ...listed, isApproved: true, wideBlock: '20.0.0.0/8' }, { is: 'add' }],
    [
      'and too wide waits',
      { ...listed, wideBlock: '20.0.0.0/8' },
      { is: 'needsApproval', change: 'add', why: 'widestPrefix' },
    ],
    ['goes in', listed, { is: 'add' }],
  ])('%s', (_, row, fate) => {
    expect(fateOf(row)).toEqual(fate);
  });
});

describe('a row of others that is not listed', () => {
  test.each<[string, Row, Partial<DecisionContext>, Fate]>([
    [
      'is left alone beside ours, approved or not',
      { ...others, isApproved: true },
      { target: registryTarget() },
      { is: 'others' },
    ],
    ['is left alone if the rule may be another’s', others, { isForeignRule: true }, { is: 'others' }],
    ['leaves a rule of ours once that is approved', { ...others, isApproved: true }, {}, { is: 'remove' }],
    ['stays under policy addOnly', others, addOnly, { is: 'others' }],
    ['waits', others, {}, { is: 'needsApproval', change: 'remove', why: 'foreignInOwnedRule' }],
  ])('%s', (_, row, context, fate) => {
    expect(fateOf(row, context)).toEqual(fate);
  });
});

describe('a row of ours that is not listed', () => {
  const grace: Fate = { is: 'kept', why: 'removalGrace', until: '2026-01-15T00:00:00.000Z', releases: 2 };

  test.each<[string, Row, Partial<DecisionContext>, Fate]>([
    [
      'stays under policy addOnly, approved or not',
      { ...ours, absence: due, isApproved: true },
      addOnly,
      { is: 'kept', why: 'addOnly' },
    ],
    [
      'leaves if that is approved, blocked or not',
      { ...ours, absence: gone, isApproved: true },
      blocked,
      { is: 'remove' },
    ],
    [
      'waits while nothing may be removed, once its days are over',
      { ...ours, absence: due },
      blocked,
      { is: 'needsApproval', change: 'remove', why: 'unreadablePrefix' },
    ],
    [
      'also if only the pinned list lacks it',
      ours,
      { ...blocked, isPinned: true },
      { is: 'needsApproval', change: 'remove', why: 'unreadablePrefix' },
    ],
    [
      'stays while nothing may be removed, before that',
      { ...ours, absence: gone },
      blocked,
      { is: 'kept', why: 'unreadablePrefix' },
    ],
    ['stays while nothing may be removed, whatever its days', ours, blocked, { is: 'kept', why: 'unreadablePrefix' }],
    [
      'is counted from the quarantine if the trusted list has it',
      ours,
      { ...blocked, removalsBlockedSince: '2025-12-27T00:00:00.000Z' },
      { is: 'needsApproval', change: 'remove', why: 'unreadablePrefix' },
    ],
    [
      'leaves at once if it is young',
      { ...ours, absence: { ...gone, listedReleases: 1 } },
      {},
      { is: 'remove', isUncounted: true },
    ],
    [
      'is young, pinned or not',
      { ...ours, absence: { ...gone, listedReleases: 0 } },
      { isPinned: true },
      { is: 'remove', isUncounted: true },
    ],
    [
      'is not young after as many releases as confirm a removal',
      { ...ours, absence: { ...gone, listedReleases: 2 } },
      {},
      grace,
    ],
    ['leaves if only the pinned list lacks it', ours, { isPinned: true }, { is: 'remove' }],
    [
      'stays while the target is pinned, however long it is gone',
      { ...ours, absence: due },
      { isPinned: true },
      { is: 'kept', why: 'pinned' },
    ],
    ['stays if the trusted list has it', ours, {}, { is: 'kept', why: 'removalGrace' }],
    ['stays in its grace period', { ...ours, absence: gone }, {}, grace],
    [
      'stays until the very last millisecond',
      { ...ours, absence: { ...due, ...days } },
      { now: new Date('2026-01-09T23:59:59.999Z') },
      { ...grace, until: '2026-01-10T00:00:00.000Z', releases: 0 },
    ],
    ['leaves from then on', { ...ours, absence: { ...due, ...days } }, {}, { is: 'remove' }],
    [
      'stays until enough releases confirm it',
      { ...ours, absence: { ...due, confirmations: 1 } },
      {},
      { is: 'kept', why: 'removalGrace', until: '2025-12-15T00:00:00.000Z', releases: 1 },
    ],
    [
      'waits if it has come back twice',
      { ...ours, absence: { ...due, returns: 2 } },
      {},
      { is: 'needsApproval', change: 'remove', why: 'flapping' },
    ],
    ['leaves if it has come back once', { ...ours, absence: { ...due, returns: 1 } }, {}, { is: 'remove' }],
    ['is not asked about before its time', { ...ours, absence: { ...gone, returns: 2 } }, {}, grace],
  ])('%s', (_, row, context, fate) => {
    expect(fateOf(row, context)).toEqual(fate);
  });
});

describe('what is listed and special-purpose', () => {
  const fateIn = (desired: string, overrides: Partial<PlanCase> = {}) =>
    planOf({ target: nsgTarget({ limits: openLimits }), desired: [desired], live: [], state: emptyState, ...overrides })
      .plan;

  test.each([
    ['10.1.0.0/24', 'private use'],
    ['127.0.0.0/30', 'loopback'],
    ['192.0.2.0/24', 'documentation (TEST-NET-1)'],
    ['224.0.0.0/24', 'multicast'],
    ['fd00::/64', 'unique local'],
    ['2001:db8::/120', 'documentation'],
    ['0.0.0.0/0', 'this network'],
    ['::/0', 'unspecified address'],
  ])('%s never goes in', (special, name) => {
    const { items, reasons, verdict } = fateIn(special);

    expect(items.map(({ fate }) => fate)).toEqual(['neverAllowed']);
    expect(reasons[0]?.message).toContain(`${special} `);
    expect(reasons[0]?.message).toContain(`(${name}): special-purpose addresses are never allowed, approved or not.`);
    expect(verdict).toBe('held');
  });

  test('is refused whole: what of it is ordinary too, and what is left of it beside live rules', () => {
    const { items } = fateIn('192.0.0.0/22', {
      live: ['192.0.0.0/24', '192.0.2.0/24'],
      state: stateOwning(['192.0.0.0/24', '192.0.2.0/24']),
    });

    expect(items.map((item) => `${item.prefix} ${item.fate}`)).toEqual([
      '192.0.0.0/24 keep',
      '192.0.1.0/24 neverAllowed',
      '192.0.2.0/24 keep',
      '192.0.3.0/24 neverAllowed',
    ]);
  });
});

describe('widestPrefix', () => {
  const limits = { ...openLimits, widestPrefix: { ipv4: 20, ipv6: 112 } };
  const itemsOf = (desired: readonly string[], overrides: Partial<PlanCase> = {}): readonly PlanItem[] =>
    planOf({ target: nsgTarget({ limits }), desired, live: [], state: emptyState, ...overrides }).plan.items;
  const fates = (items: readonly PlanItem[]): string[] => items.map(({ fate }) => fate);
  const added = (prefixes: readonly string[]): Partial<PlanCase> => ({
    overrides: { listed: prefixes.map((one) => ({ prefix: one, tag: 'AzureContainerRegistry', isAddition: true })) },
  });

  test.each([
    ['20.1.0.0/20', 'add'],
    ['20.0.0.0/19', 'needsApproval'],
    ['2603:1030::/112', 'add'],
    ['2603:1030::/111', 'needsApproval'],
  ])('%s: %s', (desired, fate) => {
    expect(fates(itemsOf([desired]))).toEqual([fate]);
  });

  test('says how wide, since when, from when on it may be used, and what to do', () => {
    const wide = { prefix: '104.40.0.0/13', tag: 'AzureContainerRegistry.WestEurope', region: 'westeurope' };
    const firstListed = { date: '2026-09-07', seenAt: '2026-09-08T06:00:00.000Z' };
    const [item] = itemsOf([], { overrides: { listed: [{ ...wide, firstListed }] } });

    expect(item).toEqual({
      ...wide,
      addresses: 524_288,
      fate: 'needsApproval',
      change: 'add',
      why: {
        code: 'widestPrefix',
        message:
          '104.40.0.0/13 (524,288 addresses, West Europe, listed since 7 Sep 2026) is wider than your limit /20 (widestPrefix), so it waits for approval. Azure may use it from 14 Sep 2026. Approve the plan if Microsoft really released it.',
      },
      since: null,
      firstListed: '2026-09-07',
      deadline: '2026-09-14T00:00:00.000Z',
      until: null,
    });
  });

  const neighbours = Array.from({ length: 16 }, (_, index) => `60.0.${index * 16}.0/20`);

  test.each<[string, PlanCase['target']]>([
    ['an NSG', nsgTarget({ limits })],
    ['a registry', registryTarget({ limits })],
  ])('is measured with the neighbours that the list got as well: %s', (_, target) => {
    const items = itemsOf([], { target, ...added(neighbours) });

    expect(new Set(fates(items))).toEqual(new Set(['needsApproval']));
    expect(items[0]?.why?.message).toContain(
      '60.0.0.0/20 (4,096 addresses) is part of 60.0.0.0/16 with the listed neighbours, which is wider than your limit /20',
    );
  });

  test('one neighbour is enough, and those that are let in already stay', () => {
    const [one = '', other = ''] = neighbours;
    const items = itemsOf([], { ...added([one, other]), live: [one], state: stateOwning([one]) });

    expect(fates(items)).toEqual(['keep', 'needsApproval']);
  });

  test('neighbours that are no wider together go in', () => {
    expect(fates(itemsOf([], added(['60.0.0.0/21', '60.0.8.0/21'])))).toEqual(['add', 'add']);
  });

  test('is not measured so over what the list had from the start', () => {
    expect(new Set(fates(itemsOf(neighbours)))).toEqual(new Set(['add']));
  });

  test.each<[string, string, string, readonly string[]]>([
    ['is let in if the outer one waits', '20.0.0.0/19', '20.0.16.0/20', ['20.0.16.0/20']],
    ['waits with it if it is too wide itself', '20.0.0.0/16', '20.0.0.0/19', []],
    ['is let in if the outer one is never allowed', '10.0.0.0/7', '11.0.0.0/24', ['11.0.0.0/24']],
    ['is refused with it if it is special itself', '10.0.0.0/7', '10.1.0.0/24', []],
  ])('a prefix listed inside of another %s', (_, outer, nested, allowed) => {
    const items = itemsOf([outer], { overrides: { nested: [nested] } });
    const of = (isAdded: boolean) =>
      items.filter(({ fate }) => (fate === 'add') === isAdded).map((item) => item.prefix);

    expect(of(true)).toEqual(allowed);
    expect(sameAddresses([...of(true), ...of(false)], [outer])).toBe(true);
  });

  test('an approval of a part lets in that part', () => {
    const approval = { planId: 'x', by: 'me', at: '', snapshot: '', configHash: '', add: ['20.0.4.0/24'], remove: [] };
    const { plan } = planOf({
      target: nsgTarget({ limits: { ...defaultLimits } }),
      desired: ['20.0.0.0/16'],
      live: [],
      state: { ...emptyState, approval },
    });

    expect(plan.add).toEqual(['20.0.4.0/24']);
    expect(plan.held.add[0]).toBe('20.0.0.0/22');
  });
});
