import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { XMLParser } from 'fast-xml-parser';
import { StorageRefusedError, RequestError, TargetBlockedError, TargetBusyError } from '../../../src/core/errors.ts';
import { parseServiceTags } from '../../../src/core/serviceTags/parseServiceTags.ts';
import type { PullStatus } from '../../../src/core/ledger/pullStatus.ts';
import { call, type Reply } from './call.ts';
import { makeRun, makeState, makeWorld, nsgTarget, plan, type World, lastResult } from './fakes.ts';
import type { TargetState, TargetStatus } from '../../../src/core/targets/targetState.ts';

let world: World;
beforeEach(() => {
  world = makeWorld();
});

const get = async (target: string, headers: Record<string, string> = {}): Promise<Reply> =>
  call(world.app, target, { headers });
const post = async (target: string, body?: unknown, headers: Record<string, string> = {}): Promise<Reply> =>
  call(world.app, target, { method: 'POST', body, headers });
const idOf = (index: number): string => world.snapshots.all[index]?.id ?? '';

describe('lookup', () => {
  test('as of a day', async () => {
    expect((await get('lookup?ip=20.42.67.1&asOf=2026-07-06')).json()).toEqual({
      ip: '20.42.67.1',
      snapshot: idOf(0),
      matches: [],
    });
  });

  test('bulk: the same, in order', async () => {
    const reply = await post('lookup', ['20.42.66.1', '::ffff:52.203.113.9', '52.146.2.1']);
    const answers = reply.json() as { ip: string; matches: { tag: string }[] }[];

    expect(reply.status).toBe(200);
    expect(answers.map(({ ip, matches }) => [ip, matches.map((match) => match.tag)])).toEqual([
      ['20.42.66.1', ['AzureContainerRegistry.EastUS', 'AzureContainerRegistry']],
      ['::ffff:52.203.113.9', ['AzureFrontDoor.Backend']],
      ['52.146.2.1', []],
    ]);
    expect(reply.headers['x-snapshot-id']).toBe(idOf(2));
  });

  test('bulk: ten thousand, and not one more', async () => {
    expect(
      (
        await post(
          'lookup',
          Array.from({ length: 10_000 }, () => '20.42.66.1'),
        )
      ).json(),
    ).toHaveLength(10_000);
    expect(
      (
        await post(
          'lookup',
          Array.from({ length: 10_001 }, () => '20.42.66.1'),
        )
      ).status,
    ).toBe(400);
  });

  test('bulk: bad entries are named by their index', async () => {
    const reply = await post('lookup', ['20.42.66.1', 'x', '1.2.3.4/40']);

    expect(reply.status).toBe(400);
    expect(reply.json()).toMatchObject({
      detail: expect.stringContaining('entry 1: "x"'),
      errors: [{ index: 1 }, { index: 2 }],
    });
    expect((await post('lookup', ['20.42.66.1', 7])).json()).toMatchObject({ errors: [{ index: 1 }] });
  });

  test.each([
    ['"20.42.66.1"', {}, 400],
    ['[', {}, 400],
    ['', {}, 400],
    ['["20.42.66.1"]', { 'content-type': 'text/plain' }, 200],
    ['["20.42.66.1"]', { 'content-type': '' }, 200],
    [JSON.stringify(Array.from({ length: 9_999 }, () => 'x'.repeat(200))), {}, 413],
  ])('body %.20s: %i', async (body, headers, status) => {
    expect((await post('lookup', body, headers)).status).toBe(status);
  });

  describe('with a target', () => {
    beforeEach(() => {
      const snapshot = { id: idOf(0), date: '2026-07-06', contentHash: 'aa' };
      world.ledger.records.push(
        makeRun('2026-07-06T07:00:00.000Z', {
          snapshot,
          after: [{ rule: 'AllowAcrWebhooks', prefixes: ['20.42.66.0/24', '52.151.100.0/24'] }],
        }),
        makeRun('2026-07-13T07:00:00.000Z', { outcome: 'failed' }),
        makeRun('2026-07-20T07:00:00.000Z', { after: [{ rule: 'AllowAcrWebhooks', prefixes: ['20.42.66.0/23'] }] }),
      );
    });

    test.each([
      ['52.151.100.7', '2026-07-06', { allowed: true, rule: 'AllowAcrWebhooks', prefix: '52.151.100.0/24' }],
      ['52.151.100.7', '2026-07-14', { allowed: true, run: { id: '20260706T070000000Z-webhook-receiver-0123abcd' } }],
      [
        '52.151.100.7',
        '2026-07-20T08:00:00Z',
        { allowed: false, run: { id: '20260720T070000000Z-webhook-receiver-0123abcd' } },
      ],
      ['::ffff:20.42.67.1', '2026-07-20', { allowed: true, prefix: '20.42.66.0/23' }],
    ])('was %s let in on %s?', async (ip, asOf, expected) => {
      const answer = (await get(`lookup?ip=${ip}&asOf=${asOf}&target=webhook-receiver`)).json() as { target: unknown };

      expect(answer.target).toMatchObject(expected);
    });

    test('says from which list', async () => {
      const answer = (await get('lookup?ip=20.42.66.1&asOf=2026-07-06&target=webhook-receiver')).json();

      expect(answer).toMatchObject({ target: { snapshot: { id: idOf(0), date: '2026-07-06' } } });
    });

    test('before the first run: not known; an unknown target: 404', async () => {
      world.ledger.records.length = 0;
      expect((await get('lookup?ip=20.42.66.1&target=webhook-receiver&asOf=2026-07-14')).json()).toMatchObject({
        target: {
          allowed: null,
          reason: expect.stringMatching(
            /^No run of webhook-receiver up to 1\d Jul 2026, .* UTC recorded what its rules were\. GET runs\?target=webhook-receiver lists its runs\.$/,
          ) as unknown,
        },
      });
      expect((await get('lookup?ip=20.42.66.1&target=nobody')).status).toBe(404);
    });
  });
});

describe('tags and history', () => {
  test('a tag: regions, days, prefixes with theirs', async () => {
    const tag = (await get('tags/azurecontainerregistry')).json() as { prefixes: { lastSeen: string }[] };
    // Those of the built-in history, which the sample lacks, come after these.
    const prefixes = tag.prefixes.filter(({ lastSeen }) => lastSeen >= '2026');

    expect({ ...tag, prefixes }).toMatchObject({
      name: 'AzureContainerRegistry',
      listed: true,
      count: 3,
      ipv4: 1,
      ipv6: 2,
      regions: ['eastus', 'westeurope'],
      firstSeen: '2019-07-22',
      lastChanged: '2026-07-20',
      prefixes: [
        { prefix: '20.42.66.0/23', firstSeen: '2026-07-13', lastSeen: '2026-07-20' },
        { prefix: '2603:1030:20e:3::480/122', firstSeen: '2026-07-06' },
        { prefix: '2603:1030:40c:3::/122', firstSeen: '2026-07-20' },
        { prefix: '52.151.100.0/24', firstSeen: '2026-07-06', lastSeen: '2026-07-13' },
      ],
    });
  });

  test('a tag that is listed no more', async () => {
    expect((await get('tags/Retired')).json()).toMatchObject({ listed: false, lastChanged: '2026-07-20' });
    expect((await get('history?tag=retired')).json()).toMatchObject({
      changes: [{ tag: 'Retired', kind: 'removed', removed: ['52.146.2.0/24'] }],
    });
    expect((await get('tags/Nothing')).json()).toMatchObject({ type: 'urn:acr-address-keeper:problem:unknown-tag' });
  });

  test('history, newest first, by tag and region, in pages', async () => {
    const target = 'history?tag=AzureContainerRegistry&region=eastus,westeurope&limit=1';
    const first = (await get(target)).json() as {
      count: number;
      changes: { tag: string; date: string }[];
      continuation: string;
    };
    const second = (await get(`${target}&continuation=${first.continuation}`)).json() as typeof first;

    expect(first.count).toBeGreaterThan(2);
    expect([...first.changes, ...second.changes]).toMatchObject([
      {
        tag: 'AzureContainerRegistry.WestEurope',
        date: '2026-07-20',
        added: ['2603:1030:40c:3::/122'],
        removed: ['52.151.100.0/24'],
      },
      { tag: 'AzureContainerRegistry.EastUS', date: '2026-07-13', added: ['20.42.67.0/24'], removed: [] },
    ]);
    expect((await get(`${target}&continuation=nope`)).status).toBe(400);
  });

  test('changes that were not stored are computed from the two snapshots', async () => {
    const stored = (await get('history')).json();
    world = makeWorld();
    world.changes.clear();

    expect((await get('history')).json()).toEqual(stored);
    const reads = world.snapshots.calls.length;
    await get('history?limit=5');
    expect(world.snapshots.calls).toHaveLength(reads);
  });

  test.each([
    ['changes', 1, 2, ['2603:1030:40c:3::/122'], ['52.151.100.0/24']],
    ['changes?tag=AzureContainerRegistry.EastUS', 0, 1, ['20.42.67.0/24'], []],
    ['changes?from=2026-07-06', 0, 2, ['20.42.67.0/24', '2603:1030:40c:3::/122'], ['52.151.100.0/24']],
    ['changes?from=2026-07-20&to=2026-07-06', 2, 0, ['52.151.100.0/24'], ['20.42.67.0/24', '2603:1030:40c:3::/122']],
    ['changes?to=2026-07-13', 0, 1, ['20.42.67.0/24'], []],
    ['changes?tag=AzureCloud.westeurope', 0, 2, [], []],
    ['changes?tag=Retired', 1, 2, [], ['52.146.2.0/24']],
  ])('%s', async (target, from, to, added, removed) => {
    expect((await get(target)).json()).toMatchObject({ from: idOf(from), to: idOf(to), added, removed });
  });

  test.each([
    ['changes?tag=Nothing', 404],
    ['changes?tag=Nothing&from=2026-07-06', 404],
    ['changes?to=2019-07-22', 404],
    ['changes?from=2019-07-21', 404],
    ['changes?to=Public-20190722-82-builtin', 404],
    ['changes?to=Public-20190723-82-builtin', 404],
    ['changes?from=yesterday', 400],
    ['changes?tag=A,B', 400],
  ])('%s: %i', async (target, status) => {
    expect((await get(target)).status).toBe(status);
  });

  test('changes between any two releases since 2019, by id or day', async () => {
    const between = async (from: string, to: string) =>
      (await get(`changes?from=${from}&to=${to}`)).json() as {
        from: string;
        to: string;
        added: string[];
        removed: string[];
      };
    const [first, last] = ['Public-20250714-362-builtin', 'Public-20250721-363-builtin'];
    const step = await between(first, last);

    expect(step).toMatchObject({ from: first, to: last });
    expect(step.removed).toEqual([
      '13.87.56.96/29',
      '13.87.122.96/29',
      '2603:1020:405:402::90/125',
      '2603:1020:405:402::340/122',
    ]);
    expect(step.added).toHaveLength(8);
    expect(await between('2025-07-20', '2025-07-21T12:00:00Z')).toEqual(step);
    expect(await between(last, first)).toEqual({
      ...step,
      from: last,
      to: first,
      added: step.removed,
      removed: step.added,
    });
    expect((await between('2019-07-22', idOf(2))).to).toBe(idOf(2));
  });

  test('changes for people: text and Markdown, by format or Accept', async () => {
    const text = await get('changes?format=text');
    expect(text.text).toBe(
      `# AzureContainerRegistry from ${idOf(1)} to ${idOf(2)}\n+ 2603:1030:40c:3::/122\n- 52.151.100.0/24\n`,
    );
    const markdown = await get('changes', { accept: 'text/markdown' });
    expect(markdown.headers['content-type']).toBe('text/markdown; charset=utf-8');
    expect(markdown.text).toContain('### Removed (1)\n\n- `52.151.100.0/24`\n');
  });

  test('the Atom feed holds what RFC 4287 asks for', async () => {
    const reply = await get('history.atom?code=secret-key&tag=AzureContainerRegistry,Retired');
    expect(reply.headers['content-type']).toBe('application/atom+xml; charset=utf-8');
    expect(reply.text).not.toContain('secret-key');
    const { feed } = new XMLParser({
      ignoreAttributes: false,
      isArray: (name) => ['entry', 'link', 'author'].includes(name),
    }).parse(reply.text) as {
      feed: Record<string, unknown> & { entry: Record<string, unknown>[]; link: Record<string, string>[] };
    };

    expect(feed['@_xmlns']).toBe('http://www.w3.org/2005/Atom');
    expect(feed.author).toMatchObject([{ name: expect.any(String) }]);
    expect(feed.link.filter((link) => link['@_rel'] === 'self')).toHaveLength(1);
    const updated: string[] = [];
    for (const node of [feed, ...feed.entry]) {
      // 4.1.1 and 4.1.2: exactly one id (an IRI), title and updated (RFC 3339).
      expect(node.id).toMatch(/^[a-z]+:\S+$/);
      expect(node.title).toBeDefined();
      expect(node.updated).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/);
      updated.push(String(node.updated));
    }
    expect(new Set(feed.entry.map((entry) => entry.id)).size).toBe(feed.entry.length);
    expect(feed.entry).toHaveLength(50);
    // The feed's time is that of its newest entry.
    expect(updated[0]).toBe(updated.slice(1).sort().at(-1));
    for (const entry of feed.entry) expect(entry.content ?? entry.link).toBeDefined();
  });
});

describe('snapshots', () => {
  test('in pages, newest first', async () => {
    const first = (await get('snapshots?limit=2')).json() as { items: { id: string }[]; continuation: string };
    const second = (await get(`snapshots?limit=2&continuation=${first.continuation}`)).json() as typeof first;

    expect([...first.items, ...second.items].map((item) => item.id)).toEqual([idOf(2), idOf(1), idOf(0)]);
    expect(second.continuation).toBeUndefined();
  });

  test("one, in the shape of Microsoft's file, with what is known of it", async () => {
    const stored = world.snapshots.all[0];
    const tag = stored?.document.values[0];

    const answer = (await get(`snapshots/${idOf(0)}`)).json() as Record<string, unknown> & { values: unknown[] };

    expect(answer).toMatchObject({ id: idOf(0), cloud: 'Public', changeNumber: 1, quarantine: [], tagCount: 6 });
    expect(answer).not.toHaveProperty('document');
    expect(answer.values[0]).toEqual({
      name: tag?.name,
      id: tag?.name,
      properties: {
        changeNumber: tag?.changeNumber,
        region: tag?.region,
        systemService: tag?.systemService,
        addressPrefixes: tag?.addressPrefixes,
      },
    });
    expect(parseServiceTags(answer, 'Public').document).toEqual(stored?.document);
  });

  test.each(['x', '..%2Fcurrent', 'Public-20260720-3-000000000000', 'China-20260720-3-000000000000'])(
    '%s: 404',
    async (id) => {
      expect((await get(`snapshots/${id}`)).status).toBe(404);
    },
  );
});

describe('the snapshot that an answer is from is named', () => {
  const snapshot = { id: 'Public-20260706-1-0123456789ab', date: '2026-07-06', contentHash: 'aa' };
  const name = 'x-snapshot-id';

  beforeEach(() => {
    world.ledger.records.push(makeRun('2026-07-06T07:00:00.000Z', { snapshot, after: [] }));
  });

  test.each([
    ['targets', () => idOf(2)],
    ['targets/webhook-receiver', () => idOf(2)],
    ['targets/webhook-receiver?asOf=2026-07-10', () => snapshot.id],
    ['targets/webhook-receiver/plan', () => plan.snapshot],
    ['targets/webhook-receiver/plan?format=markdown', () => plan.snapshot],
    ['runs/20260706T070000000Z-webhook-receiver-0123abcd', () => snapshot.id],
  ])('%s', async (target, expected) => {
    expect((await get(target)).headers[name]).toBe(expected());
  });

  test('and where there is none, none is', async () => {
    world = makeWorld([]);
    world.actions.planTarget = () => Promise.resolve({ ...plan, snapshot: '' });
    world.ledger.records.push(makeRun('2026-07-06T07:00:00.000Z'));

    for (const target of [
      'targets',
      'targets/webhook-receiver',
      'targets/webhook-receiver/plan',
      'runs',
      'runs/20260706T070000000Z-webhook-receiver-0123abcd',
    ]) {
      const reply = await get(target);
      expect(reply.status).toBe(200);
      expect(reply.headers[name]).toBeUndefined();
    }
  });
});

describe('targets', () => {
  test('before its first run a target is pending', async () => {
    expect((await get('targets')).json()).toMatchObject({
      count: 1,
      items: [{ name: 'webhook-receiver', status: 'pending' }],
    });
  });

  test('status, reasons, last result, plan summary, ownership, pin', async () => {
    const pin = { snapshot: idOf(0), by: 'someone', at: '2026-07-20T08:00:00.000Z' };
    world.states.set('webhook-receiver', makeState({ operator: { pin } }));

    expect((await get('targets/webhook-receiver')).json()).toMatchObject({
      status: 'inSync',
      configuration: { serviceTag: 'AzureContainerRegistry', policy: 'sync' },
      lastResult: { outcome: 'applied' },
      plan: { id: plan.id, add: 1, remove: 0, retain: 0, held: 0 },
      ownership: { ownerId: 'site-a', rules: ['AllowAcrWebhooks'], prefixCount: 1 },
      owned: [{ prefix: '20.42.66.0/24' }],
      pin,
    });
  });

  test.each([
    [{ ...nsgTarget, paused: true }, makeState(), 'paused'],
    [nsgTarget, makeState({ operator: { paused: { by: 'someone', at: '2026-07-20T08:00:00.000Z' } } }), 'paused'],
    [{ ...nsgTarget, policy: 'plan' as const }, undefined, 'planOnly'],
  ])('status %#', async (target, state, status) => {
    world.targets = [target];
    if (state) world.states.set(target.name, state);

    expect((await get('targets/webhook-receiver')).json()).toMatchObject({ status });
  });

  test('pages follow the targets file', async () => {
    world.targets = ['a', 'b', 'c'].map((name) => ({ ...nsgTarget, name }));
    const first = (await get('targets?limit=2')).json() as { items: { name: string }[]; continuation: string };

    expect(first.items.map((item) => item.name)).toEqual(['a', 'b']);
    expect((await get(`targets?continuation=${first.continuation}`)).json()).toMatchObject({ items: [{ name: 'c' }] });
  });

  test('those of a status, in pages, also if one has another status by now', async () => {
    const statuses = { a: 'held', b: 'inSync', c: 'held', d: 'blocked', e: 'held' } as const;
    world.targets = Object.keys(statuses).map((name) => ({ ...nsgTarget, name }));
    for (const [name, status] of Object.entries(statuses)) world.states.set(name, withStatus(status));
    const ask = async (query: string) => {
      const page = (await get(`targets?${query}`)).json() as {
        count: number;
        items: { name: string }[];
        continuation?: string;
      };
      return { ...page, items: page.items.map(({ name }) => name) };
    };

    expect(await ask('status=held')).toEqual({ count: 3, items: ['a', 'c', 'e'] });
    expect(await ask('status=blocked,held&status=inSync')).toMatchObject({ items: ['a', 'b', 'c', 'd', 'e'] });
    expect(await ask('status=failed')).toEqual({ count: 0, items: [] });

    const first = await ask('status=held&limit=2');
    expect(first).toEqual({ count: 3, items: ['a', 'c'], continuation: 'c' });
    world.states.set('c', withStatus('inSync'));
    expect(await ask('status=held&limit=2&continuation=c')).toEqual({ count: 2, items: ['e'] });

    expect((await get('targets?status=hold')).json()).toMatchObject({
      status: 400,
      detail: expect.stringContaining('inSync, pending, held') as unknown,
    });
  });

  test('as of a day: the rules that the newest run up to then left', async () => {
    world.ledger.records.push(
      makeRun('2026-07-06T07:00:00.000Z', { after: [{ rule: 'AllowAcrWebhooks', prefixes: ['20.42.66.0/24'] }] }),
    );

    expect((await get('targets/webhook-receiver?asOf=2026-07-10')).json()).toMatchObject({
      name: 'webhook-receiver',
      asOf: '2026-07-10T23:59:59.999Z',
      rules: [{ rule: 'AllowAcrWebhooks', prefixes: ['20.42.66.0/24'] }],
      run: { outcome: 'applied' },
    });
    expect((await get('targets/webhook-receiver?asOf=2026-07-01')).status).toBe(404);
  });

  test.each(['nobody', 'NOBODY', '..%2Fx', 'a'.repeat(500)])('%.12s: 404', async (name) => {
    expect((await get(`targets/${name}`)).status).toBe(404);
  });

  test('a plan in JSON and in Markdown', async () => {
    expect((await get('targets/webhook-receiver/plan')).json()).toMatchObject(plan);
    expect((await get('targets/webhook-receiver/plan?format=markdown')).text).toContain('**removalLimit**');
  });

  test('a plan of which nothing is written now says why, in both', async () => {
    const gate = { code: 'paused', message: 'The targets file pauses this target.' } as const;
    world.actions.planTarget = () => Promise.resolve({ ...plan, gate });

    expect((await get('targets/webhook-receiver/plan')).json()).toMatchObject({ ...plan, gate });
    expect((await get('targets/webhook-receiver/plan?format=markdown')).text).toContain(
      '**The app writes nothing of it now** (paused): The targets file pauses this target.\n',
    );
  });
});

test.each(['lookup?ip=20.42.66.1', 'tags', 'history', 'snapshots', 'targets', 'runs'])(
  '%s has one form, whatever Accept says',
  async (target) => {
    expect((await get(target, { accept: 'text/plain' })).status).toBe(200);
  },
);

describe('actions', () => {
  test.each([
    ['apply', { planId: plan.id }, ['approve', 'webhook-receiver', plan.id, 'a function key']],
    ['resume', undefined, ['resume', 'webhook-receiver', 'a function key']],
    ['pause', undefined, ['pause', 'webhook-receiver', 'a function key']],
  ])('%s', async (action, body, expected) => {
    const reply = await post(`targets/webhook-receiver/${action}`, body);

    expect(reply.status).toBe(200);
    expect(world.actions.calls).toEqual([expected]);
    expect(reply.headers['cache-control']).toBe('no-store');
  });

  test('rollback to a snapshot that is there, and to one that is not', async () => {
    expect((await post('targets/webhook-receiver/rollback', { snapshot: idOf(0) })).status).toBe(200);
    expect(
      (await post('targets/webhook-receiver/rollback', { snapshot: 'Public-20200101-1-000000000000' })).status,
    ).toBe(404);
    expect(world.actions.calls).toEqual([['rollback', 'webhook-receiver', idOf(0), 'a function key']]);
  });

  describe('who asks', () => {
    const principal = {
      'x-ms-client-principal': Buffer.from(JSON.stringify({ auth_typ: 'aad' })).toString('base64'),
      'x-ms-client-principal-id': '1',
      'x-ms-client-principal-idp': 'aad',
      'x-ms-client-principal-name': ' operator@\u0080example.org ',
    };
    const ofStaticWebApp = {
      'x-ms-client-principal': Buffer.from(
        JSON.stringify({ identityProvider: 'aad', userId: '1', userDetails: 'operator@example.org' }),
      ).toString('base64'),
    };
    afterEach(() => {
      delete process.env.WEBSITE_AUTH_ENABLED;
    });

    test.each(['True', 'true', ' TRUE '])('the signed-in user, where WEBSITE_AUTH_ENABLED is "%s"', async (setting) => {
      process.env.WEBSITE_AUTH_ENABLED = setting;
      await post('pull', undefined, principal);
      await post('pull', undefined, ofStaticWebApp);

      expect(world.actions.calls).toEqual([
        ['pull', 'operator@example.org'],
        ['pull', 'operator@example.org'],
      ]);
    });

    test.each([undefined, 'False', '0', 'yes', ''])(
      'a function key, whatever the caller says, where WEBSITE_AUTH_ENABLED is %j',
      async (setting) => {
        if (setting !== undefined) process.env.WEBSITE_AUTH_ENABLED = setting;
        for (const action of ['pause', 'resume'])
          await post(`targets/webhook-receiver/${action}`, undefined, principal);
        await post('targets/webhook-receiver/apply', { planId: 'ab'.repeat(32) }, ofStaticWebApp);
        await post('pull', undefined, principal);

        expect(world.actions.calls.map((call) => call.at(-1))).toEqual(Array(4).fill('a function key'));
      },
    );

    test('a function key, where sign-in is on and nobody signed in', async () => {
      process.env.WEBSITE_AUTH_ENABLED = 'True';
      await post('pull');
      await post('pull', undefined, { 'x-ms-client-principal': 'not base64 of JSON' });

      expect(world.actions.calls).toEqual([
        ['pull', 'a function key'],
        ['pull', 'a function key'],
      ]);
    });
  });

  test.each([
    [{ 'sec-fetch-site': 'cross-site' }, 403],
    [{ 'sec-fetch-site': 'same-site' }, 403],
    [{ 'sec-fetch-site': 'same-origin' }, 200],
    [{ 'sec-fetch-site': 'none' }, 200],
    [{}, 200],
    [{ origin: 'OWN' }, 200],
    [{ origin: 'https://evil.example' }, 403],
    [{ origin: 'null' }, 403],
    [{ origin: '' }, 403],
    [{ origin: 'http://evil.example/OWN_HOST' }, 403],
    [{ origin: 'https://evil.example', 'sec-fetch-site': 'none' }, 403],
    [{ origin: 'OWN', 'sec-fetch-site': 'cross-site' }, 403],
    [{ origin: 'https://front.example', 'x-forwarded-host': 'front.example' }, 200],
    [{ origin: 'https://front.example', 'sec-fetch-site': 'same-origin' }, 200],
  ])('a page of another site cannot act for a signed-in browser: %j is %i', async (headers, status) => {
    const own = new URL('http://localhost:7071');
    const sent = Object.fromEntries(
      Object.entries(headers).map(([name, text]) => [
        name,
        text.replace('OWN_HOST', own.host).replace('OWN', own.origin),
      ]),
    );

    expect((await post('pull', undefined, sent)).status).toBe(status);
    expect(world.actions.calls).toHaveLength(status === 200 ? 1 : 0);
  });

  test('a plan that has moved: 409 with the new plan', async () => {
    world.actions.approval = new RequestError(409, 'plan-changed', 'moved', { plan });
    const reply = await post('targets/webhook-receiver/apply', { planId: 'cd'.repeat(32) });

    expect(reply.status).toBe(409);
    expect(reply.json()).toMatchObject({ type: 'urn:acr-address-keeper:problem:plan-changed', plan: { id: plan.id } });
  });

  test.each([
    [new TargetBlockedError('noPermission', 'the identity may not read the NSG'), 409, 'target-blocked', undefined],
    [new Error('socket hang up'), 502, 'action-failed', undefined],
    [new TargetBusyError('the NSG is locked by another change', 17_000), 503, 'target-busy', '17'],
    [new TargetBusyError('the NSG is locked by another change'), 503, 'target-busy', '60'],
    [new RequestError(409, 'target-busy', 'busy', { retryAfterInSeconds: 60 }), 409, 'target-busy', '60'],
    [new RequestError(409, 'target-paused', 'paused', { plan }), 409, 'target-paused', undefined],
    [new RequestError(409, 'target-plan-only', 'plan only', { plan }), 409, 'target-plan-only', undefined],
  ])('what stands in the way of an action: %s', async (error, status, kind, retryAfter) => {
    world.actions.approval = error;
    const reply = await post('targets/webhook-receiver/apply', { planId: plan.id });

    expect(reply.status).toBe(status);
    expect(reply.json()).toMatchObject({ type: `urn:acr-address-keeper:problem:${kind}` });
    expect(reply.headers['retry-after']).toBe(retryAfter);
  });

  test.each([[{}], [{ planId: 'x' }], [{ planId: plan.id, force: true }], [[]], [null]])(
    'apply with %j: 400',
    async (body) => {
      expect((await post('targets/webhook-receiver/apply', body)).status).toBe(400);
      expect(world.actions.calls).toEqual([]);
    },
  );
});

describe('runs', () => {
  beforeEach(() => {
    world.ledger.records.push(
      makeRun('2026-07-06T07:00:00.000Z'),
      makeRun('2026-07-13T07:00:00.000Z'),
      makeRun('2026-07-20T07:00:00.000Z'),
    );
  });

  test('newest first, of one target, until a day, in pages', async () => {
    const first = (await get('runs?target=webhook-receiver&until=2026-07-13&limit=1')).json() as {
      items: { startedAt: string }[];
      continuation: string;
    };

    expect(first.items.map((item) => item.startedAt)).toEqual(['2026-07-13T07:00:00.000Z']);
    const second = (
      await get(`runs?target=webhook-receiver&until=2026-07-13&limit=1&continuation=${first.continuation}`)
    ).json();
    expect(second).toMatchObject({ items: [{ startedAt: '2026-07-06T07:00:00.000Z' }] });
    expect((await get('runs?continuation=forged')).status).toBe(400);
  });

  test('one by id', async () => {
    const id = '20260706T070000000Z-webhook-receiver-0123abcd';

    expect((await get(`runs/${id}`)).json()).toMatchObject({ id });
    expect((await get('runs/20260706T070000000Z-webhook-receiver-ffffffff')).status).toBe(404);
    expect((await get('runs/..%2F..%2Fstate')).status).toBe(404);
  });
});

describe('health', () => {
  const pullStatus: PullStatus = {
    cloud: 'Public',
    lastPull: { at: '2026-07-21T06:30:00.000Z', outcome: 'unchanged', runId: 'r' },
    sources: [
      { source: 'download', status: 'healthy', date: '2026-07-20', origin: 'https://example.org/x?sig=secret' },
      { source: 'https://user:secret@example.org/tags.json?sig=secret', status: 'healthy' },
      { source: 'file:/secret/folder', status: 'healthy', error: 'secret' },
    ],
    disagreements: [],
  };

  test('healthy: exactly what the contract names, and no secret', async () => {
    world.snapshots.pullStatus = pullStatus;
    world.states.set('webhook-receiver', makeState());
    const reply = await get('health');

    expect(reply.status).toBe(200);
    expect(reply.json()).toMatchObject({
      status: 'healthy',
      snapshot: {
        id: idOf(2),
        ageHours: 36,
        released: '2026-07-20',
        fetchedAt: '2026-07-21T06:30:00.000Z',
        age: 'released 20 Jul 2026, fetched 5 hours ago',
      },
      lastPull: { at: '2026-07-21T06:30:00.000Z', outcome: 'unchanged' },
      targets: { total: 1, inSync: 1, pending: 0, held: 0, failed: 0, planOnly: 0, paused: 0, noEffect: 0 },
      goLive: { status: 'done', daysLeft: 7, deadline: null },
      sources: [{ source: 'download' }, { source: 'example.org' }, { source: 'file' }],
    });
    expect(reply.text).not.toMatch(/secret|subscriptions|nsg-hooks/);
  });

  test.each([
    ['health?probe=1', {}],
    ['health', { accept: 'text/plain' }],
    ['health?_=17', { accept: 'image/png' }],
  ])('a probe is answered however it asks: %s %j', async (target, headers) => {
    world.snapshots.pullStatus = pullStatus;
    const reply = await get(target, headers);

    expect(reply.status).toBe(200);
    expect(reply.headers['content-type']).toBe('application/json; charset=utf-8');
  });

  test.each([
    ['a failed target', () => world.states.set('webhook-receiver', withStatus('failed')), 200, 'degraded'],
    ['a held target', () => world.states.set('webhook-receiver', withStatus('held')), 200, 'degraded'],
    [
      'a source down',
      () => (world.snapshots.pullStatus = { ...pullStatus, sources: [{ source: 'api', status: 'failed' }] }),
      200,
      'degraded',
    ],
    ['no pull for days', () => world.clock.pass(3 * 24 * 3600), 503, 'unhealthy'],
    ['no pull yet', () => (world.snapshots.pullStatus = undefined), 503, 'unhealthy'],
    ['storage down', () => (world.snapshots.isDown = true), 503, 'unhealthy'],
    [
      'a targets file that cannot be used',
      () => Object.assign(world.app.queries.services.targets, { read: () => Promise.reject(new Error('secret')) }),
      503,
      'unhealthy',
    ],
  ])('%s', async (_name, arrange, code, status) => {
    world.snapshots.pullStatus = pullStatus;
    arrange();
    const reply = await get('health');

    expect(reply.status).toBe(code);
    expect(reply.json()).toMatchObject({ status });
    expect(reply.text).not.toContain('secret');
  });

  test('storage that refuses: why, without a name, and nothing of pulls that nobody can know of', async () => {
    const summary = 'the storage account refuses the app: its firewall does not let the app in (AuthorizationFailure)';
    world.snapshots.refusal = new StorageRefusedError('storage account stkeeper refused secret', {
      code: 'AuthorizationFailure',
      summary,
    });

    const reply = await get('health');
    const { problems } = reply.json() as { problems: string[] };

    expect(reply.status).toBe(503);
    expect(problems[0]).toMatch(`storage cannot be read: ${summary}. The log names the account`);
    expect(problems.join()).not.toMatch(/no pull|secret|stkeeper/);
    expect((await get('snapshots')).json()).toMatchObject({
      status: 503,
      detail: expect.stringContaining(`cannot be read from storage: ${summary}`),
    });
  });

  test('a webhook that takes nothing, until it takes one again', async () => {
    world.snapshots.pullStatus = pullStatus;
    const at = '2026-07-21T06:30:00.000Z';
    const statuses = [
      undefined,
      { version: 1 as const, at, failingSince: '2026-07-14T06:30:00.000Z', error: 'answered 403' },
      { version: 1 as const, at },
      { version: 1 as const, at, failingSince: at, error: 'fetch failed' },
    ];
    Object.assign(world.app.queries.services, { readDeliveries: () => Promise.resolve(statuses) });

    expect((await get('health')).json()).toMatchObject({
      status: 'degraded',
      problems: [
        expect.stringMatching(/^webhook 2 of 4 has taken no notification since 14 Jul 2026 \(it answered 403\): /),
        expect.stringMatching(/^webhook 4 of 4 has taken no notification since 21 Jul 2026 \(it does not answer\): /),
      ],
    });
  });

  test('says where the reason is, where the targets file cannot be used', async () => {
    world.snapshots.pullStatus = pullStatus;
    Object.assign(world.app.queries.services.targets, { read: () => Promise.reject(new Error('secret')) });

    expect((await get('health')).json()).toMatchObject({
      problems: ['the targets cannot be read: GET targets says why'],
      goLive: null,
    });
  });

  test('a list that stands still is degraded after three weeks, however often it is fetched', async () => {
    const at = (day: number): Date => new Date(Date.UTC(2026, 6, 20 + day));
    const healthAfter = async (days: number): Promise<{ status: string; problems: string[] }> => {
      world.clock.time = at(days).getTime();
      const lastPull = { ...pullStatus.lastPull, at: new Date(at(days).getTime() - 120_000).toISOString() };
      world.snapshots.pullStatus = { ...pullStatus, lastPull };
      return (await get('health')).json() as { status: string; problems: string[] };
    };

    expect(await healthAfter(21)).toMatchObject({ status: 'healthy', problems: [] });
    expect(await healthAfter(22)).toMatchObject({
      status: 'degraded',
      problems: [expect.stringMatching(/^the list is old: released 20 Jul 2026, fetched 2 minutes ago\./)],
    });
    expect(await healthAfter(420)).toMatchObject({ status: 'degraded', snapshot: { ageHours: 420 * 24 } });
  });

  test('a newer release that lists the same is no old list', async () => {
    world.clock.time = Date.parse('2026-08-20T12:00:00Z');
    const lastPull = { ...pullStatus.lastPull, at: '2026-08-20T06:30:00.000Z' };
    const publication = { key: 'k', date: '2026-08-17', seenAt: '2026-08-18T06:30:00.000Z' };
    world.snapshots.pullStatus = { ...pullStatus, lastPull, publication };

    expect((await get('health')).json()).toMatchObject({
      status: 'healthy',
      snapshot: { released: '2026-08-17', age: 'released 17 Aug 2026, fetched 5 hours ago' },
    });
    expect((await get('prefixes')).headers['x-stale']).toBeUndefined();
  });

  test('each target counts once', async () => {
    world.snapshots.pullStatus = pullStatus;
    const statuses = ['inSync', 'pending', 'held', 'failed', 'blocked', 'planOnly', 'paused', 'noEffect'] as const;
    world.app.queries.services.targets.read = () =>
      Promise.resolve(statuses.map((status) => ({ ...nsgTarget, name: status.toLowerCase() })));
    for (const status of statuses) world.states.set(status.toLowerCase(), withStatus(status));

    const { targets } = (await get('health')).json() as { targets: Record<string, number> };

    expect(targets).toEqual({
      total: 8,
      inSync: 1,
      pending: 1,
      held: 1,
      failed: 2,
      planOnly: 1,
      paused: 1,
      noEffect: 1,
    });
  });

  test.each([
    ['previewed only', { policy: 'plan' as const }],
    ['paused', { paused: true }],
  ])('a target that is %s has no deadline, whatever came of its runs', async (_, settings) => {
    world.snapshots.pullStatus = pullStatus;
    world.app.queries.services.targets.read = () => Promise.resolve([{ ...nsgTarget, ...settings }]);
    const { seen } = lacking('52.146.2.0/24', '2025-06-01').run ?? {};
    for (const status of ['planOnly', 'paused', 'blocked', 'failed', 'pending'] as const) {
      const state = withStatus(status);
      world.states.set('webhook-receiver', { ...state, run: { ...state.run, ...(seen ? { seen } : {}) } });

      expect((await get('health')).json()).toMatchObject({ goLive: { status: 'done', daysLeft: 7 } });
    }
  });

  test('before the first pull nobody knows what a target lacks', async () => {
    world = makeWorld([]);

    expect((await get('health')).json()).toMatchObject({ snapshot: null, goLive: null });
  });

  test.each([
    ['2026-07-20', 'healthy', { status: 'waiting', daysLeft: 5.5 }, []],
    [
      '2026-07-16',
      'degraded',
      { status: 'near', daysLeft: 1.5 },
      [/may use the first of them in 1\.5 days, from 23 Jul 2026, 00:00 UTC/],
    ],
    [
      '2026-07-12',
      'degraded',
      { status: 'overdue', daysLeft: -2.5 },
      [/may have used the first of them since 19 Jul 2026, 00:00 UTC/],
    ],
  ])('what was published %s is missing from a target: %s', async (published, status, goLive, problems) => {
    world.snapshots.pullStatus = pullStatus;
    world.states.set('webhook-receiver', makeState(lacking('52.146.2.0/24', published)));
    const reply = await get('health');
    const health = reply.json() as { problems: string[] };

    expect(reply.status).toBe(200);
    expect(health).toMatchObject({ status, goLive });
    expect(health.problems).toEqual(problems.map((problem) => expect.stringMatching(problem)));
    expect(reply.text).not.toMatch(/192\.0\.2|webhook-receiver/);
  });

  test('a target that is configured no more has no deadline', async () => {
    world.snapshots.pullStatus = pullStatus;
    world.states.set('webhook-receiver', makeState());
    world.states.set('gone', makeState(lacking('52.146.2.0/24', '2026-07-01')));

    expect((await get('health')).json()).toMatchObject({ status: 'healthy', goLive: { status: 'done' } });
  });

  test.each([
    [['2026-07-21T10:00:00.000Z'], undefined],
    [
      ['2026-07-20T07:00:00.000Z', '2026-07-21T11:00:00.000Z'],
      '1 target has been pending for more than two hours, the first since 20 Jul 2026, 07:00 UTC: GET targets?status=pending says why',
    ],
    [
      ['2026-07-21T08:00:00.000Z', '2026-07-19T07:00:00.000Z'],
      '2 targets have been pending for more than two hours, the first since 19 Jul 2026, 07:00 UTC: GET targets?status=pending says why',
    ],
  ])('targets that have been pending since %j', async (times, problem) => {
    world.snapshots.pullStatus = pullStatus;
    world.app.queries.services.targets.read = () =>
      Promise.resolve(times.map((since) => ({ ...nsgTarget, name: since.slice(0, 13).toLowerCase() })));
    for (const since of times) {
      const run = { outbox: [], lastResult: { ...lastResult, status: 'pending' as const, since } };
      world.states.set(since.slice(0, 13).toLowerCase(), makeState({ run }));
    }

    const { status, problems } = (await get('health')).json() as { status: string; problems: string[] };

    expect(problems).toEqual(problem === undefined ? [] : [problem]);
    expect(status).toBe(problem === undefined ? 'healthy' : 'degraded');
  });

  test('strangers who ask often cost one read', async () => {
    for (let count = 0; count < 20; count += 1) await get('health');

    expect(world.snapshots.calls.filter((name) => name === 'readPullStatus')).toHaveLength(1);
  });

  function lacking(prefix: string, published: string): Partial<TargetState> {
    const seen = { snapshot: idOf(2), byOthers: [], absent: [], missing: [{ prefix, published }] };
    return { run: { outbox: [], lastResult, seen } };
  }
});

describe('pages', () => {
  test.each(['dashboard', 'docs', 'approve'])('%s: a strict policy, and nothing from elsewhere', async (page) => {
    const reply = await get(page);

    expect(reply.status).toBe(200);
    expect(reply.headers['content-security-policy']).toMatch(/default-src 'none'; script-src 'self';/);
    expect(reply.text).not.toMatch(/https?:\/\/|<script>|style=|onclick=/);
    for (const [, asset = ''] of reply.text.matchAll(/(?:src|href)="(assets\/[^"]+)"/g)) {
      expect((await get(asset)).status).toBe(200);
    }
  });

  test.each(['..%2Fhost.json', 'host.json', 'dashboard.html', '__proto__'])('assets/%s: 404', async (name) => {
    expect((await get(`assets/${name}`)).status).toBe(404);
  });
});

function withStatus(status: TargetStatus): ReturnType<typeof makeState> {
  return makeState({ run: { outbox: [], lastResult: { ...lastResult, status } } });
}
