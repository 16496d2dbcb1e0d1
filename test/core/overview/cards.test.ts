import { expect, test } from '@jest/globals';
import { targetCards } from '../../../src/core/overview/cards.ts';
import { targetRow } from '../../../src/core/overview/targetRow.ts';
import { emptyState } from '../../../src/core/targets/targetState.ts';
import type { Target } from '../../../src/core/targets/target.ts';
import { nsgTarget, planOf, registryTarget, stateOwning } from '../plan/planFixtures.ts';

const now = new Date('2026-01-10T00:00:00Z');
const noRoom = { fate: 'doesNotFit', change: 'add' } as const;

/** What the card of a prefix without room says last. */
function lastSentence(target: Target, used: number, limit: number): string | undefined {
  const empty = emptyState(target.name, 'owner');
  const state = { ...empty, run: { ...empty.run, capacity: { used, limit, history: [] } } };
  const { plan } = planOf({ target, desired: ['20.1.0.0/24'], live: [], state: stateOwning([]) });
  const items = plan.items.map((item) => ({ ...item, ...noRoom }));
  const facts = { target, state, status: 'held', reasons: [], missing: [], hasDeadline: false } as const;
  const input = { ...facts, row: targetRow(facts, undefined, now), plan: { ...plan, items } };
  const describe = () => ({ tag: null, region: null, firstListed: null, deadline: null });
  return targetCards(input, describe, now)[0]?.text.at(-1);
}

test('a card about room says how much a target uses, and of what', () => {
  const help = 'An approval does not help: make room, or choose fewer regions.';

  expect(lastSentence(registryTarget(), 98, 100)).toBe(`${help} In use: 98 of 100 IP rules.`);
  expect(lastSentence(nsgTarget(), 3990, 4000)).toBe(`${help} In use: 3,990 of 4,000 prefixes.`);
});
