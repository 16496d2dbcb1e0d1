/** What a run says of the list that it follows: why nothing can be applied, why nothing is removed, and what to know. */
import { subtractPrefixes } from '../core/prefixes.ts';
import type { PlanResult } from '../core/plan.ts';
import type { Reason } from '../core/reasons.ts';
import { listed } from '../core/safety.ts';
import type { Selection } from '../core/selection.ts';
import type { Snapshot } from '../core/snapshot.ts';
import type { Target } from '../core/target.ts';
import type { TargetState } from '../core/targetState.ts';
import type { FollowedSnapshot, Listing } from './listing.ts';

export function selectionBlockers(
  snapshot: Snapshot | undefined,
  target: Target,
  selection: Selection,
  state: TargetState,
): Reason[] {
  if (!snapshot) return [noSnapshot(state.pin)];
  const isLive = target.regions !== 'all' && 'ofRegistry' in target.regions;
  const unknown = isLive ? [] : selection.unknownRegions.map((entry) => unknownRegion(target, entry));
  if (selection.prefixes.length > 0 || state.owned.length > 0 || unknown.length > 0) return unknown;
  const what = [...selection.missingTags, ...selection.emptyTags].join(', ') || target.serviceTag;
  return [
    {
      code: selection.missingTags.length > 0 ? 'missingTag' : 'emptySelection',
      message: `${what} has no ${target.addressFamilies.join(' or ')} prefixes in ${snapshot.id}: check serviceTag, regions and addressFamilies.`,
    },
  ];
}

function unknownRegion(target: Target, entry: Selection['unknownRegions'][number]): Reason {
  const nearest = entry.nearest.length > 0 ? `, nearest: ${entry.nearest.join(', ')}` : '';
  return {
    code: 'unknownRegion',
    message: `regions: "${entry.region}" is not a region of ${target.serviceTag}${nearest}. Accepted are ARM locations such as westeurope, or "all".`,
  };
}

/** Why this snapshot's removals for this selection are not believed. */
export function selectionDistrust(now: FollowedSnapshot | undefined, selection: Selection): Reason[] {
  if (!now) return [{ code: 'noSnapshot', message: 'Nothing is removed without a list.' }];
  const { snapshot } = now;
  const tags = new Set([...selection.tags, ...selection.missingTags].map((tag) => tag.toLowerCase()));
  const quarantined = snapshot.quarantine.filter((entry) => tags.has(entry.tag.toLowerCase()));
  const unreadable = now.unreadable.filter((warning) => tags.has(warning.tag.toLowerCase()));
  const absent = [...selection.missingTags, ...selection.emptyTags].filter(
    (tag) => !quarantined.some((entry) => entry.tag.toLowerCase() === tag.toLowerCase()),
  );
  return [
    ...quarantined.map((entry): Reason => ({
      code: 'quarantined',
      message: `${entry.reason} Nothing is removed on its word.`,
    })),
    ...unreadable.map((warning): Reason => ({
      code: 'unreadablePrefix',
      message: `${warning.tag} holds "${warning.prefix}", which is no prefix: nothing is removed until the list is whole.`,
    })),
    ...(absent.length > 0
      ? [{ code: 'missingTag', message: `${listed(absent)} is missing or empty: nothing is removed.` } satisfies Reason]
      : []),
  ];
}

function noSnapshot(pin: TargetState['pin']): Reason {
  const message = pin
    ? `The snapshot ${pin.snapshot}, to which the target is pinned, is not in storage: resume the target, or roll it back to one that GET snapshots lists.`
    : 'No service tags have been pulled yet: run pullServiceTags and look at its sources.';
  return { code: 'noSnapshot', message };
}

/** Of a pinned target: what of the current list it does without. */
export function pinNotes(
  pin: TargetState['pin'],
  { ours, plan }: PlanResult,
  selection: Selection,
  listing: Listing | undefined,
): Reason[] {
  if (!pin || !listing) return [];
  const kept = subtractPrefixes([...ours, ...plan.foreign], plan.remove);
  const lacking = subtractPrefixes(listing.selection.prefixes, [...selection.prefixes, ...kept]);
  const count = lacking.length === 1 ? '1 prefix' : `${lacking.length} prefixes`;
  const without = lacking.length === 0 ? '' : `, and so without ${count} of the current list ${listing.snapshot.id}`;
  return [
    {
      code: 'pinned',
      message: `Pinned to ${pin.snapshot} by ${pin.by} on ${pin.at.slice(0, 10)}${without}: resume the target to follow the list.`,
      ...(lacking.length > 0 ? { prefixes: lacking } : {}),
    },
  ];
}
