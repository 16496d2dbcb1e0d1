import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  countAddresses,
  includesAll,
  intersectPrefixes,
  parsePrefix,
  subtractPrefixes,
} from '../../../src/core/prefixes.ts';
import { absences } from '../../../src/core/history/absences.ts';
import { firstListed } from '../../../src/core/history/dates.ts';
import { growth, type GrowthLimits } from '../../../src/core/history/growth.ts';
import type { History, Scope } from '../../../src/core/history/history.ts';
import { releasedToFeeds } from '../../../src/core/history/releasedToFeeds.ts';
import { acr, families, historyOf, wholeTag, type FixtureRelease } from './historyFixtures.ts';

const runs = { numRuns: 20, endOnFailure: true };
const [west, north] = [`${acr}.WestEurope`, `${acr}.NorthEurope`];
const both = { tags: [west, north], families };

/** So many that what the small space loses is no reason for a quarantine. */
const rest = Array.from({ length: 300 }, (_, index) => `40.${index >> 8}.${index & 255}.0/24`);
const blocks = Array.from({ length: 16 }, (_, index) => `20.1.0.${index * 16}/28`);

/** Prefixes of a small space: splits, merges, nested and equal ones happen often. */
const small = fc
  .tuple(fc.integer({ min: 0, max: 15 }), fc.integer({ min: 25, max: 28 }))
  .map(([block, length]) => parsePrefix(`20.1.0.${block * 16}/${length}`).text);
const smallList = fc.uniqueArray(small, { maxLength: 4 });

interface World {
  readonly lists: readonly { readonly west: string[]; readonly north: string[] }[];
  readonly releases: readonly FixtureRelease[];
}

const world: fc.Arbitrary<World> = fc
  .array(
    fc.record({
      west: smallList,
      north: smallList,
      days: fc.constantFrom(0, 0, 7, 7, 7, 30),
      addsOnly: fc.boolean(),
      rejected: fc.constantFrom(false, false, false, true),
    }),
    { minLength: 2, maxLength: 9 },
  )
  .map((steps) => {
    let day = Date.UTC(2026, 0, 5);
    const releases = steps.map(({ days, addsOnly, rejected, ...lists }, index): FixtureRelease => {
      day += days * 86_400_000;
      return {
        date: new Date(day).toISOString().slice(0, 10),
        seenAt: new Date(day + index * 60_000).toISOString(),
        lists: { [west]: [...rest, ...lists.west], [north]: lists.north.length > 0 ? [...rest, ...lists.north] : rest },
        ...(addsOnly && index > 0 && { addsOnly: true }),
        ...(rejected && index > 0 && { rejected: true }),
      };
    });
    return { lists: steps, releases };
  });

/** What happens to one block of addresses, told release by release. */
function modelOf({ lists, releases }: World, block: string) {
  const counted = releases.flatMap((release, index) => (release.rejected ? [] : [{ release, list: lists[index] }]));
  const listed = counted.map(({ list }) => includesAll([...(list?.west ?? []), ...(list?.north ?? [])], [block]));
  const lastChange = listed.reduce((at, is, index) => (index > 0 && is !== listed[index - 1] ? index : at), 0);
  const from = counted[lastChange]?.release;
  const later = counted.slice(lastChange + 1).filter(({ release }) => !release.addsOnly);
  return {
    isListed: listed.at(-1),
    wasListed: listed.includes(true),
    since: from?.seenAt,
    date: from?.date,
    confirmations: new Set(later.map(({ release }) => release.date).filter((date) => date !== from?.date)).size,
  };
}

const isUntroubled = (history: History) => [west, north].every((tag) => history.trust(tag)?.untrusted.size === 0);

describe('block for block', () => {
  test('absences and first listed are as a model of single blocks tells them', () => {
    let exercised = 0;
    fc.assert(
      fc.property(world, (made) => {
        const history = historyOf(...made.releases);
        fc.pre(isUntroubled(history));
        const found = absences(history, both, blocks);
        for (const block of blocks) {
          const model = modelOf(made, block);
          const absence = found.filter(({ prefix }) => intersectPrefixes([prefix], [block]).length > 0);
          expect(absence).toHaveLength(model.isListed ? 0 : 1);
          const [listed] = firstListed(history, both, [block]);
          if (model.isListed) expect(listed?.release.date).toBe(model.date);
          if (model.isListed || !model.wasListed) continue;
          exercised += 1;
          expect(absence[0]).toMatchObject({ since: model.since, confirmations: model.confirmations });
        }
      }),
      runs,
    );
    expect(exercised).toBeGreaterThan(runs.numRuns);
  });

  test('what is absent and what is listed together are what was asked for', () => {
    fc.assert(
      fc.property(world, smallList, (made, asked) => {
        const history = historyOf(...made.releases);
        const missing = absences(history, both, asked).map(({ prefix }) => prefix);
        const counted = made.releases.findLastIndex(({ rejected }) => !rejected);
        const now = made.lists[counted];
        fc.pre(isUntroubled(history));
        expect(countAddresses(missing, 'ipv4')).toBe(
          countAddresses(subtractPrefixes(asked, [...(now?.west ?? []), ...(now?.north ?? [])]), 'ipv4'),
        );
      }),
      runs,
    );
  });
});

/** Hostile lists: any number of prefixes of any size, in any rhythm, with retreats and returns. */
const hostile = fc.array(
  fc.record({
    hours: fc.constantFrom(1, 5, 24, 24 * 6, 24 * 20),
    from: fc.integer({ min: 0, max: 40 }),
    count: fc.integer({ min: 0, max: 30 }),
    length: fc.constantFrom(16, 19, 20, 20, 22, 24),
    keeps: fc.boolean(),
    newDate: fc.boolean(),
    vanishes: fc.constantFrom(false, false, false, true),
  }),
  { minLength: 3, maxLength: 14 },
);
type Hostile = typeof hostile extends fc.Arbitrary<infer T> ? T : never;

function attack(steps: Hostile, tag = acr, honest: readonly string[] = rest.slice(0, 40)) {
  let time = Date.UTC(2026, 0, 5);
  let date = time;
  let lookedAt = time;
  let list: string[] = [];
  return [
    { date: '2026-01-05', seenAt: new Date(time).toISOString(), lists: { [tag]: honest } },
    ...steps.map(({ hours, from, count, length, keeps, newDate, vanishes }): FixtureRelease => {
      time += hours * 3_600_000;
      if (newDate) date += 86_400_000;
      const fresh = Array.from({ length: count }, (_, index) => `20.${(from + index) * 3}.0.0/${length}`);
      list = [...new Set([...(keeps ? list : []), ...fresh])];
      // Somebody pulls every hour, whatever is listed.
      lookedAt = time - 3_600_000;
      return {
        date: new Date(date).toISOString().slice(0, 10),
        seenAt: new Date(time).toISOString(),
        lookedAt: new Date(lookedAt).toISOString(),
        lists: vanishes ? {} : { [tag]: [...honest, ...list] },
      };
    }),
  ];
}

describe('whatever the lists say, over any 28 days', () => {
  /** What was opened in each release, if everything that is let in is let in at once. */
  function openedIn(history: History, openAt: (then: History) => readonly string[]) {
    // A tag that vanished and comes back opens nothing that was not open before.
    let before: readonly string[] | undefined;
    return history.releases.map(({ snapshot, seenAt }) => {
      const then = history.until(snapshot);
      const open = then ? openAt(then) : [];
      const added = before ? subtractPrefixes(open, before) : [];
      before = [...(before ?? []), ...open];
      return { at: Date.parse(seenAt), addresses: Number(countAddresses(added, 'ipv4')) };
    });
  }

  /** All that was ever listed but for what is absent now: a quarantine keeps what the list has dropped. */
  function openInTarget(then: History, scope: Scope, limits: GrowthLimits): string[] {
    const ever = scope.tags.flatMap((tag) => then.tag(tag)?.steps.flatMap(({ add }) => add) ?? []);
    const absent = absences(then, scope, ever).map(({ prefix }) => prefix);
    const { beyondBudget } = growth(then, scope, limits, new Date(then.newest?.seenAt ?? ''));
    return subtractPrefixes(ever, [...absent, ...beyondBudget.map(({ prefix }) => prefix)]);
  }

  function mostIn28Days(opened: ReturnType<typeof openedIn>): number {
    return Math.max(
      ...opened.map(({ at }) =>
        opened
          .filter((other) => other.at <= at && other.at > at - 28 * 86_400_000)
          .reduce((sum, { addresses }) => sum + addresses, 0),
      ),
    );
  }

  test('a feed opens no more than the budget', () => {
    let reached = 0;
    fc.assert(
      fc.property(hostile, (steps) => {
        const most = mostIn28Days(
          openedIn(historyOf(...attack(steps)), (then) => releasedToFeeds(then, acr)?.served ?? []),
        );
        expect(most).toBeLessThanOrEqual(32_768);
        if (most > 16_384) reached += 1;
      }),
      { numRuns: 40, endOnFailure: true },
    );
    // The law is about lists that ask for more.
    expect(reached).toBeGreaterThan(10);
  });

  describe('of a tag that may grow by a tenth: no more than that of what was trusted when they began', () => {
    const tag = 'Storage';
    const scope = { tags: [tag], families };
    const honest = Array.from({ length: 8 }, (_, index) => `40.${index * 8}.0.0/14`);
    const size = Number(countAddresses(honest, 'ipv4'));
    const limit = 28 * 86_400_000;

    const openInFeed = (then: History): readonly string[] => releasedToFeeds(then, tag)?.served ?? [];
    test.each<[string, (then: History) => readonly string[]]>([
      ['a feed', openInFeed],
      ['a target', (then) => openInTarget(then, scope, {})],
    ])('%s', (_, openAt) => {
      let reached = 0;
      fc.assert(
        fc.property(hostile, (steps) => {
          const history = historyOf(...attack(steps, tag, honest));
          const opened = openedIn(history, openAt);
          // Feeds contain what is trusted. A target may have let in less.
          const trusted = openedIn(history, openInFeed);
          const sumOf = (part: typeof opened) => part.reduce((sum, { addresses }) => sum + addresses, 0);
          for (const { at } of opened) {
            const within = sumOf(opened.filter((other) => other.at <= at && other.at > at - limit));
            const budget = (size + sumOf(trusted.filter((other) => other.at <= at - limit))) / 10;
            expect(within).toBeLessThanOrEqual(budget);
            if (within > size / 20) reached += 1;
          }
        }),
        { numRuns: 30, endOnFailure: true },
      );
      expect(reached).toBeGreaterThan(10);
    });
  });

  test('a target opens no more than its own limit', () => {
    let reached = 0;
    fc.assert(
      fc.property(hostile, fc.constantFrom(256, 5_000, 20_000), (steps, maxAddedAddresses) => {
        const history = historyOf(...attack(steps));
        const opened = openedIn(history, (then) => openInTarget(then, wholeTag, { maxAddedAddresses }));
        const most = mostIn28Days(opened);
        expect(most).toBeLessThanOrEqual(maxAddedAddresses);
        if (most > maxAddedAddresses / 2) reached += 1;
      }),
      { numRuns: 40, endOnFailure: true },
    );
    expect(reached).toBeGreaterThan(10);
  });
});
