/** One message for each target whose selection differs between two snapshots. */
import type { SnapshotDiff } from '../core/serviceTagDiff.ts';
import type { Target } from '../core/target.ts';
import { concerns } from '../core/watchedTags.ts';
import type { UpdateQueue } from './ports.ts';

/** Names of the targets that were queued. `newlyJudged`: tags whose quarantine came or went. */
export async function fanOut(
  queue: UpdateQueue,
  targets: readonly Target[],
  diff: SnapshotDiff,
  newlyJudged: readonly string[],
): Promise<string[]> {
  const tags = [...diff.changes.map((change) => change.tag), ...diff.addedTags, ...diff.removedTags, ...newlyJudged];
  const concerned = targets.filter((target) => tags.some((tag) => concerns(target, tag)));
  for (const target of concerned) await queue.send({ target: target.name, reason: 'selectionChanged' });
  return concerned.map((target) => target.name);
}
