/** Every first sentence and every card of the page, and every description of an alert. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { targetCards, type CardInput } from '../../src/core/overview/cards.ts';
import { headlineOf, type HeadlineInput } from '../../src/core/overview/headline.ts';
import type { Card, Now } from '../../src/core/overview/overview.ts';
import { targetRow } from '../../src/core/overview/targetRow.ts';
import type { Plan } from '../../src/core/plan/plan.ts';
import type { Reason } from '../../src/core/reasons.ts';
import type { TargetStatus } from '../../src/core/targets/targetState.ts';
import { lastResult, makeState } from '../app/api/fakes.ts';
import { nsgTarget, openLimits, planOf, registryTarget, stateOwning } from '../core/plan/planFixtures.ts';
import { faultsOf } from './messageRules.ts';

const now = new Date('2026-01-10T12:00:00Z');
const target = nsgTarget();
const [a, b, wide] = ['20.42.0.0/24', '20.42.2.0/24', '20.64.0.0/13'];

function inputOf(status: TargetStatus, more: Partial<CardInput> = {}): CardInput {
  const base = {
    target,
    state: makeState({ run: { outbox: [], lastResult: { ...lastResult, status } } }),
    status,
    reasons: [] as readonly Reason[],
    missing: [],
    hasDeadline: true,
    plan: undefined as Plan | undefined,
    ...more,
  };
  return { ...base, row: targetRow(base, undefined, now) };
}

const describePrefix = () => ({
  tag: 'AzureContainerRegistry.WestEurope',
  region: 'West Europe',
  firstListed: '2026-01-05',
  deadline: null,
});
const blocked: readonly Reason[] = [
  { code: 'notFound', message: `${target.resourceId} does not exist: correct resourceId or remove the target` },
];
const overdue = { missing: [{ prefix: a, published: '2025-12-29' }] };
const tight = registryTarget({ capacity: { maxRules: 1, fit: 'exact', maxExtraAddresses: 0 }, limits: openLimits });

const cards: Readonly<Record<Card['kind'], CardInput>> = {
  approval: inputOf('held', { plan: planOf({ target, desired: [a, wide], live: [a], state: stateOwning([a]) }).plan }),
  doesNotFit: inputOf('held', {
    target: tight,
    plan: planOf({ target: tight, desired: [a, b], live: [], state: stateOwning([]) }).plan,
  }),
  overdue: inputOf('pending', overdue),
  blocked: inputOf('blocked', { reasons: blocked, ...overdue }),
  failed: inputOf('failed', {
    reasons: [
      { code: 'failed', message: 'The update of hooks failed: Nobody: knows. The app tries again within the hour.' },
    ],
  }),
};

describe('a card', () => {
  test.each(Object.entries(cards))('%s', (kind, input) => {
    const [card, ...others] = targetCards(input, describePrefix, now);

    expect(others).toEqual([]);
    expect(card?.kind).toBe(kind);
    const text = [card?.title, ...(card?.text ?? [])].join(' ');
    expect(faultsOf(text, ['hooks', 'It ', 'listed prefix'])).toEqual([]);
  });

  test('of a blocked target names what the target lacks', () => {
    const [card] = targetCards(cards.blocked, describePrefix, now);

    expect(card).toMatchObject({
      title: 'Blocked: the app can write nothing to it. It lacks 1 listed prefix:',
      items: [{ prefix: a, region: 'West Europe', addresses: '256', firstListed: '2025-12-29' }],
      itemCount: 1,
    });
  });
});

const row = (status: TargetStatus, more: Partial<CardInput> = {}) => inputOf(status, more).row;
const list = {
  snapshot: 's',
  released: '2026-01-05',
  fetchedAt: '2026-01-10T06:00:00Z',
  officialPage: 'https://example.org/file',
  isPullFailed: false,
  sources: [{ source: 'download', status: 'healthy' }],
  disagreements: 0,
};
const calm: HeadlineInput = {
  targets: [row('inSync'), row('inSync')],
  list,
  overduePrefixes: 0,
  decisions: 0,
  isStorageDown: false,
  updatesPaused: false,
  isTargetsFileMissing: false,
  quarantines: [],
  goneTags: [],
  now,
};

const headlines: Readonly<Record<Now['state'], HeadlineInput>> = {
  calm,
  updating: { ...calm, targets: [row('inSync'), row('pending')] },
  waiting: { ...calm, decisions: 2 },
  overdue: { ...calm, targets: [row('pending', overdue)], overduePrefixes: 1, decisions: 1 },
  blocked: { ...calm, targets: [row('inSync'), row('blocked'), row('failed'), row('noEffect')], decisions: 3 },
  listStandsStill: { ...calm, list: { ...list, released: '2025-12-01' } },
  storageDown: { ...calm, targets: null, isStorageDown: true },
  noList: { ...calm, list: { ...list, released: null } },
};

describe('the first sentence', () => {
  test.each(Object.entries(headlines))('%s', (state, input) => {
    const { state: found, sentence, details } = headlineOf(input);

    expect(found).toBe(state);
    const isFine = state === 'calm' || state === 'updating';
    const faults = faultsOf([sentence, ...details].join(' '), ['target', 'targets', 'list']);
    expect(faults.filter((fault) => !isFine || !fault.startsWith('no next step'))).toEqual([]);
  });

  test('each detail beside it', () => {
    const sources = [{ source: 'download', status: 'failed' }, ...list.sources];
    const { details } = headlineOf({
      ...calm,
      targets: [row('inSync'), row('planOnly', { target: nsgTarget({ policy: 'plan' }) }), row('paused')],
      updatesPaused: true,
      isTargetsFileMissing: true,
      list: { ...list, isPullFailed: true, sources, disagreements: 1 },
    });

    expect(details).toHaveLength(6);
    expect(
      details
        .flatMap((detail) => faultsOf(detail, ['preview only', 'source']))
        .filter((fault) => !fault.startsWith('no next')),
    ).toEqual([]);
  });
});

describe('an alert', () => {
  const bicep = readFileSync(path.resolve(import.meta.dirname, '../../infra/modules/alerts.bicep'), 'utf8');
  const alerts = [...bicep.matchAll(/^ {4}name: '([a-z-]+)'$.*?^ {4}description: '([^\n]+)'$/gms)];

  test('has a description', () => expect(alerts.length).toBe([...bicep.matchAll(/^ {4}query: /gm)].length));

  test.each(alerts.map(([, name = '', description = '']) => [name, description]))('%s', (_, description) => {
    // The two links follow it: what is wrong, and what to do.
    const shown = `${description} See what is wrong: https://example.org/api/dashboard What to do: https://example.org/api/runbook`;

    expect(faultsOf(shown, ['target', 'source', 'API', 'Health', 'registry', 'Updates', 'webhook'])).toEqual([]);
  });
});
