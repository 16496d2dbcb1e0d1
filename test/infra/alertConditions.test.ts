/** When each alert is raised, and when not: its own query over what the app really measures, hour by hour. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { findBicep, predictDeployment } from '../../dev/bicep.ts';
import type { World } from '../../dev/world.ts';
import type { App } from '../../src/app/composition.ts';
import { runReconcileIn, runUpdateIn } from '../../src/app/invocations.ts';
import { measuredRuns } from '../../src/app/measuredRuns.ts';
import type { ServiceTagsSource, Telemetry } from '../../src/app/ports.ts';
import { pullServiceTags } from '../../src/app/pullServiceTags.ts';
import { metricPrefix, type Measurement } from '../../src/core/metrics.ts';
import type { Target } from '../../src/core/targets/target.ts';
import { acr, dayInMs, deadSource, hooks, prod, source, useWorlds } from '../app/stories.ts';
import { runQuery, type Row } from '../support/kql.ts';
import { isFullRun } from '../support/fullRun.ts';

const worlds = useWorlds();
const hourInMs = 60 * 60 * 1000;
const deployedAt = new Date('2026-01-05T12:00:00Z');
const bicep = await findBicep();
if ('missing' in bicep) console.log(`SKIPPED: the conditions of alerts are not looked at: ${bicep.missing}`);
const describeWithBicep = 'missing' in bicep ? describe.skip : describe;

interface Rule {
  readonly name: string;
  readonly windowInMs: number;
  readonly query: string;
}

let rules: readonly Rule[] = [];

beforeAll(async () => {
  if ('missing' in bicep) return;
  const resources = await predictDeployment(bicep.path, {
    environmentName: "'acr-keeper'",
    location: "'westeurope'",
    deployedAt: `'${deployedAt.toISOString().slice(0, 19)}Z'`,
    availabilityTestLocations: "['emea-nl-ams-azr']",
  });
  rules = resources
    .filter(({ type }) => type === 'Microsoft.Insights/scheduledQueryRules')
    .map(({ name, properties }) => {
      const { windowSize, criteria } = properties as { windowSize: string; criteria: { allOf: { query: string }[] } };
      return {
        name: name.replace('acr-keeper-', ''),
        windowInMs: toMs(windowSize),
        query: criteria.allOf[0]?.query ?? '',
      };
    });
});

function toMs(duration: string): number {
  const [, days = 0, hours = 0, minutes = 0] = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?$/.exec(duration) ?? [];
  return Number(days) * dayInMs + Number(hours) * hourInMs + Number(minutes) * 60_000;
}

/** The app, its timers and what Log Analytics has of it. */
class Watched {
  readonly world: World;
  readonly #rows: { readonly table: string; readonly at: number; readonly row: Row }[] = [];
  readonly #app: App;
  #hours = 0;
  pulls = true;
  reconciles = true;

  constructor(world: World) {
    this.world = world;
    const telemetry: Telemetry = {
      span: (_name, _options, work) => work({ traceparent: undefined, set: () => undefined }),
      record: (measurements) => {
        for (const measurement of measurements) this.#measure(measurement);
      },
      flush: () => Promise.resolve(),
    };
    this.#app = { services: world.services, telemetry, logger: world.services.logger } as unknown as App;
  }

  #measure({ metric, value, attributes = {} }: Measurement): void {
    this.add('AppMetrics', { Name: metricPrefix + metric, Sum: value, Properties: attributes });
  }

  add(table: string, row: Row): void {
    const at = this.world.clock.now().getTime();
    this.#rows.push({ table, at, row: { ...row, TimeGenerated: at } });
  }

  /** An hour of the timers; gives the alerts that are raised at its end. */
  async passHour(): Promise<string[]> {
    const { services, clock, queue } = this.world;
    if (this.pulls && this.#hours % 6 === 0) {
      const runs = measuredRuns(this.#app);
      await runs.pull((traced) => pullServiceTags(traced, { reason: 'timer' })).catch(() => undefined);
    }
    if (this.reconciles) await runReconcileIn(this.#app);
    await queue.drain((message) => runUpdateIn(this.#app, message));
    this.#hours += 1;
    clock.setTo(new Date(Math.max(services.clock.now().getTime(), deployedAt.getTime() + this.#hours * hourInMs)));
    return this.raised();
  }

  raised(): string[] {
    const now = this.world.clock.now();
    return rules
      .filter(({ query, windowInMs }) => {
        const recent = this.#rows.filter(({ at }) => at > now.getTime() - windowInMs);
        const of = (name: string): Row[] => recent.filter(({ table }) => table === name).map(({ row }) => row);
        const names = ['AppMetrics', 'AppRequests', 'AppAvailabilityResults'];
        return runQuery(query, Object.fromEntries(names.map((name) => [name, of(name)])), now).length > 0;
      })
      .map(({ name }) => name)
      .sort();
  }

  async pass(hours: number, every: () => void = () => undefined): Promise<string[][]> {
    const raised: string[][] = [];
    for (let hour = 0; hour < hours; hour += 1) {
      every();
      raised.push(await this.passHour());
    }
    return raised;
  }
}

async function watch(targets: readonly Target[], ...sources: ServiceTagsSource[]): Promise<Watched> {
  const world = await worlds.open({ targets, start: deployedAt });
  world.setSources(...sources);
  return new Watched(world);
}

const list = { [acr]: ['20.42.66.0/24', '20.42.68.0/24'] };
const file = (name = 'download', date = '2026-01-05') => source(list, { name, date });
const none = (hours: number): string[][] => Array.from({ length: hours }, () => []);

describeWithBicep('a new deployment', () => {
  const calmHours = isFullRun ? 48 : 26;

  test(`with policy plan raises nothing for ${calmHours} hours, and no notice goes out`, async () => {
    const watched = await watch(
      [hooks({ policy: 'plan' }), hooks({ name: 'second', policy: 'plan', paused: true })],
      file(),
    );

    expect(await watched.pass(calmHours)).toEqual(none(calmHours));
    expect(watched.world.notifications).toEqual([]);
  });

  test('without code, then without a pull, is asked by firewalls and by its own test, and raises nothing on the first day', async () => {
    const watched = await watch([hooks({ policy: 'plan' })], file());
    watched.pulls = false;
    watched.reconciles = false;
    const expected = (): void => {
      for (let count = 0; count < 12; count += 1) {
        watched.add('AppRequests', { Name: 'getHealth', ResultCode: '503' });
        watched.add('AppRequests', { Name: 'getFeed', ResultCode: '503' });
        watched.add('AppRequests', { Name: 'getTargets', ResultCode: '503' });
        watched.add('AppAvailabilityResults', { Success: false });
      }
    };

    expect(await watched.pass(24, expected)).toEqual(none(24));

    await watched.pass(1, expected);
    expected();
    expect(watched.raised()).toEqual(['not-reachable', 'pull-late', 'reconcile-late', 'server-errors']);
  });

  test('with policy sync raises nothing either, when its rules are written', async () => {
    const watched = await watch([hooks()], file());

    expect(await watched.pass(26)).toEqual(none(26));
  });
});

describeWithBicep('what must be heard', () => {
  test('the only source has stood still for 420 days', async () => {
    const watched = await watch(
      [hooks({ policy: 'plan' })],
      file('file:ServiceTags_Public_20241111.json', '2024-11-11'),
    );

    expect((await watched.pass(7)).at(-1)).toEqual(['list-old']);
  });

  test('a source that fails beside one that works, from its second pull on', async () => {
    const watched = await watch([hooks({ policy: 'plan' })], file(), deadSource('api'));
    const raised = await watched.pass(8);

    expect(raised.slice(0, 6)).toEqual(none(6));
    expect(raised.at(-1)).toEqual(['source-failing']);

    watched.world.setSources(file(), file('api'));
    await watched.pass(6);
    expect(watched.raised()).toEqual([]);
  });

  test('no pull comes through', async () => {
    const watched = await watch([hooks({ policy: 'plan' })], file());
    await watched.pass(2);
    watched.world.setSources(deadSource());

    const raised = await watched.pass(26);

    expect(raised[20]).toEqual([]);
    expect(raised.at(-1)).toContain('pull-late');
  });

  test('the timer of the targets stands still', async () => {
    const watched = await watch([hooks({ policy: 'plan' })], file());
    await watched.pass(2);
    watched.reconciles = false;

    const raised = await watched.pass(26);

    expect(raised[20]).toEqual([]);
    expect(raised.at(-1)).toEqual(['reconcile-late']);
  });

  test('a target that is blocked', async () => {
    const watched = await watch([hooks()], file());
    watched.world.simulator.removeNsg(hooks().resourceId);

    expect((await watched.pass(3)).at(-1)).toContain('targets-failed');
  });

  test('a registry that was opened to everybody, until its rules count again', async () => {
    const target = prod({ regions: 'all' });
    const watched = await watch([target], file());
    expect((await watched.pass(2)).at(-1)).toEqual([]);
    const { simulator } = watched.world;
    const open = (defaultAction: 'Allow' | 'Deny') => {
      const { ipRules } = simulator.registry(target.resourceId)!.properties.networkRuleSet;
      simulator.putRegistry({ id: target.resourceId, networkRuleSet: { defaultAction, ipRules } });
    };

    open('Allow');
    // The figures of an hour are those of the runs before it.
    expect((await watched.pass(2)).at(-1)).toEqual(['no-effect']);

    open('Deny');
    expect((await watched.pass(3)).at(-1)).toEqual([]);
  });

  test('a plan that waits for approval', async () => {
    const watched = await watch([hooks()], source({ [acr]: [...list[acr], '20.64.0.0/12'] }, { date: '2026-01-05' }));

    expect((await watched.pass(3)).at(-1)).toContain('targets-held');
  });

  test('errors of the API, and not what it answers by right', async () => {
    const watched = await watch([hooks({ policy: 'plan' })], file());
    await watched.pass(1);
    for (let count = 0; count < 5; count += 1) watched.add('AppRequests', { Name: 'getTags', ResultCode: '500' });

    expect(watched.raised()).toEqual(['server-errors']);
  });

  test('a list that says: keep what you have, a shard without a prefix, and health itself are no errors', async () => {
    const watched = await watch([hooks({ policy: 'plan' })], file());
    await watched.pass(30);
    for (let count = 0; count < 20; count += 1) {
      // A region without IPv6, a tag that vanished, an empty shard, an app that is unhealthy.
      watched.add('AppRequests', { Name: 'getFeed', ResultCode: '503' });
      watched.add('AppRequests', { Name: 'getPrefixes', ResultCode: '503' });
      watched.add('AppRequests', { Name: 'getPrefixes', ResultCode: '404' });
      watched.add('AppRequests', { Name: 'getHealth', ResultCode: '503' });
    }

    expect(watched.raised()).toEqual([]);

    for (let count = 0; count < 5; count += 1) watched.add('AppRequests', { Name: 'getFeed', ResultCode: '500' });
    expect(watched.raised()).toEqual(['server-errors']);
  });

  test('updates that are given up in two hours of six; once is nothing', async () => {
    const watched = await watch([hooks({ policy: 'plan' })], file());
    watched.add('AppRequests', { Name: 'reportFailedUpdate', ResultCode: '0' });
    watched.add('AppRequests', { Name: 'reportFailedUpdate', ResultCode: '0' });
    expect((await watched.pass(1)).at(-1)).toEqual([]);
    watched.add('AppRequests', { Name: 'reportFailedUpdate', ResultCode: '0' });

    expect(watched.raised()).toEqual(['poison-message']);
  });

  test('a webhook that refuses', async () => {
    const watched = await watch([hooks({ policy: 'plan' })], file());
    await watched.pass(1);
    const failed = { Name: `${metricPrefix}notifications.failed`, Sum: 1, Properties: { host: 'hooks.example.org' } };
    watched.add('AppMetrics', failed);

    expect(watched.raised()).toEqual(['deliveries-failed']);
  });

  test('an app that answers nobody, and one that answers some', async () => {
    const watched = await watch([hooks({ policy: 'plan' })], file());
    await watched.pass(30);
    watched.add('AppAvailabilityResults', { Success: false });
    expect(watched.raised()).toEqual(['not-reachable']);

    watched.add('AppAvailabilityResults', { Success: true });
    expect(watched.raised()).toEqual([]);
  });
});
