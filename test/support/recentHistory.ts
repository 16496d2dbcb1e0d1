/**
 * The built-in history without most of its past: the two newest releases, the older of which lists all that was listed by
 * then. A pull and an update go through every release, and most stories need none of seven years.
 */
import { builtInHistory } from '../../src/core/history/builtInHistory.ts';
import type { HistoryDocument } from '../../src/core/history/historyDocument.ts';
import { listAt, readTagRecords } from '../../src/core/history/tagRecord.ts';
import { oncePerKey } from '../../src/core/once.ts';
import type { Cloud } from '../../src/core/serviceTags/serviceTags.ts';

const made = oncePerKey<HistoryDocument>();

export function recentHistory(cloud: Cloud): Promise<HistoryDocument> {
  return made(cloud, async () => {
    const whole = await builtInHistory(cloud);
    const [older, newest] = whole.releases.slice(-2);
    if (!older || !newest) throw new Error(`the built-in history of ${cloud} has fewer than two releases`);
    const index = whole.releases.indexOf(older);
    const listed = [...readTagRecords(whole).values()].flatMap((record) => {
      const list = listAt(record, index);
      return list ? [[record.name, { add: list, remove: [] }] as const] : [];
    });
    return { ...whole, releases: [{ ...older, tags: Object.fromEntries(listed) }, newest] };
  });
}
