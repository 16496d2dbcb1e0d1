/** Explains an address: what it is, which targets let it in, and what to do next. */
import { familyOf, includesAll, intersectPrefixes, overlapping, parsePrefix, prefixesOf } from '../prefixes.ts';
import { isRegistryTag } from '../history/limits.ts';
import type { LookupMatch } from '../serviceTags/lookupIndex.ts';
import { regionNameOf } from '../serviceTags/regions.ts';
import { concerns } from '../serviceTags/watchedTags.ts';
import { specialPurposeRangeOf } from '../specialPurpose.ts';
import { registryRuleName } from '../plan/currentRule.ts';
import type { Reason } from '../reasons.ts';
import { ownRulesOf, type Target } from '../targets/target.ts';
import type { TargetState, TargetStatus } from '../targets/targetState.ts';
import { agree, counted, dayInWords, listed } from '../words.ts';
import type { ListedPeriod } from './listedPeriods.ts';
import type { Situation } from './readText.ts';

export interface ExplainInput {
  readonly address: string;
  readonly situation: Situation;
  /** The day that the line names. */
  readonly day: string | undefined;
  /** The tags that contain all of it now. */
  readonly matches: readonly LookupMatch[];
  /** For a CIDR: listed prefixes of the ACR tags that share a part of it. */
  readonly overlaps: readonly LookupMatch[];
  /** When the ACR tags listed it, since the history begins. */
  readonly periods: readonly ListedPeriod[];
  /** Undefined if they cannot be read now. */
  readonly targets: readonly ExplainedTarget[] | undefined;
}

export interface ExplainedTarget {
  readonly target: Target;
  readonly state: TargetState | undefined;
  readonly status: TargetStatus;
  readonly reasons: readonly Reason[];
}

export interface AddressExplanation {
  readonly address: string;
  /** One sentence: what the address is. */
  readonly summary: string;
  readonly matches: readonly (LookupMatch & { readonly regionName: string | null })[];
  readonly overlaps: readonly LookupMatch[];
  /** The ACR tags that contained it on the day of the line; null if the line names no day. */
  readonly onDay: { readonly day: string; readonly tags: readonly string[] } | null;
  readonly periods: readonly ListedPeriod[];
  /** Targets that let it in or should. */
  readonly targets: readonly TargetVerdict[];
  /** Sentences about what to do. */
  readonly next: readonly string[];
}

export interface TargetVerdict {
  readonly name: string;
  readonly status: TargetStatus;
  /** Whether the rules contain the address after the last run, and so let it in, or deny it if `access` is `Deny`. */
  readonly allowed: 'yes' | 'partly' | 'no';
  readonly access: 'Allow' | 'Deny';
  /** Whether the target should contain it: its tag and regions list it. */
  readonly wanted: boolean;
  readonly rule: string | null;
  readonly prefix: string | null;
  /** ISO time since when the app's rule has contained it; null if only other people's rules do. */
  readonly since: string | null;
}

export function explainAddress(input: ExplainInput): AddressExplanation {
  const { address, day, matches, overlaps, periods } = input;
  const targets = (input.targets ?? [])
    .map((target) => verdictOf(target, input))
    .filter(({ allowed, wanted }) => wanted || allowed !== 'no');
  return {
    address,
    summary: summarize(input),
    matches: matches.map((match) => ({ ...match, regionName: regionNameOf(match.tag) })),
    overlaps,
    onDay:
      day === undefined
        ? null
        : { day, tags: [...new Set(periods.filter((period) => isListedOn(period, day)).map(({ tag }) => tag))] },
    periods,
    targets,
    next: nextSteps(input, targets),
  };
}

function isListedOn({ from, until }: ListedPeriod, day: string): boolean {
  return from <= day && (until === null || day < until);
}

function summarize({ address, matches, overlaps, periods }: ExplainInput): string {
  const special = specialPurposeRangeOf(address);
  if (special) return `${address} is in ${special.range} (${special.name}): no service tag contains it.`;
  const acr = matches.filter(({ tag }) => isRegistryTag(tag));
  if (acr.length > 0) {
    const region = acr.map(({ tag }) => regionNameOf(tag)).find((name) => name !== null);
    return `${address} belongs to Azure Container Registry${region === undefined ? '' : ` in ${region}`}: it is in ${acr[0]?.prefix ?? ''}.`;
  }
  if (overlaps.length > 0)
    return `A part of ${address} belongs to Azure Container Registry: ${counted(overlaps.length, 'listed prefix')} ${agree(overlaps.length, 'overlaps', 'overlap')} it.`;
  const ended = periods
    .flatMap(({ until }) => until ?? [])
    .sort()
    .at(-1);
  if (ended !== undefined)
    return `${address} belonged to Azure Container Registry until ${dayInWords(ended)}. It is no longer listed.`;
  const others = [...new Set(matches.map(({ tag }) => tag))];
  if (others.length > 0)
    return `${address} does not belong to Azure Container Registry. It is in ${listed(others.slice(0, 3))}${others.length > 3 ? ` and ${others.length - 3} more` : ''}.`;
  return `${address} is in no service tag: it is not Microsoft’s, or not listed.`;
}

function verdictOf(
  { target, state, status }: ExplainedTarget,
  { address, matches, overlaps }: ExplainInput,
): TargetVerdict {
  const family = familyOf(address);
  const wanted =
    target.addressFamilies.includes(family) && [...matches, ...overlaps].some(({ tag }) => concerns(target, tag));
  const owned = state?.ownership.prefixes ?? [];
  const claim = owned.filter(({ prefix }) => overlapping([prefix], [address]).length > 0);
  const others = intersectPrefixes(state?.run.seen?.byOthers ?? [], [address]);
  const live = [...prefixesOf(claim), ...others];
  const allowed = live.length === 0 ? 'no' : includesAll(live, [address]) ? 'yes' : 'partly';
  return {
    name: target.name,
    status,
    allowed,
    access: target.kind === 'nsgRule' ? target.rule.access : 'Allow',
    wanted,
    rule: claim.length === 0 ? null : ruleOf(target, address),
    prefix: claim[0]?.prefix ?? others[0] ?? null,
    since: claim[0]?.since ?? null,
  };
}

function ruleOf(target: Target, address: string): string {
  if (target.kind === 'registryNetworkRules') return registryRuleName;
  const [ipv4, ipv6] = ownRulesOf(target);
  return familyOf(address) === 'ipv6' ? ipv6.name : ipv4.name;
}

function nextSteps(input: ExplainInput, targets: readonly TargetVerdict[]): string[] {
  const { address, situation, matches, overlaps } = input;
  if (specialPurposeRangeOf(address)) {
    return [
      'Look for the public address that the traffic leaves with: that of the NAT gateway, the firewall or the load balancer.',
    ];
  }
  // A target may follow another tag than those of Azure Container Registry.
  const isListed =
    [...matches, ...overlaps].some(({ tag }) => isRegistryTag(tag)) || targets.some(({ wanted }) => wanted);
  if (!input.targets)
    return [
      'Which targets let it in is not known now, as their state cannot be read from storage. Try again in a minute.',
    ];
  if (isListed) return stepsForListed(input, targets);
  return [...stepsForUnlisted(address, situation, matches), ...keptSteps(input, targets)];
}

function stepsForListed(
  { situation, matches, overlaps, targets }: ExplainInput,
  verdicts: readonly TargetVerdict[],
): string[] {
  const letting = verdicts.filter(({ allowed, access }) => allowed === 'yes' && access === 'Allow');
  const lacking = verdicts.filter(({ allowed, wanted }) => wanted && allowed !== 'yes');
  const steps: string[] = [];
  if (letting.length > 0) {
    steps.push(`${firstNames(letting)} ${agree(letting.length, 'lets', 'let')} it in already.`);
    if (situation === 'connectionFailed' || situation === 'firewallDenied') {
      steps.push(
        'If the connection still fails, another firewall is in the way: a route to an appliance, a second NSG, a private endpoint or DNS.',
      );
    }
  }
  const byReason = new Map<string, TargetVerdict[]>();
  for (const verdict of lacking) {
    const reasons = targets?.find(({ target }) => target.name === verdict.name)?.reasons ?? [];
    const why = whyNot(verdict.status, reasons[0]?.message);
    byReason.set(why, [...(byReason.get(why) ?? []), verdict]);
  }
  for (const [why, found] of byReason) {
    steps.push(`${firstNames(found)} should let it in and ${agree(found.length, 'does', 'do')} not: ${why}`);
  }
  if (verdicts.length === 0) {
    const regional = [...matches, ...overlaps].find(({ tag }) => isRegistryTag(tag) && tag.includes('.'));
    steps.push(
      regional === undefined
        ? 'No target takes the whole tag. Give a target "regions": "all", or add it by hand.'
        : `No target takes this region. Add "${regional.tag.split('.')[1]?.toLowerCase()}" to the regions of the target that should let it in.`,
    );
  }
  return steps;
}

const shownNames = 3;

function firstNames(targets: readonly TargetVerdict[]): string {
  const names = targets.map(({ name }) => name);
  if (names.length <= shownNames) return listed(names);
  return listed([...names.slice(0, shownNames), `${names.length - shownNames} more`]);
}

function whyNot(status: TargetStatus, reason: string | undefined): string {
  switch (status) {
    case 'held':
      return 'an approval is needed, on the target’s page.';
    case 'pending':
      return 'the update is under way or queued.';
    case 'planOnly':
      return 'the policy is "plan", which writes nothing. Set "addOnly" or "sync".';
    case 'paused':
      return 'paused. Resume on the target’s page.';
    case 'blocked':
    case 'failed':
      return reason ?? 'the last run did not succeed; the target’s page says why.';
    case 'noEffect':
      return reason ?? 'the registry does not look at its rules; the target’s page says why.';
    case 'inSync':
      return 'the next hourly run adds it.';
  }
}

function stepsForUnlisted(address: string, situation: Situation, matches: readonly LookupMatch[]): string[] {
  if (situation === 'registryRefused') {
    const { length, family } = parsePrefix(address);
    const isIpv6 = family === 'ipv6';
    return [
      'A registry refused this caller. The address is the caller’s own, not one of Azure Container Registry’s, so this app does not add it.',
      isIpv6
        ? 'The IP rules of a registry take IPv4 only: use a private endpoint, or let the caller leave through IPv4.'
        : `If the caller may in: az acr network-rule add --name <registry> --ip-address ${length === 32 ? address.replace(/\/32$/, '') : address}`,
    ];
  }
  if (matches.some(({ tag }) => tag.startsWith('Storage'))) {
    return [
      'Image layers come from Azure Storage unless the registry has dedicated data endpoints: turn them on (az acr update --data-endpoint-enabled true), and the tag AzureContainerRegistry is enough.',
    ];
  }
  return ['No target of this app is meant to let it in. Look for whoever owns the address before you allow it.'];
}

function keptSteps({ periods }: ExplainInput, targets: readonly TargetVerdict[]): string[] {
  const letting = targets.filter(({ allowed, access }) => allowed !== 'no' && access === 'Allow');
  if (letting.length === 0) return [];
  const lets = agree(letting.length, 'lets', 'let');
  return [
    periods.length > 0
      ? `${firstNames(letting)} still ${lets} it in: no longer listed and kept for now.`
      : `${firstNames(letting)} ${lets} it in, although no list of Azure Container Registry that is known has contained it.`,
  ];
}
