/** What whoever may write one container can do, and what not: each line of the table in docs/security.md. */
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { appPrincipal, readRoles } from '../../dev/simulator/appIdentity.ts';
import type { World } from '../../dev/world.ts';
import { createStorageClients } from '../../src/adapters/storageClients.ts';
import { updateTarget } from '../../src/app/updateTarget.ts';
import { contentHash, toSnapshotId } from '../../src/core/serviceTags/contentHash.ts';
import type { Snapshot, SnapshotPointer } from '../../src/core/serviceTags/snapshot.ts';
import { targetConfigHash } from '../../src/core/targets/approval.ts';
import type { RecordedApproval, TargetState } from '../../src/core/targets/targetState.ts';
import { openLimits } from '../core/plan/planFixtures.ts';
import {
  acr,
  checkLedger,
  codesOf,
  dayOf,
  editIpRules,
  hooks,
  ipRulesOf,
  prefixesIn,
  prod,
  publish,
  publishNextWeek,
  recordsOf,
  ruleOfOthers,
  rulesOf,
  source,
  useWorlds,
  writesOf,
} from './stories.ts';

const worlds = useWorlds();
const [a, b] = ['20.42.66.0/24', '20.42.68.0/24'] as const;
const honest = { [acr]: [a, b] };

interface Opened {
  readonly world: World;
  readonly connectionString: string;
}

async function settled(targets = [hooks()]): Promise<Opened> {
  const connectionString = worlds.freshConnectionString();
  const world = await worlds.open({ targets, connectionString, forgetsSnapshots: true });
  await publish(world, honest);
  return { world, connectionString };
}

async function blobOf({ connectionString }: Opened, container: string, name: string) {
  const blobs = await createStorageClients({ kind: 'connectionString', connectionString }).blobs();
  return blobs.getContainerClient(container).getBlockBlobClient(name);
}

/** As somebody with write access alone would: no lease, no check. */
async function rewrite<T>(opened: Opened, container: string, name: string, change: (value: T) => T): Promise<void> {
  const blob = await blobOf(opened, container, name);
  const bytes = await blob.downloadToBuffer();
  const isPacked = name.endsWith('.gz');
  const text = (isPacked ? await promisify(gunzip)(bytes) : bytes).toString();
  const { metadata = {} } = await blob.getProperties();
  const changed = Buffer.from(JSON.stringify(change(JSON.parse(text) as T)));
  await blob.uploadData(isPacked ? await promisify(gzip)(changed) : changed, { metadata });
}

async function currentId({ world }: Opened): Promise<string> {
  const answer = await world.services.snapshots.readPointer('Public');
  return typeof answer === 'object' ? answer.pointer.snapshot : '';
}

describe('config: who edits the targets file', () => {
  test('can loosen a limit, which is as good as an approval', async () => {
    const { world } = await settled();
    const wide = '20.64.0.0/12';
    await publishNextWeek(world, { [acr]: [a, b, wide] });
    expect(prefixesIn(world)).not.toContain(wide);

    const { limits } = hooks();
    world.setTargets([
      hooks({ limits: { ...limits, widestPrefix: { ipv4: 8, ipv6: 32 }, maxAddedAddresses: 100_000_000 } }),
    ]);
    await world.reconcile();

    expect(prefixesIn(world)).toContain(wide);
  });

  test('cannot reach a resource without a role for the app', async () => {
    const { resourceId } = hooks();
    const other = hooks({ name: 'other', resourceId: `${resourceId}-of-others` });
    const roles = ['networkSecurityGroupRules', 'networkOperations'];
    const actions = roles.flatMap((role) => readRoles().get(role) ?? []);
    const permissions = [{ scope: resourceId, actions }];
    const world = await worlds.open({
      targets: [hooks(), other],
      simulation: { auth: { principals: {}, withoutToken: appPrincipal(permissions) } },
    });

    const runs = await publish(world, honest);

    expect(prefixesIn(world)).toEqual([a, b]);
    expect(prefixesIn(world, other)).toEqual([]);
    expect(codesOf(runs.find(({ chain }) => chain === 'other'))).toContain('noPermission');
  });
});

describe('service-tags: who writes snapshots and the pointer', () => {
  test('can show a false list until the next pull, and special-purpose and wide ranges wait all the same', async () => {
    const opened = await settled();
    const { world } = opened;
    const before = await world.services.snapshots.get('Public', await currentId(opened));
    if (!before) throw new Error('nothing is current');
    const [small, wide, own] = ['20.66.0.0/28', '20.64.0.0/12', '10.0.0.0/8'];
    const values = before.document.values.map((tag) => ({ ...tag, addressPrefixes: [own, a, b, wide, small] }));
    const document = { ...before.document, values };
    const hash = contentHash(document);
    const id = toSnapshotId('Public', '2026-01-06', before.changeNumber, hash);
    const forged: Snapshot = { ...before, document, id, date: '2026-01-06', contentHash: hash, previous: before.id };
    await world.services.snapshots.put(forged);
    await rewrite<SnapshotPointer>(opened, 'service-tags', 'current/Public.json', (pointer) => ({
      ...pointer,
      snapshot: id,
      contentHash: hash,
    }));

    await world.reconcile();
    expect(prefixesIn(world)).toEqual([a, b, small]);

    world.setSources(source(honest, { date: dayOf(world) }));
    const { snapshot } = await world.pull();
    expect(snapshot).not.toBe(id);
    expect((await world.services.snapshots.get('Public', snapshot))?.document.values[0]?.addressPrefixes).toEqual([
      a,
      b,
    ]);
  });

  test('cannot change a stored snapshot unseen: it counts as lost', async () => {
    const opened = await settled([hooks({ limits: openLimits })]);
    const { world } = opened;
    const id = await currentId(opened);
    await rewrite<Snapshot>(opened, 'service-tags', `snapshots/Public/${id}.json.gz`, (snapshot) => {
      const values = snapshot.document.values.map((tag) => ({ ...tag, addressPrefixes: [a, b, '20.66.0.0/28'] }));
      return { ...snapshot, document: { ...snapshot.document, values } };
    });

    await expect(world.services.snapshots.get('Public', id)).rejects.toThrow(/hash/);
    await world.reconcile().catch(() => undefined);
    expect(prefixesIn(world)).toEqual([a, b]);
  });
});

describe('targets: who writes states', () => {
  const theirs = '192.0.2.0/24';
  const state = (target: string): string => `state/${target}.json`;
  const claim =
    (prefixes: readonly string[], rules: readonly string[] = []) =>
    (before: TargetState): TargetState => {
      const claimed = prefixes.map((prefix) => ({ prefix, since: '2025-01-01T00:00:00.000Z' }));
      const { ownership } = before;
      return {
        ...before,
        ownership: { rules: [...ownership.rules, ...rules], prefixes: [...ownership.prefixes, ...claimed] },
      };
    };

  async function besideRuleOfOthers(name: string): Promise<Opened> {
    const connectionString = worlds.freshConnectionString();
    const target = hooks({ limits: openLimits });
    const world = await worlds.open({ targets: [target], connectionString });
    const priority = name === 'AllowAcr' ? 300 : 200;
    world.simulator.putRule(target.resourceId, { name, properties: ruleOfOthers({ priority }) });
    await publish(world, honest);
    return { world, connectionString };
  }

  test.each([
    ['its prefixes', [], [theirs]],
    ['another rule of the NSG', ['TheirRule'], [theirs]],
  ])("cannot take somebody else's NSG rule by a claim of %s", async (_, rules, prefixes) => {
    const { world, connectionString } = await besideRuleOfOthers('TheirRule');
    await rewrite<TargetState>({ world, connectionString }, 'targets', state('hooks'), claim(prefixes, rules));

    await publishNextWeek(world, { [acr]: [a] });
    await world.reconcile();

    expect(rulesOf(world).TheirRule?.prefixes).toEqual([theirs]);
    expect(prefixesIn(world)).toEqual([a]);
  });

  test('can take the one rule that the target names, though it lacks the mark of the deployment', async () => {
    const { world, connectionString } = await besideRuleOfOthers('AllowAcr');
    await world.reconcile();
    expect(prefixesIn(world)).toEqual([theirs]);
    await rewrite<TargetState>({ world, connectionString }, 'targets', state('hooks'), claim([theirs], ['AllowAcr']));

    await world.reconcile();

    expect(prefixesIn(world)).toEqual([a, b]);
  });

  test('can claim an IP rule of a registry, which is then removed by the ordinary rules', async () => {
    const connectionString = worlds.freshConnectionString();
    const target = prod({ limits: openLimits });
    const world = await worlds.open({ targets: [target], connectionString });
    editIpRules(world, () => [theirs]);
    await publish(world, { ...honest, [`${acr}.WestEurope`]: [a, b] });
    expect(ipRulesOf(world)).toEqual([a, b, theirs].sort());
    await rewrite<TargetState>({ world, connectionString }, 'targets', state('prod'), claim([theirs]));

    await publishNextWeek(world, { ...honest, [`${acr}.WestEurope`]: [a, b] });
    await world.reconcile();

    expect(ipRulesOf(world)).toEqual([a, b]);
  });

  /** A plan with a part that waits, and the approval of it that nobody gave. */
  async function withForgedApproval(): Promise<Opened & { wide: string; approval: RecordedApproval }> {
    const opened = await settled();
    const { world } = opened;
    const wide = '20.64.0.0/12';
    await publishNextWeek(world, { [acr]: [a, b, wide] });
    const plan = await world.actions.planTarget('hooks');
    const approval = {
      planId: plan.id,
      by: 'ciso@example.org',
      at: world.clock.now().toISOString(),
      snapshot: plan.snapshot,
      newest: plan.snapshot,
      configHash: targetConfigHash(hooks()),
      add: [wide],
      remove: [],
      record: '20260106T120000000Z-hooks-0badc0de',
    };
    await rewrite<TargetState>(opened, 'targets', state('hooks'), (before) => ({
      ...before,
      operator: { ...before.operator, approval },
    }));
    return { ...opened, wide, approval };
  }

  test('cannot approve: an approval counts only with its own record in the ledger', async () => {
    const { world, wide } = await withForgedApproval();

    await world.reconcile();

    expect(prefixesIn(world)).toEqual([a, b]);
    expect((await world.actions.planTarget('hooks')).held.add).toEqual([wide]);
  });

  test('can approve together with who writes the ledger', async () => {
    const { world, connectionString, wide, approval } = await withForgedApproval();
    const frame = { id: approval.record, chain: 'hooks', durationInMs: 0, reasons: [] };
    const at = { startedAt: approval.at, finishedAt: approval.at };
    const trigger = { reason: 'approval', by: approval.by };
    const blob = await blobOf({ world, connectionString }, 'ledger', `hooks/2026/01/${approval.record}.json`);
    await blob.uploadData(
      Buffer.from(JSON.stringify({ ...frame, ...at, trigger, outcome: 'approved', operator: { approval } })),
    );

    await world.reconcile();

    expect(prefixesIn(world)).toContain(wide);
    // The forged record is not where the chain leads: whoever verifies it sees it. It is taken away for the check of all tests.
    expect((await checkLedger(world, 'hooks')).ok).toBe(false);
    await blob.delete();
  });

  test('cannot make an update go round for ever by a record that sorts after all others', async () => {
    const opened = await settled();
    const { world } = opened;
    await publishNextWeek(world, { [acr]: [a, b, '20.64.0.0/12'] });
    const id = `${world.clock.now().toISOString().replaceAll(/[-:.]/g, '')}-hooks-ffffffff`;
    const at = { startedAt: world.clock.now().toISOString(), finishedAt: world.clock.now().toISOString() };
    const frame = { id, chain: 'hooks', durationInMs: 0, reasons: [], trigger: { reason: 'x' }, outcome: 'unchanged' };
    const blob = await blobOf(opened, 'ledger', `hooks/2026/01/${id}.json`);
    await blob.uploadData(Buffer.from(JSON.stringify({ ...frame, ...at })));

    await world.reconcile();

    expect((await checkLedger(world, 'hooks')).ok).toBe(false);
    expect((await recordsOf(world, 'hooks')).length).toBeLessThan(8);
    // Each chain is verified after each test, and this one is broken for good.
    world.setTargets([]);
  });

  test('can end a pause', async () => {
    const opened = await settled();
    const { world } = opened;
    await world.actions.pauseTarget('hooks', 'Ada');
    await publishNextWeek(world, { [acr]: [a, b, '20.42.70.0/24'] });
    expect(prefixesIn(world)).toEqual([a, b]);

    await rewrite<TargetState>(opened, 'targets', state('hooks'), (before) => ({ ...before, operator: {} }));
    await world.reconcile();

    expect(prefixesIn(world)).toEqual([a, b, '20.42.70.0/24']);
  });
});

describe('the queues: who sends messages', () => {
  test.each<[string, unknown]>([
    ['for a target', { target: 'hooks', reason: 'x' }],
    [
      'for a target, with more in it',
      { target: 'hooks', reason: 'approval', by: 'x', planId: 'y', add: ['10.0.0.0/8'] },
    ],
  ])('can make the app look now, and changes nothing by it: %s', async (_, message) => {
    const { world } = await settled();
    const writes = writesOf(world).length;

    await updateTarget(world.services, message as Parameters<typeof updateTarget>[1]);

    expect(writesOf(world)).toHaveLength(writes);
    expect(prefixesIn(world)).toEqual([a, b]);
  });
});
