/** Queues one message for each target whose prefixes differ between two snapshots. */
import type { SnapshotDiff, TagChange } from '../../core/serviceTags/serviceTagDiff.ts';
import { familyOf } from '../../core/prefixes.ts';
import type { Target } from '../../core/targets/target.ts';
import { concerns } from '../../core/serviceTags/watchedTags.ts';
import type { UpdateQueue } from '../ports.ts';
import { sendAll } from '../sendAll.ts';

/** Returns the names of the queued targets. `quarantineChanged`: tags whose quarantine began or ended. */
export async function fanOut(
  queue: UpdateQueue,
  targets: readonly Target[],
  diff: SnapshotDiff,
  quarantineChanged: readonly string[],
): Promise<string[]> {
  const concerned = targets.filter(
    (target) =>
      diff.changes.some((change) => concerns(target, change.tag) && touches(target, change)) ||
      [...diff.addedTags, ...diff.removedTags, ...quarantineChanged].some((tag) => concerns(target, tag)),
  );
  await sendAll(
    queue,
    concerned.map(({ name }) => ({ message: { target: name, reason: 'selectionChanged' } })),
  );
  return concerned.map((target) => target.name);
}

function touches(target: Target, { added, removed }: TagChange): boolean {
  return [...added, ...removed].some((prefix) => target.addressFamilies.includes(familyOf(prefix)));
}
