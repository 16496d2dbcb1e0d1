import type { NetworkSecurityGroup, SecurityRule } from '@azure/arm-network';
import type { CurrentState, TargetAdapter } from '../../app/ports.ts';
import { TargetBlockedError, TargetMovedError } from '../../core/errors.ts';
import { familyOf, isPrefix } from '../../core/prefixes.ts';
import type { RuleChange } from '../../core/plan/plan.ts';
import type { Reason } from '../../core/reasons.ts';
import { normalizeRegion } from '../../core/serviceTags/regions.ts';
import { type NsgRuleTarget, type OwnRule, ownRulesOf } from '../../core/targets/target.ts';
import { agree, listed } from '../../core/words.ts';
import { ArmError, beingUpdated } from './armError.ts';
import { recordIgnoredFailure, now } from './calls.ts';
import type { ArmClients } from './client.ts';
import { toTargetError } from './errors.ts';
import { isMarkOf, parseOwner, toMark } from './nsgRuleMark.ts';
import {
  findRule,
  fingerprintOf,
  isInPlace,
  placeableRules,
  priorityHolder,
  maxRulesBeside,
  toCurrentRule,
} from './nsgRuleModel.ts';
import { orderSteps, type ArmStep } from './nsgRuleSteps.ts';
import { followOperation, readBack } from './operation.ts';
import { nameOf, parseResourceId } from './resourceId.ts';
import { buildSerialise } from './serialise.ts';
import { withWriteRetries } from './writeRetries.ts';

const maxRules = 1_000;

/** For this long after its read, a plan is written without reading the NSG again. */
const freshForInMs = 5_000;

/** How often one attempt looks at a rule while others change its NSG. */
const maxLooks = 3;

interface Options {
  readonly ownerId: string;
  readonly pollIntervalInMs: number;
}

/**
 * Writes single rules, never the whole NSG: that would delete rules that others have added in the meantime.
 * Azure locks an NSG during a write, so this process writes to one NSG one rule after the other.
 */
export function buildNsgRules(
  clients: ArmClients,
  { ownerId, pollIntervalInMs }: Options,
): TargetAdapter<NsgRuleTarget> {
  const serialise = buildSerialise();
  /** When (epoch) this process last wrote to an NSG. */
  const writtenAt = new Map<string, number>();

  async function readNsg(target: NsgRuleTarget): Promise<NetworkSecurityGroup> {
    const { subscriptionId, resourceGroup, name } = parseResourceId(target.resourceId, 'nsgRule');
    return (await clients.networkClient(subscriptionId)).networkSecurityGroups.get(resourceGroup, name);
  }

  async function send(target: NsgRuleTarget, { rule, put }: ArmStep, condition: Condition): Promise<void> {
    const { subscriptionId, resourceGroup, name } = parseResourceId(target.resourceId, 'nsgRule');
    const { securityRules } = await clients.networkClient(subscriptionId);
    await followOperation(`${put ? 'PUT' : 'DELETE'} of rule ${rule}`, (abortSignal) => {
      const options = { abortSignal, updateIntervalInMs: pollIntervalInMs, requestOptions: { headers: condition } };
      return put
        ? securityRules.createOrUpdate(resourceGroup, name, rule, put, options)
        : securityRules.delete(resourceGroup, name, rule, options);
    });
  }

  /**
   * Writes if the rule is still as the step expects. `seen` is the rule as the plan saw it, which saves a read; without
   * `seen` the rule is read, because after a failed attempt the outcome is unknown. Either way Azure itself refuses the
   * write if the rule has changed since. Every change of the NSG changes the ETags of all its rules, so that refusal may be
   * about another rule: then the rule is read once more.
   */
  async function sendUnlessMoved(target: NsgRuleTarget, step: ArmStep, seen?: SeenRule): Promise<void> {
    for (let look = 1; ; look += 1) {
      const before = look === 1 && seen ? seen : await readBeforeStep(target, step);
      if (before === 'done') return;
      try {
        return await send(target, step, conditionFor(before.live));
      } catch (error) {
        if (!(error instanceof ArmError) || error.statusCode !== 412 || look === maxLooks) throw error;
        recordIgnoredFailure(callOf(step), error.detailCode ?? error.code);
      }
    }
  }

  /** Throws TargetMovedError if the rule is neither as before the step nor as after it (`done`). */
  async function readBeforeStep(target: NsgRuleTarget, step: ArmStep): Promise<SeenRule | 'done'> {
    const live = findRule((await readNsg(target)).securityRules ?? [], step.rule);
    const isWritten = fingerprintOf(live) === step.after;
    // The change may still fail and be undone: wait until it has ended.
    if (isWritten && live?.provisioningState === 'Updating')
      throw beingUpdated(`${target.resourceId}/securityRules/${step.rule}`);
    if (isInPlace(live, step.after)) return 'done';
    if (!isWritten && fingerprintOf(live) !== step.before) throw movedError(target, step.rule);
    return { live };
  }

  /**
   * 1. Takes the rules as the plan saw them, and refuses those of another deployment.
   * 2. Writes one rule after the other, in an order without clashes of priorities, and retries each.
   * 3. Reads back until every rule is as it should be.
   */
  async function write(
    target: NsgRuleTarget,
    current: CurrentState,
    changes: readonly RuleChange[],
  ): Promise<NetworkSecurityGroup> {
    const rules = await rulesBeforeWrite(target, current.token as ReadRules);
    assertNotOfAnother(target, rules, changes, ownerId);
    const steps = orderSteps(target, rules, changes, ownerId);
    for (const step of steps) {
      const live = findRule(rules, step.rule);
      // Our first write has changed the ETags of all rules, so an existing rule is read again before a later step.
      const seen = step === steps[0] || live === undefined ? { live } : undefined;
      await withWriteRetries(callOf(step), (attempt) =>
        sendUnlessMoved(target, step, attempt === 1 ? seen : undefined),
      ).catch((error: unknown) => {
        throw withOtherSteps(error, steps, step);
      });
    }
    const written = new Map(steps.map(({ rule, after }) => [rule, after]));
    const { nsg, wrong } = await readBack(`GET networkSecurityGroups/${nameOf(target)}`, async () => {
      const nsg = await readNsg(target);
      const wrong = ownRulesOf(target).find(({ name }) => {
        const [live, after] = [findRule(nsg.securityRules ?? [], name), written.get(name)];
        if (after !== undefined) return !isInPlace(live, after);
        // A rule that we did not write must be as the plan saw it: the plan's read may have been out of date.
        return fingerprintOf(live) !== fingerprintOf(findRule(rules, name));
      });
      return { nsg, wrong, isRight: wrong === undefined };
    });
    if (wrong) throw movedError(target, wrong.name);
    return nsg;
  }

  /**
   * Returns the rules as the plan saw them. Reads them again if that was a while ago or this process has written to the
   * NSG in between; throws TargetMovedError if they have changed.
   */
  async function rulesBeforeWrite(target: NsgRuleTarget, seen: ReadRules): Promise<readonly SecurityRule[]> {
    const lastWriteAt = writtenAt.get(target.resourceId.toLowerCase()) ?? -Infinity;
    if (now() - seen.at <= freshForInMs && lastWriteAt <= seen.at) return seen.rules;
    const rules = (await readNsg(target)).securityRules ?? [];
    if (fingerprintsOf(target, rules) !== fingerprintsOf(target, seen.rules))
      throw movedError(target, target.rule.name);
    return rules;
  }

  async function read(target: NsgRuleTarget): Promise<CurrentState> {
    const at = now();
    return toCurrentState(target, await readNsg(target), ownerId, at);
  }

  return {
    settleInMs: 10_000,
    read,
    async write(target, current, changes) {
      if (changes.length === 0) return current;
      const key = target.resourceId.toLowerCase();
      return serialise(key, async () => {
        try {
          const nsg = await write(target, current, changes);
          return toCurrentState(target, nsg, ownerId, now());
        } finally {
          writtenAt.set(key, now());
        }
      });
    },
  };
}

/** The rules of an NSG, and when (epoch) they were read. */
interface ReadRules {
  readonly rules: readonly SecurityRule[];
  readonly at: number;
}

/** Undefined: the rule does not exist. */
interface SeenRule {
  readonly live: SecurityRule | undefined;
}

type Condition = Readonly<Record<string, string>>;

/** Request headers: an existing rule must be unchanged, a rule that did not exist must still not exist. */
function conditionFor(live: SecurityRule | undefined): Condition {
  if (!live) return { 'if-none-match': '*' };
  return live.etag === undefined ? {} : { 'if-match': live.etag };
}

/** For people: `PUT securityRules/AllowAcrWebhooks`. */
function callOf({ rule, put }: ArmStep): string {
  return `${put ? 'PUT' : 'DELETE'} securityRules/${rule}`;
}

/**
 * Adds to a TargetBlockedError which rules were already written, and whether an addition is missing. If any was written,
 * it is no refusal.
 */
function withOtherSteps(error: unknown, steps: readonly ArmStep[], failed: ArmStep): unknown {
  const known = toTargetError(error);
  if (!(known instanceof TargetBlockedError)) return error;
  const done = steps.slice(0, steps.indexOf(failed));
  const state = failed.put ? 'not written' : 'still there';
  const rest = `Rule ${failed.rule} is ${state}, because ${known.message}`;
  const puts = done.flatMap(({ rule, put }) => (put ? [rule] : []));
  const toldOf = (message: string) =>
    new TargetBlockedError(known.code, message, { cause: known, isRefused: known.isRefused && done.length === 0 });
  if (puts.length > 0) {
    const are = agree(puts.length, 'is', 'are');
    return toldOf(
      `The additions are in: ${agree(puts.length, 'rule', 'rules')} ${listed(puts)} ${are} written. ${rest}`,
    );
  }
  if (failed.put) return toldOf(known.message);
  return toldOf(steps.some(({ put }) => put) ? rest : `No addition is missing. ${rest}`);
}

function toCurrentState(target: NsgRuleTarget, nsg: NetworkSecurityGroup, ownerId: string, at: number): CurrentState {
  const rules = nsg.securityRules ?? [];
  const own = ownRulesOf(target);
  const placed = placeableRules(target, rules);
  const others = rules.filter((rule) => !own.some(({ name }) => name.toLowerCase() === rule.name?.toLowerCase()));
  const former = others.filter(({ description }) => isMarkOf(description, ownerId, target.name));
  const crowded = rulesWithoutRoom(target, rules);
  const clashes = own.map((rule) => priorityTaken(target, rule, rules, ownerId));
  // An existing rule keeps its priority if the wanted one is taken: that is a note, not a blocker.
  const keepsPriority = (index: number): boolean => placed[index]?.priority !== own[index]?.priority;
  return {
    rules: placed.map((rule, index) => ({
      ...toCurrentRule(target, rule, findRule(rules, rule.name), ownerId),
      blockers: [
        ...(keepsPriority(index) ? [] : (clashes[index] ?? [])),
        ...(crowded.includes(rule.name) ? [fullNote(rule, rules.length)] : []),
      ],
    })),
    location: normalizeRegion(nsg.location ?? ''),
    maxRules: maxRulesBeside(target, others),
    blockers: mixedFamilies(target),
    notes: [
      ...provisioningNotes(target, nsg.provisioningState),
      ...clashes.flatMap((clash, index) => (keepsPriority(index) ? clash : [])),
      ...former.map((rule) => formerNote(target, rule)),
    ],
    token: { rules, at } satisfies ReadRules,
  };
}

/** Note about a rule that the app wrote for this target under an earlier rule.name. */
function formerNote({ resourceId }: NsgRuleTarget, { name = '?' }: SecurityRule): Reason {
  const { resourceGroup, name: nsg } = parseResourceId(resourceId, 'nsgRule');
  const command = `az network nsg rule delete -g ${resourceGroup} --nsg-name ${nsg} -n ${name}`;
  const message = `rule ${name} was written for this target under its former rule.name and is not kept up to date: delete it (${command})`;
  return { code: 'formerRule', message };
}

function priorityTaken(target: NsgRuleTarget, own: OwnRule, rules: readonly SecurityRule[], ownerId: string): Reason[] {
  const other = priorityHolder(target, own, rules);
  if (!other || !target.addressFamilies.includes(own.family)) return [];
  const way = wayToPriority(other, target, ownerId);
  const message = `rule ${other.name ?? '?'} has priority ${own.priority} ${target.rule.direction}, which ${own.name} is to have: ${way}`;
  return [{ code: 'priorityTaken', message }];
}

function wayToPriority({ description }: SecurityRule, { name }: NsgRuleTarget, ownerId: string): string {
  const holder = toMark(description, ownerId) === 'ours' ? parseOwner(description)?.target : undefined;
  if (holder === undefined) return 'choose another one for the target';
  if (holder === name) return 'delete that rule, or choose another one';
  return `that rule is the app's own, of the target ${holder}. If ${holder} is to have a free priority, it moves there first, and this passes within the hour. If the two swap, give one of them a free priority for now, and the wanted one after its next run`;
}

/** Names of the target's rules that do not exist yet and do not fit into the NSG. */
function rulesWithoutRoom(target: NsgRuleTarget, rules: readonly SecurityRule[]): string[] {
  const missing = ownRulesOf(target).filter(
    ({ name, family }) => target.addressFamilies.includes(family) && !findRule(rules, name),
  );
  return missing.slice(Math.max(0, maxRules - rules.length)).map(({ name }) => name);
}

function fullNote({ name }: OwnRule, count: number): Reason {
  const message = `the NSG has ${count} of ${maxRules} rules, so there is no room for ${name}: remove rules that are not needed`;
  return { code: 'quota', message };
}

/** Both sides of a rule must be of the same address family, so a local address fits only one of the two rules. */
function mixedFamilies({ rule, addressFamilies }: NsgRuleTarget): CurrentState['blockers'] {
  if (!isPrefix(rule.localAddressPrefix)) return [];
  const family = familyOf(rule.localAddressPrefix);
  if (addressFamilies.every((wanted) => wanted === family)) return [];
  const message = `rule.localAddressPrefix ${rule.localAddressPrefix} is ${family}, so addressFamilies may be ["${family}"] only, not ${JSON.stringify(addressFamilies)}`;
  return [{ code: 'configuration', message }];
}

function provisioningNotes({ resourceId }: NsgRuleTarget, state: string | undefined): Reason[] {
  if (state === 'Updating')
    return [
      { code: 'settling', message: `${resourceId} is being updated by somebody else right now: the app waits for it` },
    ];
  if (state !== 'Failed') return [];
  return [
    {
      code: 'lastChangeFailed',
      message: `the last change of ${resourceId} failed, so that its rules may not be in effect: its activity log in Azure says why`,
    },
  ];
}

function fingerprintsOf(target: NsgRuleTarget, rules: readonly SecurityRule[]): string {
  return JSON.stringify(ownRulesOf(target).map(({ name }) => fingerprintOf(findRule(rules, name))));
}

function assertNotOfAnother(
  target: NsgRuleTarget,
  rules: readonly SecurityRule[],
  changes: readonly RuleChange[],
  ownerId: string,
): void {
  for (const { rule } of changes) {
    const live = findRule(rules, rule);
    if (live && toMark(live.description, ownerId) === 'otherOwner') {
      throw new TargetBlockedError(
        'otherOwner',
        `${target.name}: rule ${rule} belongs to another deployment of this app (${live.description ?? ''}): remove the target from one of the two`,
      );
    }
  }
}

function movedError(target: NsgRuleTarget, rule: string): TargetMovedError {
  return new TargetMovedError(`${target.name}: rule ${rule} was changed by somebody else meanwhile`);
}
