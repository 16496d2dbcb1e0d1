/** Reasons that come from the list that a target follows: why nothing is applied, why nothing is removed, and notes. */
import { subtractPrefixes } from '../../core/prefixes.ts';
import type { History } from '../../core/history/history.ts';
import { describeGone, nothingIsRemoved } from '../../core/history/quarantine.ts';
import { nearestNames } from '../../core/nearest.ts';
import type { PlanResult } from '../../core/plan/calculatePlan.ts';
import type { Reason } from '../../core/reasons.ts';
import { findTag, regionalTags, regionOfTag } from '../../core/serviceTags/regions.ts';
import { allowablePrefixes } from '../../core/serviceTags/selection.ts';
import type { DocumentWarning } from '../../core/serviceTags/serviceTags.ts';
import type { Snapshot } from '../../core/serviceTags/snapshot.ts';
import type { Target } from '../../core/targets/target.ts';
import { traitsOf } from '../../core/targets/targetKinds.ts';
import type { OperatorState, TargetState } from '../../core/targets/targetState.ts';
import { andMore, counted, dayInWords } from '../../core/words.ts';
import { registryOf, type TargetSelection } from './listing.ts';

/** Why nothing can be applied. `own`: the selection from the list that the target follows. */
export function selectionBlockers(target: Target, own: TargetSelection | undefined, state: TargetState): Reason[] {
  const mistake = mistakeIn(target, own, state);
  if (!own || mistake) return mistake ? [mistake] : [];
  const unknown = own.selection.unknownRegions.map((entry) => unknownRegion(target, entry));
  if (unknown.length > 0 || state.ownership.prefixes.length > 0 || own.selection.prefixes.length > 0) return unknown;
  return [emptySelection(target, own)];
}

/** The reason if there is no list, or if the target names a tag that the list does not know. */
function mistakeIn(
  target: Target,
  own: TargetSelection | undefined,
  { operator: { pin } }: TargetState,
): Reason | undefined {
  return own ? (partOfTag(target, own.snapshot) ?? unknownTag(target, own)) : noSnapshot(pin);
}

function noSnapshot(pin: OperatorState['pin']): Reason {
  const message = pin
    ? `The snapshot ${pin.snapshot}, to which the target was rolled back, is not in storage: resume the target, or roll it back to one that GET snapshots lists.`
    : 'No list of service tags has been pulled yet: the timer pulls one, and POST pull does so now. GET health names the sources that fail.';
  return { code: 'noSnapshot', message };
}

/** A rejected release counts as never published, so no limit of the history holds back what it added. */
export function rejectedPin(history: History, pin: OperatorState['pin']): Reason[] {
  if (!pin || !history.isRejected(pin.snapshot)) return [];
  const message = `The release ${pin.snapshot}, to which the target was rolled back, is rejected: resume the target, roll it back to another one, or take the rejection back (DELETE snapshots/${pin.snapshot}/reject).`;
  return [{ code: 'noSnapshot', message }];
}

/** A tag of one region has no regions of its own. */
function partOfTag({ serviceTag, regions }: Target, { document }: Snapshot): Reason | undefined {
  const tag = findTag(document, serviceTag);
  if (!tag || regions === 'all' || regionOfTag(tag) === undefined) return undefined;
  const whole = tag.name.slice(0, tag.name.lastIndexOf('.'));
  const message = `serviceTag: "${serviceTag}" is the tag of one region already. Set "serviceTag": "${whole}" with regions, or keep this tag with "regions": "all".`;
  return { code: 'configuration', message };
}

/** The reason if the tag is not listed and did not vanish from the list either. */
function unknownTag({ serviceTag }: Target, { snapshot, gone, quarantined }: TargetSelection): Reason | undefined {
  const { id, document } = snapshot;
  if (findTag(document, serviceTag) || regionalTags(document, serviceTag).length > 0) return undefined;
  const name = serviceTag.toLowerCase();
  const vanished = [...snapshot.quarantine, ...quarantined, ...gone].map(({ tag }) => tag.toLowerCase());
  if (vanished.some((tag) => tag === name || tag.startsWith(`${name}.`))) return undefined;
  const names = document.values.filter((tag) => regionOfTag(tag) === undefined).map((tag) => tag.name);
  const message = `serviceTag: "${serviceTag}" is not in ${id}, nearest: ${nearestNames(serviceTag, names).join(', ')}. Correct it in the targets file; nothing is removed meanwhile.`;
  return { code: 'missingTag', message };
}

function unknownRegion(target: Target, entry: TargetSelection['selection']['unknownRegions'][number]): Reason {
  const nearest = entry.nearest.length > 0 ? `, nearest: ${entry.nearest.join(', ')}` : '';
  return {
    code: 'unknownRegion',
    message: `regions: "${entry.region}" is not a region of ${target.serviceTag}${nearest}. Accepted are ARM locations such as westeurope, or "all".`,
  };
}

function emptySelection(target: Target, own: TargetSelection): Reason {
  const gaps = gapsOf(target, own).map(({ fact }) => fact);
  const what = `${target.serviceTag} has no ${target.addressFamilies.join(' or ')} prefixes for it in ${own.snapshot.id}.`;
  return {
    code: own.selection.missingTags.length > 0 ? 'missingTag' : 'emptySelection',
    message: `The target has nothing to allow: ${gaps.join(' ') || what} Check serviceTag, regions and addressFamilies.`,
  };
}

/** A selected tag that is missing or empty. */
interface Gap {
  readonly code: 'quarantined' | 'missingTag';
  readonly fact: string;
  /** What follows from it. */
  readonly consequence: string;
}

function gapsOf(target: Target, { snapshot, selection, quarantined, gone }: TargetSelection): Gap[] {
  const { missingTags, emptyTags } = selection;
  const registry = registryOf(target);
  const place = registry === undefined ? '' : ` of the registry ${registry.slice(registry.lastIndexOf('/') + 1)}`;
  return [...missingTags, ...emptyTags].map((tag) => {
    const isTag = (known: { readonly tag: string }): boolean => known.tag.toLowerCase() === tag.toLowerCase();
    const [suspicion, retired] = [quarantined.find(isTag), gone.find(isTag)];
    const region = tag.slice(target.serviceTag.length + 1).toLowerCase();
    const field = target.regions === 'all' ? 'serviceTag' : `regions: "${region}"${place}`;
    if (suspicion) return { code: 'quarantined', fact: `${field}: ${suspicion.reason}`, consequence: nothingIsRemoved };
    const what = `${tag} is ${missingTags.includes(tag) ? 'missing' : 'empty'} in ${snapshot.id}`;
    return {
      code: 'missingTag',
      fact: `${field}: ${retired ? `${describeGone(retired)}, so Microsoft has probably given it up` : what}.`,
      consequence: retired
        ? `The app removes what it had only if you approve that, or ${registry === undefined ? 'take the entry out of the target' : 'list the other regions by name instead of ofRegistry'}.`
        : 'Nothing is removed because of it. Take the entry out if you no longer need it.',
    };
  });
}

/** One reason per missing or empty tag, even if the target never allowed anything of it. */
function gapReasons(target: Target, own: TargetSelection): Reason[] {
  return gapsOf(target, own).map(({ code, fact, consequence }) => ({ code, message: `${fact} ${consequence}` }));
}

/** Why nothing is removed because of this list. */
export function selectionRemovalBlockers(
  target: Target,
  own: TargetSelection | undefined,
  state: TargetState,
  unreadable: readonly DocumentWarning[],
): Reason[] {
  const mistake = mistakeIn(target, own, state);
  if (!own || mistake) return mistake ? [mistake] : [];
  const { quarantined, selection } = own;
  const tags = new Set(selection.tags.map((tag) => tag.toLowerCase()));
  const empty = new Set(selection.emptyTags.map((tag) => tag.toLowerCase()));
  return [
    ...gapReasons(target, own),
    ...quarantined
      .filter(({ tag }) => tags.has(tag.toLowerCase()) && !empty.has(tag.toLowerCase()))
      .map(({ reason }): Reason => ({
        code: 'quarantined',
        message: `${reason} ${nothingIsRemoved}`,
      })),
    ...unreadableReasons(unreadable.filter(({ tag }) => tags.has(tag.toLowerCase()))),
  ];
}

function unreadableReasons(warnings: readonly DocumentWarning[]): Reason[] {
  return [...new Set(warnings.map(({ tag }) => tag))].map((tag) => {
    const entries = warnings.filter((warning) => warning.tag === tag);
    const what = andMore(entries.map(({ prefix }) => `"${prefix}"`));
    const message = `${tag} contains ${what}, which is not a prefix: nothing is removed until a release comes without it, and new prefixes are still added.`;
    return { code: 'unreadablePrefix', message };
  });
}

/** What a person should know about the list, whatever the plan is. */
export function selectionNotes(target: Target, own: TargetSelection | undefined, state: TargetState): Reason[] {
  if (!own || mistakeIn(target, own, state)) return [];
  const isNothing = own.selection.prefixes.length + state.ownership.prefixes.length === 0;
  return [...(isNothing ? [] : gapReasons(target, own)), ...droppedNotes(target, own)];
}

function droppedNotes(target: Target, { selection: { tags, otherFamilies } }: TargetSelection): Reason[] {
  if (traitsOf(target).takesIpv6 || otherFamilies === 0) return [];
  const message = `Left out: ${counted(otherFamilies, 'IPv6 prefix')} of ${andMore(tags)}, because a registry accepts IPv4 rules only. Nothing to do.`;
  return [{ code: 'ipv6Dropped', message }];
}

/** For a pinned target: which prefixes of the current list it lacks. */
export function pinNotes(
  pin: OperatorState['pin'],
  { ours, plan }: PlanResult,
  own: TargetSelection | undefined,
  current: TargetSelection | undefined,
): Reason[] {
  if (!pin || !current) return [];
  const kept = subtractPrefixes([...ours, ...plan.foreign], plan.remove);
  const lacking = subtractPrefixes(allowablePrefixes(current.selection), [...(own?.selection.prefixes ?? []), ...kept]);
  const list = `the current list ${current.snapshot.id}`;
  const without = lacking.length === 0 ? '' : `, and so without ${counted(lacking.length, 'prefix')} of ${list}`;
  const message = `Rolled back to ${pin.snapshot} by ${pin.by} on ${dayInWords(pin.at)}${without}: resume the target to follow the list.`;
  return [{ code: 'pinned', message, ...(lacking.length > 0 ? { prefixes: lacking } : {}) }];
}
