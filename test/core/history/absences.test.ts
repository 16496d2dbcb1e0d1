import { describe, expect, test } from '@jest/globals';
import { absences } from '../../../src/core/history/absences.ts';
import type { History } from '../../../src/core/history/history.ts';
import { acr, historyOf, noon, week, wholeTag, families } from './historyFixtures.ts';

const [a, b, c] = ['20.1.0.0/24', '20.1.9.0/24', '20.5.0.0/24'];
const many = Array.from({ length: 100 }, (_, index) => `40.${index}.0.0/24`);

/** The absences in short: `prefix since confirmations returns listedReleases`. */
function told(...args: Parameters<typeof absences>): string[] {
  return absences(...args).map(
    ({ prefix, since, confirmations, returns, listedReleases }) =>
      `${prefix} ${since.slice(0, 10)} ${confirmations} ${returns} ${listedReleases ?? '-'}`,
  );
}

describe('an absence', () => {
  test('begins with the first release without the prefix, and every further one confirms it', () => {
    const history = historyOf([a, b, ...many], [a, ...many], [a, ...many], [a, ...many]);

    expect(absences(history, wholeTag, [a, b])).toEqual([
      {
        prefix: b,
        since: noon(1),
        release: { date: week(1), seenAt: noon(1), snapshot: history.releases[1]?.snapshot },
        confirmations: 2,
        returns: 0,
        listedReleases: undefined,
      },
    ]);
  });

  test('is confirmed once per date, however often the list changes on it', () => {
    const date = week(1);
    const history = historyOf(
      [a, b, ...many],
      [a, ...many],
      { date, lists: [a, c, ...many] },
      { date, lists: [a, ...many] },
      { date: week(2), lists: [a, c, ...many] },
      { date: week(2), lists: [a, ...many] },
    );

    expect(told(history, wholeTag, [b])).toEqual([`${b} ${week(1)} 1 0 -`]);
  });

  test('is not confirmed by a late list that only adds', () => {
    const history = historyOf([a, b, ...many], [a, ...many], { addsOnly: true, lists: [a, c, ...many] });

    expect(told(history, wholeTag, [b])).toEqual([`${b} ${week(1)} 0 0 -`]);
  });

  test('is of the addresses that are missing: of a /23 the half that is gone', () => {
    const history = historyOf(['20.1.0.0/24', '20.1.1.0/24', ...many], ['20.1.0.0/24', ...many]);

    expect(told(history, wholeTag, ['20.1.0.0/23'])).toEqual([`20.1.1.0/24 ${week(1)} 0 0 -`]);
  });

  test('is none of a prefix that was only split or merged', () => {
    const history = historyOf(['20.1.0.0/23'], ['20.1.0.0/24', '20.1.1.0/24'], ['20.1.0.0/23']);

    expect(absences(history, wholeTag, ['20.1.0.0/23'])).toEqual([]);
  });

  test('is none while another tag still lists the prefix', () => {
    const [west, north] = [`${acr}.WestEurope`, `${acr}.NorthEurope`];
    const history = historyOf({ [west]: [a, ...many], [north]: [a, ...many] }, { [west]: many, [north]: [a, ...many] });

    expect(absences(history, { tags: [west, north], families }, [a])).toEqual([]);
  });

  test('of a family that the scope lacks is not told by rejected releases', () => {
    const history = historyOf(many, { lists: ['2603:1030::/112', ...many], rejected: true });
    const scope = { tags: [acr], families: ['ipv4'] } as const;

    expect(told(history, scope, ['2603:1030::/112'])).toEqual([`2603:1030::/112 ${week(0)} 0 0 -`]);
  });

  test('is none of a prefix within one that is still listed', () => {
    const nested = ['20.1.0.0/24', '20.1.0.0/25'];

    expect(absences(historyOf([...nested, ...many], ['20.1.0.0/24', ...many]), wholeTag, nested)).toEqual([]);
  });

  test('is one of neighbours that left together', () => {
    const history = historyOf(['20.1.0.0/24', '20.1.1.0/24', ...many], many);

    expect(told(history, wholeTag, ['20.1.0.0/23'])).toEqual([`20.1.0.0/23 ${week(1)} 0 0 -`]);
  });

  test('is none as long as another tag of the scope lists the prefix', () => {
    const scope = { tags: [`${acr}.WestEurope`, `${acr}.NorthEurope`], families };
    const history = historyOf(
      { [`${acr}.WestEurope`]: [a, ...many], [`${acr}.NorthEurope`]: many },
      { [`${acr}.WestEurope`]: many, [`${acr}.NorthEurope`]: [a, ...many] },
    );

    expect(absences(history, scope, [a])).toEqual([]);
    expect(told(history, { ...scope, tags: [`${acr}.westeurope`] }, [a])).toEqual([`${a} ${week(1)} 0 0 -`]);
  });

  test('begins anew when the prefix was listed in between, and that counts as a return for 180 days', () => {
    const gone = [a, ...many];
    const back = [a, b, ...many];
    const history = historyOf(back, gone, back, gone, back, gone, gone);

    expect(told(history, wholeTag, [b])).toEqual([`${b} ${week(5)} 1 2 -`]);
    const weeks = Array.from({ length: 26 }, () => gone);
    expect(told(historyOf(back, gone, back, gone, back, gone, ...weeks), wholeTag, [b])).toEqual([
      `${b} ${week(5)} 26 0 -`,
    ]);
  });

  test('counts from the day since when a target selects what it selects', () => {
    const history = historyOf([a, b, ...many], [a, ...many], [a, ...many], [a, ...many], [a, ...many]);
    const selectionSince = `${week(2)}T18:00:00.000Z`;

    const counts = { since: selectionSince, confirmations: 2, returns: 0, listedReleases: undefined };
    expect(absences(history, wholeTag, [b, c], { selectionSince })).toEqual([
      { prefix: b, ...counts, isUnselected: true },
      { prefix: c, ...counts, neverListedSince: week(0) },
    ]);
  });

  describe('of what no release dropped', () => {
    const [west, north] = [`${acr}.WestEurope`, `${acr}.NorthEurope`];
    const marks = (...args: Parameters<typeof absences>) =>
      absences(...args).map(
        ({ isUnselected, neverListedSince, release }) => isUnselected ?? neverListedSince ?? release,
      );

    test('says since when it is known that no tag of the service listed it', () => {
      const history = historyOf({ 'Storage.WestEurope': [c] }, { [west]: [a], Storage: [b, c] }, { [west]: [a] });

      expect(marks(history, { tags: [west.toLowerCase()], families }, [b])).toEqual([week(1)]);
      expect(marks(history, { tags: ['Storage'], families }, ['20.7.0.0/24'])).toEqual([week(0)]);
    });

    test('says that another tag of the service lists it, or once did', () => {
      const history = historyOf({ [west]: [a], [north]: [b, c] }, { [west]: [a], [north]: [c] });
      const scope = { tags: [west], families };

      expect(marks(history, scope, [b, c])).toEqual([true, true]);
    });

    test('says that only rejected releases listed it', () => {
      const history = historyOf([a, ...many], { lists: [a, b, ...many], rejected: true }, [a, ...many]);

      expect(absences(history, wholeTag, [b])).toEqual([
        { prefix: b, since: noon(0), confirmations: 1, returns: 0, isOfRejected: true, listedReleases: 0 },
      ]);
    });

    test('has no such mark if a release dropped it', () => {
      const history = historyOf([a, b, ...many], [a, ...many]);

      expect(marks(history, wholeTag, [b, c])).toEqual([expect.objectContaining({ date: week(1) }), week(0)]);
    });
  });

  test('counts from a release that comes at the same time as the selection', () => {
    const history = historyOf([a, b, ...many], [a, ...many], [a, ...many], [a, ...many], [a, ...many]);
    const [before, same] = [noon(1), noon(2)].map((selectionSince) =>
      absences(history, wholeTag, [b], { selectionSince }),
    );

    expect(before).toMatchObject([{ since: noon(1), release: { date: week(1) }, confirmations: 3 }]);
    expect(same).toMatchObject([{ since: noon(2), confirmations: 2 }]);
    expect(same?.[0]).not.toHaveProperty('release');
  });

  test('of a return 180 days ago counts that return', () => {
    const day = (days: number) => new Date(Date.UTC(2026, 0, 5) + days * 86_400_000).toISOString().slice(0, 10);
    const returned = (days: number) =>
      historyOf(
        [a, b, ...many],
        [a, ...many],
        { date: day(days), lists: [a, b, ...many] },
        { date: day(days + 1), lists: [a, ...many] },
        { date: day(200), lists: [a, ...many] },
      );

    expect(absences(returned(20), wholeTag, [b])).toMatchObject([{ returns: 1 }]);
    expect(absences(returned(19), wholeTag, [b])).toMatchObject([{ returns: 0 }]);
  });

  test('in an empty history has lasted for ever', () => {
    expect(absences(historyOf(), wholeTag, [a])).toStrictEqual([
      { prefix: a, since: '1970-01-01T00:00:00.000Z', confirmations: 0, returns: 0, listedReleases: undefined },
    ]);
  });

  test('says which release began it, also a built-in one', () => {
    const builtIn = true;
    const history = historyOf(
      { builtIn, date: '2025-12-22', lists: [a, b, ...many] },
      { builtIn, date: '2025-12-29', lists: [a, ...many] },
      [a, ...many],
    );

    expect(absences(history, wholeTag, [b])[0]?.release).toEqual({
      date: '2025-12-29',
      seenAt: '2025-12-29T12:00:00.000Z',
      snapshot: history.releases[1]?.snapshot,
      builtIn: true,
    });
  });

  test('says how many releases listed a prefix that is young', () => {
    const history = historyOf([a, ...many], [a, b, ...many], [a, ...many]);

    expect(told(history, wholeTag, [b])).toEqual([`${b} ${week(2)} 0 0 1`]);
  });

  test('of prefixes that came one after the other and left together is one of each', () => {
    const history = historyOf([a, ...many], [a, b, ...many], [a, b, c, ...many], many);

    expect(told(history, wholeTag, [a, b, c])).toEqual([
      `${a} ${week(3)} 0 0 -`,
      `${b} ${week(3)} 0 0 2`,
      `${c} ${week(3)} 0 0 1`,
    ]);
  });

  test('of what only a rejected release listed says that no release did', () => {
    const history = historyOf([a, ...many], { lists: [a, b, ...many], rejected: true }, [a, ...many]);

    expect(told(history, wholeTag, [b, c])).toEqual([`${b} ${week(0)} 1 0 0`, `${c} ${week(0)} 1 0 -`]);
  });

  test('of what a rejected release listed again says how many others listed it', () => {
    const history = historyOf([a, ...many], [a, b, ...many], [a, ...many], { lists: [a, b, ...many], rejected: true });

    expect(told(history, wholeTag, [b])).toEqual([`${b} ${week(2)} 0 0 1`]);
  });
});

describe('a tag in quarantine', () => {
  const region = `${acr}.NorwayEast`;
  const scope = { tags: [region], families };
  const [here, gone] = [{ [acr]: many, [region]: [a, b] }, { [acr]: many }];

  test('goes on listing what it listed', () => {
    expect(absences(historyOf(here, gone, gone), scope, [a, b])).toEqual([]);
  });

  test('confirms no absence in the scope', () => {
    const both = { tags: [acr, region], families };
    const history = historyOf({ [acr]: [c, ...many], [region]: [a] }, { [acr]: many }, { [acr]: many });

    expect(told(history, both, [c])).toEqual([`${c} ${week(1)} 0 0 -`]);
  });

  test('that is back was never gone', () => {
    const history = historyOf(here, gone, here, gone, here);

    expect(absences(history, scope, [a, b])).toEqual([]);
  });

  test('that shrank lets go of what it lacks when the list has stood', () => {
    const rest = many.slice(10);
    const history = historyOf({ [region]: many }, ...[1, 2, 3, 4].map(() => ({ [region]: rest })));

    expect(told(history, scope, many.slice(0, 1))).toEqual([`40.0.0.0/24 ${week(3)} 1 0 -`]);
    expect(omittedBy(history, many.slice(0, 1))).toEqual([week(1)]);
  });

  test('that is retired lets go of it from then on', () => {
    const history = historyOf(here, gone, gone, gone, gone);

    expect(told(history, scope, [a])).toEqual([`${a} ${week(3)} 1 0 -`]);
    expect(omittedBy(history, [a, '192.0.2.0/24'])).toEqual([week(1), undefined]);
  });

  test('says which list left a prefix out first only where the quarantine kept it', () => {
    const rest = many.slice(10);
    const [small, ...lists] = [many.slice(1), ...[1, 2, 3, 4].map(() => rest)];
    // One prefix less is no quarantine; nine more are one, until the list has stood.
    const history = historyOf({ [region]: many }, { [region]: small }, ...lists.map((list) => ({ [region]: list })));

    expect(omittedBy(history, many.slice(0, 2))).toEqual([undefined, week(2)]);
  });

  /** The day of the list that left each of them out, if a quarantine kept it. */
  function omittedBy(history: History, prefixes: readonly string[]): (string | undefined)[] {
    return absences(history, scope, prefixes).map((absence) => absence.omittedBy?.date);
  }
});
