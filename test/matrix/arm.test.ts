/** Each fault of Azure Resource Manager × each step of an update × each kind of target. */
import { mkdir, writeFile } from 'node:fs/promises';
import { afterAll, describe, expect, test } from '@jest/globals';
import { ArmError } from '../../dev/simulator/armError.ts';
import { faults, type Fault, type FaultMatcher } from '../../dev/simulator/faults.ts';
import type { World, WorldOptions } from '../../dev/world.ts';
import { toErrorMessage } from '../../src/core/errors.ts';
import type { Target } from '../../src/core/targets/target.ts';
import { prod, useWorlds } from '../app/stories.ts';
import { openLimits } from '../core/plan/planFixtures.ts';
import {
  expectGoodEnd,
  isRun,
  kinds,
  listed,
  matrixTable,
  noteCell,
  openWorld,
  runCell,
  runCells,
  takeAway,
} from './cells.ts';

const worlds = useWorlds();

interface Step {
  readonly matcher: FaultMatcher;
  /** The how-manyeth of the matching calls of the update. */
  readonly nth: number;
  /** In place of the kind's own one. */
  readonly target?: Target;
  readonly simulation?: WorldOptions['simulation'];
}

const resource = /\/(networkSecurityGroups|registries)\/[^/]+$/;
const operation = /\/(operations|operationStatuses)\/[^/]+$/;
const rule = /\/securityRules\/[^/]+$/;

/** As an update makes its calls where nothing goes wrong; what seems lost from a registry is looked for twice. */
const steps: Readonly<Record<string, Readonly<Partial<Record<Target['kind'], Step>>>>> = {
  read: both({ method: 'GET', path: resource }, 1),
  'second look': { registryNetworkRules: { matcher: { method: 'GET', path: resource }, nth: 2 } },
  'read of the replicas': {
    registryNetworkRules: {
      matcher: { method: 'GET', path: /\/replications$/ },
      nth: 1,
      target: prod({ limits: openLimits, regions: { ofRegistry: prod().resourceId } }),
    },
  },
  // Asked for each time only by a registry that is nearly full.
  'read of the quota': {
    registryNetworkRules: {
      matcher: { method: 'GET', path: /\/listUsages$/ },
      nth: 1,
      simulation: { maxIpRules: listed.length },
    },
  },
  'look before the write': { registryNetworkRules: { matcher: { method: 'GET', path: resource }, nth: 3 } },
  write: {
    nsgRule: { matcher: { method: 'PUT', path: rule }, nth: 1 },
    registryNetworkRules: { matcher: { method: 'PATCH', path: resource }, nth: 1 },
  },
  'second write': { nsgRule: { matcher: { method: 'PUT', path: rule }, nth: 2 } },
  poll: both({ method: 'GET', path: operation }, 1),
  'read back': {
    nsgRule: { matcher: { method: 'GET', path: resource }, nth: 2 },
    registryNetworkRules: { matcher: { method: 'GET', path: resource }, nth: 4 },
  },
};

function both(matcher: FaultMatcher, nth: number): Readonly<Record<Target['kind'], Step>> {
  return { nsgRule: { matcher, nth }, registryNetworkRules: { matcher, nth } };
}

interface FaultCase {
  readonly fault: Fault;
  /** On end; 1 by default. */
  readonly times?: number;
  /** The record must name the retry by this code. */
  readonly code?: RegExp;
  /** What only a write can meet. */
  readonly writesOnly?: true;
  readonly only?: Target['kind'];
}

const error = (status: number, code: string, more: ConstructorParameters<typeof ArmError>[3] = {}): Fault => ({
  kind: 'error',
  error: new ArmError(status, code, 'An error occurred.', more),
});
const lock = (retryAfterInSeconds?: number): Fault =>
  error(429, 'RetryableError', {
    details: [
      { code: 'RetryableErrorDueToAnotherOperation', message: 'PutSecurityRuleOperation is updating resource.' },
    ],
    headers: retryAfterInSeconds === undefined ? {} : { 'Retry-After': String(retryAfterInSeconds) },
  });

const passing: Readonly<Record<string, FaultCase>> = {
  'lock (429)': { fault: lock(), code: /RetryableErrorDueToAnotherOperation/, writesOnly: true, only: 'nsgRule' },
  'lock (429), Retry-After': {
    fault: lock(10),
    code: /RetryableErrorDueToAnotherOperation/,
    writesOnly: true,
    only: 'nsgRule',
  },
  'another operation (409)': {
    fault: faults.anotherOperation(),
    code: /AnotherOperationInProgress/,
    writesOnly: true,
  },
  'another operation, told by the operation': {
    fault: faults.operationMeetsAnother(),
    code: /AnotherOperationInProgress/,
    writesOnly: true,
  },
  'operation failed': { fault: faults.operationFails(), code: /InternalServerError/, writesOnly: true },
  'operation canceled': {
    fault: faults.operationFails('OperationCanceled', 'Canceled.'),
    code: /OperationCanceled/,
    writesOnly: true,
  },
  superseded: {
    fault: { kind: 'operationSuperseded' },
    code: /CanceledAndSupersededDueToAnotherOperation/,
    writesOnly: true,
    only: 'nsgRule',
  },
  'registry busy (409)': {
    fault: error(409, 'Conflict'),
    code: /Conflict/,
    writesOnly: true,
    only: 'registryNetworkRules',
  },
  '412': {
    code: /PreconditionFailedEtagMismatch/,
    fault: error(412, 'PreconditionFailed', { details: [{ code: 'PreconditionFailedEtagMismatch', message: '-' }] }),
    writesOnly: true,
  },
  throttled: { fault: faults.tooManyRequests(17), code: /TooManyRequests/ },
  '500': { fault: faults.serverError(500), code: /InternalServerError/ },
  '502, a proxy’s page': {
    fault: { kind: 'raw', status: 502, contentType: 'text/html', body: '<html>Bad Gateway</html>' },
    code: /502/,
  },
  '503': { fault: faults.serverError(503), code: /ServiceUnavailable/ },
  'dropped before the work': { fault: { kind: 'dropBefore' }, code: /(ECONNRESET|EPIPE|REQUEST_SEND_ERROR)/ },
  'dropped after the work': { fault: { kind: 'dropAfter' }, code: /(ECONNRESET|EPIPE|REQUEST_SEND_ERROR)/ },
  'half an answer': {
    fault: { kind: 'raw', status: 200, contentType: 'application/json', body: '{"id": "/subscr' },
    code: /PARSE_ERROR/,
  },
  slow: { fault: { kind: 'slow', delayInMs: 40 } },
  stale: { fault: { kind: 'staleRead' } },
};

/** Longer than a run may take: it ends as postponed or failed, and the next one finishes the work. */
const lasting: Readonly<Record<string, FaultCase>> = {
  'locked for long': { ...passing['lock (429)']!, times: 12 },
  'registry busy for long': { ...passing['registry busy (409)']!, times: 12 },
  'throttled for long': { fault: faults.tooManyRequests(300), code: /TooManyRequests/ },
  'down for long': { ...passing['503']!, times: 12 },
  'connections lost for long': { ...passing['dropped before the work']!, times: 12 },
};

describe.each(kinds)('%s', (kind, targetOfKind) => {
  /** One world for a kind's cells of one step: each cell leaves it as it found it, or fails. */
  test.each(Object.entries(steps).flatMap(([name, { [kind]: step }]) => (step ? [[name, step] as const] : [])))(
    '%s',
    async (name, step) => {
      const target = step.target ?? targetOfKind;
      const world = await openWorld(worlds, target, step.simulation && { simulation: step.simulation });
      const met = Object.entries({ ...passing, ...lasting }).filter(([, fault], index) =>
        isMet(kind, [name, step], fault, index),
      );
      await runCells(met, ([title, fault]) => cell(world, target, [name, title], step, fault));
    },
  );
});

function isMet(
  kind: Target['kind'],
  [name, { matcher, nth }]: readonly [string, Step],
  { fault, only, writesOnly }: FaultCase,
  index: number,
): boolean {
  const isWrite = matcher.method !== 'GET';
  if ((writesOnly && !isWrite) || (only && only !== kind) || (isWrite && fault.kind === 'staleRead')) return false;
  // A registry has one write, an NSG two of them: they meet in turn what only a write can meet.
  if (writesOnly && (kind === 'registryNetworkRules' || index % 2 === nth % 2)) return true;
  return isRun(kind, Object.keys(steps).indexOf(name), index);
}

async function cell(
  world: World,
  target: Target,
  [name, title]: readonly [string, string],
  step: Step,
  fault: FaultCase,
): Promise<void> {
  takeAway(world, target);
  const { simulator } = world;
  simulator.forgetFaults();
  // Those that come before the step are let through.
  if (step.nth > 1) simulator.failNext(step.matcher, { kind: 'slow', delayInMs: 0 }, step.nth - 1);
  simulator.failNext(step.matcher, fault.fault, fault.times);
  const before = simulator.requests.length;

  const result = await runCell(world, target);

  noteCell(name, target.kind, title, result);
  try {
    await expectGoodEnd(world, target, result);
    const struck = simulator.requests.slice(before).filter((request) => request.fault === fault.fault.kind);
    expect(struck.length).toBeGreaterThanOrEqual(1);
    const rules = target.kind === 'nsgRule' ? 2 : 1;
    expect(result.writes).toBeLessThanOrEqual(rules + extraWrites(fault.fault));
    // An old answer to the read that counts shows nothing to do, which is no record.
    const isDeceived =
      result.outcomes[0] === 'unchanged' && fault.fault.kind === 'staleRead' && /^(read|second look)$/.test(name);
    expect(result.records[0]?.outcome).toBe(result.outcomes[isDeceived ? 1 : 0]);
    if (fault.code !== undefined) {
      expect(result.told).toMatch(fault.code);
    }
    // One that passes is ridden out by the run itself.
    if (!title.includes('for long') && !isDeceived) expect(result.outcomes).toEqual(['applied']);
  } catch (failure) {
    const records = JSON.stringify(result.records.map(summary));
    throw new Error(`${name}, ${title}: ${toErrorMessage(failure)}\n${records}`, { cause: failure });
  }
}

/** What was accepted and came to nothing has to be written again. */
function extraWrites(fault: Fault): number {
  return fault.kind === 'operationFails' || fault.kind === 'operationSuperseded' ? 1 : 0;
}

function summary({ outcome, reasons, arm, details, after }: Awaited<ReturnType<typeof runCell>>['records'][number]) {
  return { outcome, reasons, arm, details, after };
}

afterAll(async () => {
  await mkdir('reports', { recursive: true });
  await writeFile('reports/matrix-arm.md', matrixTable('Faults of Azure Resource Manager'));
});
