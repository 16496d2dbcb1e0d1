/** The history since 2019, judged release by release as it grew; apart from the cases, which the mutation tests run hundreds of times. */
import { describe, expect, test } from '@jest/globals';
import { builtInHistory } from '../../../src/core/history/builtInHistory.ts';
import { growth } from '../../../src/core/history/growth.ts';
import { History } from '../../../src/core/history/history.ts';
import { quarantine } from '../../../src/core/history/quarantine.ts';
import { releasedToFeeds } from '../../../src/core/history/releasedToFeeds.ts';
import { listAt } from '../../../src/core/history/tagRecord.ts';
import { sortPrefixes } from '../../../src/core/prefixes.ts';
import { clouds } from '../../../src/core/serviceTags/serviceTags.ts';
import { families } from './historyFixtures.ts';

describe.each(clouds)('back-test with the history of %s', (cloud) => {
  test('with the defaults no addition waits at any time, and all that is listed goes to feeds', async () => {
    const history = new History(await builtInHistory(cloud));
    const found: unknown[] = [];
    for (const [index, { snapshot, seenAt }] of history.releases.entries()) {
      const then = history.until(snapshot);
      if (!then) throw new Error(snapshot);
      const changed = then.tags.filter(({ steps }) => steps.at(-1)?.index === index);
      for (const { name } of changed) {
        const { withheld = [], served = [] } = releasedToFeeds(then, name) ?? {};
        const { beyondBudget } = growth(then, { tags: [name], families }, {}, new Date(seenAt));
        const lacks = (listAt(then.tag(name) ?? raise(name), index) ?? []).filter((prefix) => !served.includes(prefix));
        if (withheld.length + beyondBudget.length + lacks.length > 0)
          found.push({ snapshot, name, withheld, beyondBudget, lacks });
      }
    }

    expect(found).toEqual([]);
  });

  test('every quarantine is of a tag that vanished, and the lists of the others are served as they are', async () => {
    const history = new History(await builtInHistory(cloud));
    const last = history.releases.length - 1;
    const kinds = history.tags.flatMap(({ name }) => {
      const { untrusted } = history.trust(name) ?? raise(name);
      return [...untrusted].map((index) => [name, listAt(history.tag(name) ?? raise(name), index)]);
    });

    // Gone, or listed and empty.
    expect(kinds.filter(([, list]) => list !== undefined && list.length > 0)).toEqual([]);
    for (const { name } of history.tags) {
      const list = listAt(history.tag(name) ?? raise(name), last);
      if (list) expect([name, quarantine(history, name)]).toEqual([name, undefined]);
      if (list) expect(releasedToFeeds(history, name)?.served).toEqual(sortPrefixes(list));
      else expect(quarantine(history, name)).toMatchObject({ status: 'retired', kind: 'missing' });
    }
  });
});

function raise(what: string): never {
  throw new Error(`there is no ${what}`);
}
