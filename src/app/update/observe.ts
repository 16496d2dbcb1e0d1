/** Reads what a run needs: the list, the history, the decisions of people, and the live rules. */
import { firstListed } from '../../core/history/dates.ts';
import type { History } from '../../core/history/history.ts';
import type { ReleaseRef } from '../../core/history/historyDocument.ts';
import { livePrefixes } from '../../core/plan/currentRule.ts';
import type { ListedPrefix, PlanInput } from '../../core/plan/planInput.ts';
import { intersectPrefixes, overlapping } from '../../core/prefixes.ts';
import type { Reason } from '../../core/reasons.ts';
import { regionalTags, regionOfTag } from '../../core/serviceTags/regions.ts';
import type { Snapshot } from '../../core/serviceTags/snapshot.ts';
import { holds, targetConfigHash } from '../../core/targets/approval.ts';
import type { Target } from '../../core/targets/target.ts';
import {
  prefixesOwned,
  type OwnedPrefix,
  type RecordedApproval,
  type SelectionState,
  type TargetState,
} from '../../core/targets/targetState.ts';
import { proveApproval } from './approvals.ts';
import { readRegions, readTargetSnapshots, selectFor, type TargetSelection, type ListReaders } from './listing.ts';
import type { ArmSession, Clock, CurrentState, Ledger, TargetAdapter } from '../ports.ts';
import { pastOf, scopeOf, selectionOf, type Past } from './past.ts';
import { rejectedPin, selectionBlockers, selectionNotes, selectionRemovalBlockers } from './selectionReasons.ts';
import { dayInWords } from '../../core/words.ts';

export interface TargetObservation {
  readonly target: Target;
  readonly state: TargetState;
  readonly configHash: string;
  readonly current: CurrentState;
  /** What the target selects of the list that it follows: the current one, or the one that it is pinned to. */
  readonly own: TargetSelection | undefined;
  /** What it selects of the current list, even if it is pinned to an earlier one. */
  readonly newest: TargetSelection | undefined;
  /** True if the approval in the state is valid now. */
  readonly isApprovalValid: boolean;
  /** What the target selects now, and since when. */
  readonly selection: SelectionState | undefined;
  readonly history: History;
  readonly past: Past;
  readonly input: PlanInput;
  readonly notes: readonly Reason[];
}

export interface ObservationReaders extends ListReaders {
  readonly clock: Clock;
  readonly ledger: Pick<Ledger, 'get'>;
  /** Identifies this deployment in the rules that it writes. */
  readonly ownerId: string;
}

export async function observeTarget(
  readers: ObservationReaders,
  arm: ArmSession,
  target: Target,
  state: TargetState,
): Promise<TargetObservation> {
  const current = await adapterOf(arm, target).read(target);
  const list = await readers.lists.readCurrent();
  const { followed, newest: newestSnapshot, unreadable } = await readTargetSnapshots(readers, list, state.operator.pin);
  const regions = await readRegions(arm, target, current.location);
  const history = await list.historyOf(target.serviceTag);
  const select = (snapshot: Snapshot) => selectFor(snapshot, target, regions, history);
  const own = followed && select(followed);
  const newest = newestSnapshot && newestSnapshot !== followed ? select(newestSnapshot) : own;
  const configHash = targetConfigHash(target);
  const snapshot = followed?.id ?? '';
  const now = readers.clock.now();
  const approval = state.operator.approval;
  const isOpen = approval && holds(approval, { snapshot, newest: newestSnapshot?.id ?? '', configHash, now });
  const isProven = isOpen ? await proveApproval(readers.ledger, approval) : false;
  const removalBlockers = selectionRemovalBlockers(target, own, state, unreadable);
  const { pin } = state.operator;
  const ownership = {
    owned: provenClaims(state.ownership, current),
    ownedRules: rulesOfOurs(state.ownership, current),
  };
  const selection = own && selectionOf(own, target, state.selection, now);
  const past = pastOf(history, own && scopeOf(own, target), selection, target.limits, now);
  const input: PlanInput = {
    target,
    configHash,
    snapshot,
    listed: own ? toListed(history, target, own) : [],
    nested: own?.selection.nested ?? [],
    live: current,
    ownership,
    operator: { ...(pin && { pin }), ...(isProven && approval && { approval }) },
    absences: past.absences,
    growth: past.growth,
    blockers: [
      ...ownerBlockers(readers.ownerId, state),
      ...rejectedPin(history, pin),
      ...selectionBlockers(target, own, state),
    ],
    removalBlockers,
    ...removalsBlockedSince(own),
    now,
  };
  return {
    target,
    state,
    configHash,
    current,
    own,
    newest,
    isApprovalValid: isProven,
    selection,
    history,
    past,
    input,
    notes: [...(isOpen && !isProven ? [unprovenNote(approval)] : []), ...selectionNotes(target, own, state)],
  };
}

export function adapterOf(arm: ArmSession, target: Target): TargetAdapter {
  return target.kind === 'nsgRule' ? arm.nsgRules : arm.registryNetworkRules;
}

/** A regional tag tells the region of a prefix, even for a target that follows the whole tag. */
function toListed(history: History, target: Target, own: TargetSelection): ListedPrefix[] {
  const { document } = own.snapshot;
  const { prefixes, tags } = own.selection;
  const services = [...new Set(tags.map((tag) => tag.split('.', 1)[0] ?? tag))];
  const places = new Map<string, Pick<ListedPrefix, 'tag' | 'region'>>();
  for (const tag of services.flatMap((service) => regionalTags(document, service))) {
    const region = regionOfTag(tag);
    if (region === undefined) continue;
    for (const prefix of tag.addressPrefixes) places.set(prefix, { tag: tag.name, region });
  }
  const [whole = ''] = tags;
  const scope = scopeOf(own, target);
  const { begins, releases } = history.scope(scope);
  const found = new Set(begins.map((index) => releases[index]?.snapshot));
  // True for releases that this deployment saw appear: not the built-in ones, and not the first one that it pulled.
  const isAddition = ({ builtIn, snapshot }: ReleaseRef) => !builtIn && !found.has(snapshot);
  const dates = new Map(firstListed(history, scope, prefixes).map(({ prefix, release }) => [prefix, release]));
  return prefixes.map((prefix) => {
    const release = dates.get(prefix);
    const dated = release && { firstListed: release, isAddition: isAddition(release) };
    return { prefix, tag: whole, ...places.get(prefix), ...dated };
  });
}

/** The day on which the oldest quarantine of a selected tag began. */
function removalsBlockedSince(own: TargetSelection | undefined): Pick<PlanInput, 'removalsBlockedSince'> {
  const [first] = (own?.quarantined ?? []).map(({ since }) => since).sort();
  return first === undefined ? {} : { removalsBlockedSince: `${first}T00:00:00.000Z` };
}

/** Leaves out approved prefixes that were noted as owned and never written: the note alone must not allow them. */
function provenClaims({ prefixes }: TargetState['ownership'], { rules }: CurrentState): readonly OwnedPrefix[] {
  const live = livePrefixes(rules);
  return prefixes.filter(({ prefix, isUnproven }) => !isUnproven || overlapping([prefix], live).length > 0);
}

/** The app's rules, including one that was written while the answer of Azure was lost: it has the app's mark. */
function rulesOfOurs(ownership: TargetState['ownership'], { rules }: CurrentState): readonly string[] {
  const owned = prefixesOwned({ ownership });
  const marked = rules.filter(
    (rule) => rule.mark === 'ours' && intersectPrefixes(owned, livePrefixes([rule])).length > 0,
  );
  return [...new Set([...ownership.rules, ...marked.map(({ rule }) => rule)])].sort();
}

function unprovenNote({ by, at, record }: RecordedApproval): Reason {
  const message = `The approval by ${by} on ${dayInWords(at)} does not count, because the ledger has no record ${record} of it. Approve the plan again.`;
  return { code: 'unprovenApproval', message };
}

/** Rules of a registry have no mark: only the state says whose they are. */
function ownerBlockers(ownerId: string, { target, ownerId: stateOwner }: TargetState): Reason[] {
  if (stateOwner === ownerId) return [];
  const message = `The state of ${target} was written by another deployment of this app (${stateOwner}; this one is ${ownerId}), so the storage was copied. Delete the blob targets/state/${target}.json to start anew: the prefixes in the rules then count as somebody else's.`;
  return [{ code: 'otherOwner', message }];
}
