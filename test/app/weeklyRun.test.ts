/** Microsoft's weekly files go in, the right rules come out: real storage, real ARM clients, real files. */
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { seedResources } from '../../dev/seedResources.ts';
import { startWorld, type World } from '../../dev/world.ts';
import { fileSource } from '../../src/adapters/sources/file.ts';
import type { PullResult } from '../../src/app/pullServiceTags.ts';
import { ofFamily, sortPrefixes, subtractPrefixes } from '../../src/core/prefixes.ts';
import type { UpdateRecord } from '../../src/core/ledger/runRecord.ts';
import type { Cloud, ServiceTagsDocument } from '../../src/core/serviceTags/serviceTags.ts';
import type { NsgRuleTarget, Target } from '../../src/core/targets/target.ts';
import { openLimits } from '../core/plan/planFixtures.ts';
import { readRealFile, realFileNames, testOnRealFiles } from '../core/realFiles.ts';
import {
  acr,
  codesOf,
  expectWholeLedger,
  hooks,
  ipRulesOf,
  prefixesIn,
  prod,
  publish,
  publishNextWeek,
  recordsOf,
  rulesOf,
  useWorlds,
  writesOf,
} from './stories.ts';
import { isFullRun } from '../support/fullRun.ts';

const worlds = useWorlds();
const folder = resolve(import.meta.dirname, '../../../shared/service-tags');
/** Weeks like those around them: `npm run test:full` takes them too. */
const ordinary = /_(20200511|20200914|20210208|20210215|20240422)\.json$/;
const publicFiles = realFileNames.filter((name) => name.includes('_Public_') && (isFullRun || !ordinary.test(name)));

interface Week {
  readonly name: string;
  readonly pull: PullResult;
  readonly runs: readonly UpdateRecord[];
  /** By target: what its rules hold after the file was handled, and how often they were written for it. */
  readonly held: Readonly<Record<string, readonly string[]>>;
  readonly writes: Readonly<Record<string, number>>;
  readonly pointerEtag: string;
  readonly snapshots: number;
}

async function feed(world: World, name: string, cloud: Cloud = 'Public'): Promise<Week> {
  const date = /_(\d{4})(\d{2})(\d{2})\.json$/.exec(name)?.slice(1).join('-') ?? '';
  const requestsBefore = world.simulator.requests.length;
  world.clock.setTo(new Date(`${date}T12:00:00Z`));
  const path = resolve(folder, name);
  world.setSources(fileSource(`file:${path}`, path, cloud));
  const pull = await world.pull();
  const runs = [...(await world.drain()), ...(await world.reconcile())];
  const targets = await world.services.targets.read();
  const requests = world.simulator.requests.slice(requestsBefore).filter(({ method }) => method !== 'GET');
  const writesOfTarget = (target: Target) =>
    requests.filter(({ path, method }) => method !== 'POST' && path.startsWith(target.resourceId)).length;
  const pointer = await world.services.snapshots.readPointer(cloud);
  return {
    name,
    pull,
    runs,
    held: Object.fromEntries(targets.map((target) => [target.name, heldBy(world, target)])),
    writes: Object.fromEntries(targets.map((target) => [target.name, writesOfTarget(target)])),
    pointerEtag: typeof pointer === 'object' ? pointer.etag : '',
    snapshots: (await world.services.snapshots.list(cloud)).length,
  };
}

function heldBy(world: World, target: Target): string[] {
  return target.kind === 'nsgRule' ? prefixesIn(world, target) : ipRulesOf(world, target);
}

const documents = new Map<string, ServiceTagsDocument>();

function prefixesOfTag(name: string, tag = acr): readonly string[] {
  const document = documents.get(name) ?? readRealFile(name);
  documents.set(name, document);
  const found = document.values.find((value) => value.name.toLowerCase() === tag.toLowerCase());
  return found?.addressPrefixes ?? [];
}

const groups = '/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg/providers/Microsoft.Network';
const nsg = (name: string, overrides: Partial<NsgRuleTarget>): NsgRuleTarget =>
  hooks({ name, resourceId: `${groups}/networkSecurityGroups/nsg-${name}`, ...overrides });
const foreign = ['192.0.2.7', '198.51.100.0/24'];

/** Fed with each public file once; each test looks at what it is about. */
describe('the public files in order', () => {
  const open = nsg('open', { limits: openLimits });
  const careful = nsg('careful', {});
  const vanishing = nsg('vanishing', { regions: ['italynorth', 'polandcentral'] });
  const registry = prod({ limits: openLimits });
  const weeks: Week[] = [];
  let world: World;
  let stop = (): Promise<void> => Promise.resolve();

  beforeAll(async () => {
    if (publicFiles.length === 0) return;
    const start = new Date('2020-03-31T00:00:00Z');
    world = await startWorld({ connectionString: worlds.freshConnectionString(), start, targets: [] });
    stop = () => world.stop();
    const rules = foreign.map((value) => ({ action: 'Allow' as const, value }));
    world.simulator.putRegistry({ id: registry.resourceId, networkRuleSet: { defaultAction: 'Deny', ipRules: rules } });
    seedResources(world.simulator, [open, careful, vanishing]);
    for (const name of publicFiles) {
      // Regions that a file of 2020 does not know yet would be a mistake of the configuration.
      world.setTargets(
        name < 'ServiceTags_Public_2023' ? [open, careful, registry] : [open, careful, registry, vanishing],
      );
      weeks.push(await feed(world, name));
    }
  });
  afterAll(() => stop());

  const weekOf = (date: string): Week => {
    const week = weeks.find(({ name }) => name === `ServiceTags_Public_${date}.json`);
    if (!week) throw new Error(`there is no public file of ${date}`);
    return week;
  };
  const before = (week: Week): Week | undefined => weeks[weeks.indexOf(week) - 1];

  testOnRealFiles('whole tag, sync, no grace: the two rules hold exactly what each file lists', () => {
    for (const { name, held } of weeks) expect({ name, held: held.open }).toEqual({ name, held: prefixesOfTag(name) });
    expect(weeks.at(-1)?.held.open).toHaveLength(1086);
  });

  testOnRealFiles('a file without news for a selection writes nothing', () => {
    const quiet = weeks.filter((week) => {
      const last = before(week);
      return last && subtractBoth(prefixesOfTag(week.name), prefixesOfTag(last.name)).length === 0;
    });

    expect(quiet.map(({ name }) => name.slice(19, 27))).toEqual([
      '20200427',
      '20201116',
      '20201123',
      '20201130',
      '20230130',
      '20250303',
    ]);
    expect(quiet.map(({ writes }) => writes.open)).toEqual(quiet.map(() => 0));
    expect(weeks.filter((week) => !quiet.includes(week)).map(({ writes }) => writes.open ?? 0)).not.toContain(0);
  });

  testOnRealFiles('default limits: every addition is in after the pull that first shows it', () => {
    for (const { name, held, runs } of weeks) {
      const missing = subtractPrefixes(prefixesOfTag(name), held.careful ?? []);
      expect({ name, missing }).toEqual({ name, missing: [] });
      const ended = runs.filter(({ chain }) => chain === careful.name).map(({ outcome }) => outcome);
      expect({
        name,
        bad: ended.filter((outcome) => outcome === 'failed' || outcome === 'held' || outcome === 'blocked'),
      }).toEqual({
        name,
        bad: [],
      });
    }
  });

  testOnRealFiles('default limits: what leaves the rules is what had left the list for two publications', () => {
    const gone = weeks.map((week) => subtractPrefixes(before(week)?.held.careful ?? [], week.held.careful ?? []));

    const removals = weeks.map(({ name }, index) => ({ name, gone: gone[index] ?? [] }));
    expect(removals.filter((entry) => entry.gone.length > 0)).toEqual([
      { name: 'ServiceTags_Public_20240415.json', gone: ['20.135.26.64/26'] },
    ]);
    expect(weekOf('20230327').held.careful).toContain('20.135.26.64/26');
    expect(prefixesOfTag('ServiceTags_Public_20230403.json')).not.toContain('20.135.26.64/26');
  });

  testOnRealFiles('regional tags that vanished on 2023-01-30 remove nothing and are quarantined', () => {
    const rules = weekOf('20230123').held.vanishing ?? [];
    expect(rules.length).toBeGreaterThan(2);

    const { pull, runs, held } = weekOf('20230130');
    expect(held.vanishing).toEqual(rules);
    // Ten in all: those without a target are judged too, for the feeds.
    expect(pull.quarantine).toHaveLength(10);
    expect(new Set(pull.quarantine.map(({ kind }) => kind))).toEqual(new Set(['missing']));
    expect(pull.quarantine.map(({ tag }) => tag)).toEqual(
      expect.arrayContaining([`${acr}.ItalyNorth`, `${acr}.PolandCentral`]),
    );
    const run = runs.find(({ chain, plan }) => chain === vanishing.name && plan !== undefined);
    expect(run?.plan).toMatchObject({ remove: [], retain: rules });
    expect(codesOf(run)).toContain('quarantined');
    for (const later of ['20230327', '20230403', '20240408']) {
      expect(subtractPrefixes(rules, weekOf(later).held.vanishing ?? [])).toEqual([]);
    }
  });

  testOnRealFiles('a change number that goes back to 88 and 97 removes nothing that the content still has', () => {
    expect(weekOf('20200427').pull.changeNumber).toBe(88);
    expect(weekOf('20200427').held).toEqual(weekOf('20200331').held);
    expect(weekOf('20200827').pull).toMatchObject({ changeNumber: 97, outcome: 'changed' });
    for (const name of ['open', 'careful']) {
      const august = weekOf('20200824').held[name] ?? [];
      expect(subtractPrefixes(august, weekOf('20200827').held[name] ?? [])).toEqual([]);
    }
  });

  testOnRealFiles('a file of the same content stores no snapshot, leaves the pointer, and says so', () => {
    const [first, same] = [weekOf('20201116'), weekOf('20201123')];

    expect(same.pull.outcome).toBe('unchanged');
    expect(same.pull.message).toBe(`same content as ${first.pull.snapshot}: nothing stored`);
    expect(same.pointerEtag).toBe(first.pointerEtag);
    expect(same.snapshots).toBe(first.snapshots);
    expect(same.writes).toEqual({ open: 0, careful: 0, prod: 0 });
    // The same number again, and another content.
    expect(weekOf('20201130').pull).toMatchObject({ changeNumber: 122, outcome: 'changed' });
  });

  testOnRealFiles(
    'a registry gets exactly the IPv4 prefixes of its region, and keeps all that others put there',
    () => {
      for (const { name, held } of weeks) {
        const listed = ofFamily(prefixesOfTag(name, `${acr}.WestEurope`), 'ipv4');
        expect({ name, first: held.prod?.slice(0, 2) }).toEqual({ name, first: foreign });
        expect({ name, ours: sortPrefixes(held.prod?.slice(2) ?? []) }).toEqual({ name, ours: listed });
      }
      const { properties } = world.simulator.registry(registry.resourceId) ?? {};
      expect(properties?.networkRuleSet.defaultAction).toBe('Deny');
    },
  );

  testOnRealFiles('every chain of the ledger is whole', () => expectWholeLedger(world));
});

/** Addresses that only one of two lists has. */
function subtractBoth(a: readonly string[], b: readonly string[]): string[] {
  return [...subtractPrefixes(a, b), ...subtractPrefixes(b, a)];
}

describe('other clouds', () => {
  testOnRealFiles.each(['AzureGovernment', 'China'] as const)(
    '%s: the rules hold what each file lists',
    async (cloud) => {
      const names = realFileNames.filter((name) => name.includes(`_${cloud}_`));
      const target = hooks({ limits: openLimits });
      const world = await worlds.open({ cloud, start: new Date('2023-01-02T00:00:00Z'), targets: [target] });

      expect(names).toHaveLength(2);
      for (const name of names) {
        await feed(world, name, cloud);
        const listed = prefixesOfTag(name);
        expect(listed.length).toBeGreaterThan(10);
        expect(prefixesIn(world, target)).toEqual(listed);
      }
    },
  );
});

describe('from the first pull on', () => {
  const first = { [acr]: ['20.42.66.0/23', '2603:1030:401::/122'], [`${acr}.WestEurope`]: ['20.42.66.0/23'] };

  test('a first pull fills the rules, the registry, the ledger and the pointer', async () => {
    const world = await worlds.open({ targets: [hooks(), prod()] });

    await publish(world, first);

    expect(prefixesIn(world)).toEqual(['20.42.66.0/23', '2603:1030:401::/122']);
    expect(rulesOf(world).AllowAcr?.properties).toMatchObject({
      access: 'Allow',
      direction: 'Inbound',
      protocol: 'Tcp',
      priority: 300,
      destinationPortRange: '443',
      destinationAddressPrefix: 'VirtualNetwork',
      description: 'acr-address-keeper owner=world0000001 target=hooks',
    });
    expect(ipRulesOf(world)).toEqual(['20.42.66.0/23']);
    const [record] = await recordsOf(world, 'hooks');
    expect(record).toMatchObject({
      outcome: 'applied',
      trigger: { reason: 'selectionChanged' },
      before: [],
      after: [
        { rule: 'AllowAcr', prefixes: ['20.42.66.0/23'] },
        { rule: 'AllowAcr-ipv6', prefixes: ['2603:1030:401::/122'] },
      ],
      owned: ['20.42.66.0/23', '2603:1030:401::/122'],
      ownerId: 'world0000001',
      snapshot: { date: '2026-01-05' },
    });
  });

  test('a second run with no change writes nothing: not to Azure, not to the ledger', async () => {
    const world = await worlds.open({ targets: [hooks(), prod()] });
    await publish(world, first);
    const writes = writesOf(world).length;

    await publishNextWeek(world, first);
    await world.reconcile();

    expect(writesOf(world)).toHaveLength(writes);
    expect(await recordsOf(world, 'hooks')).toHaveLength(1);
    expect(await recordsOf(world, 'prod')).toHaveLength(1);
  });

  test('a range that was split is no news: addresses count, not how they are written', async () => {
    const world = await worlds.open();
    await publish(world, first);
    const writes = writesOf(world).length;

    await publishNextWeek(world, { ...first, [acr]: ['20.42.66.0/24', '20.42.67.0/24', '2603:1030:401::/122'] });
    await world.reconcile();

    expect(writesOf(world)).toHaveLength(writes);
  });

  test('only the targets that are concerned get a message', async () => {
    const world = await worlds.open({ targets: [hooks(), prod(), prod({ name: 'v4', regions: ['eastus'] })] });
    const tags = { ...first, [`${acr}.EastUS`]: ['20.62.128.0/26'] };
    await publish(world, tags);

    world.clock.advance(1000);
    const runs: UpdateRecord[] = await publishNextWeek(world, { ...tags, [`${acr}.EastUS`]: ['20.62.128.0/25'] });

    expect(runs.map((run) => run.chain)).toEqual(['v4']);
  });
});
