import { beforeEach, describe, expect, test } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import { familyOf, isPrefix } from '../../../src/core/prefixes.ts';
import { nameList } from '../../../src/app/formats/label.ts';
import { call } from './call.ts';
import { makeWorld, type World } from './fakes.ts';

let world: World;
beforeEach(() => {
  world = makeWorld();
});

const get = async (target: string, headers: Record<string, string> = {}): ReturnType<typeof call> =>
  call(world.app, target, { headers });
const idOf = (index: number): string => world.snapshots.all[index]?.id ?? '';

describe('selection', () => {
  test('the default tag, every family, as the contract has it', async () => {
    const reply = await get('prefixes');

    expect(reply.status).toBe(200);
    expect(reply.json()).toEqual({
      cloud: 'Public',
      snapshot: idOf(2),
      changeNumber: 3,
      tags: ['AzureContainerRegistry'],
      count: 3,
      prefixes: ['20.42.66.0/23', '2603:1030:20e:3::480/122', '2603:1030:40c:3::/122'],
    });
    expect(reply.headers['x-snapshot-id']).toBe(idOf(2));
  });

  test.each([
    ['prefixes?tag=azurecontainerregistry.EASTUS', ['20.42.66.0/24', '20.42.67.0/24']],
    ['prefixes?region=eastus', ['20.42.66.0/24', '20.42.67.0/24']],
    ['prefixes?region=EastUS,westeurope', ['20.42.66.0/24', '20.42.67.0/24', '2603:1030:40c:3::/122']],
    ['prefixes?region=eastus&region=westeurope&family=ipv6', ['2603:1030:40c:3::/122']],
    ['prefixes?region=eastus&aggregate=true', ['20.42.66.0/23']],
    ['prefixes?family=ipv4', ['20.42.66.0/23']],
    ['prefixes?tag=AzureFrontDoor.Backend&aggregate=true', ['52.203.113.0/24']],
    [
      'prefixes?tag=AzureContainerRegistry,AzureContainerRegistry.EastUS&family=ipv4',
      ['20.42.66.0/23', '20.42.66.0/24', '20.42.67.0/24'],
    ],
    [
      'prefixes?tag=AzureContainerRegistry.EastUS&tag=AzureCloud.westeurope',
      ['20.42.66.0/24', '20.42.67.0/24', '52.151.100.0/22'],
    ],
    ['prefixes?asOf=2026-07-12&family=ipv4', ['20.42.66.0/24', '52.151.100.0/24']],
    ['prefixes?asOf=2026-07-13T00:00:00%2B02:00&family=ipv4', ['20.42.66.0/24', '52.151.100.0/24']],
    ['prefixes?asOf=2099-01-01&family=ipv4', ['20.42.66.0/23']],
  ])('%s', async (target, prefixes) => {
    expect(((await get(target)).json() as { prefixes: string[] }).prefixes).toEqual(prefixes);
  });

  test('a snapshot by id is immutable', async () => {
    const reply = await get(`prefixes?snapshot=${idOf(0)}&family=ipv4`);

    expect(reply.json()).toMatchObject({ snapshot: idOf(0), prefixes: ['20.42.66.0/24', '52.151.100.0/24'] });
    expect(reply.headers['cache-control']).toContain('immutable');
    expect(reply.headers['x-snapshot-id']).toBe(idOf(0));
  });

  test('since: only what came and went, by address', async () => {
    expect((await get(`prefixes?since=${idOf(0)}`)).json()).toMatchObject({
      since: idOf(0),
      snapshot: idOf(2),
      count: 3,
      added: ['20.42.67.0/24', '2603:1030:40c:3::/122'],
      removed: ['52.151.100.0/24'],
    });
    expect((await get(`prefixes?since=${idOf(0)}&format=text&family=ipv4`)).text).toBe(
      `# from ${idOf(0)} to ${idOf(2)}\n+ 20.42.67.0/24\n- 52.151.100.0/24\n`,
    );
  });

  test('since a day: the newest list of that day or before, as asOf', async () => {
    const byId = (await get(`prefixes?since=${idOf(0)}`)).json();

    expect((await get('prefixes?since=2026-07-06')).json()).toEqual(byId);
    expect((await get('prefixes?since=2026-07-12T23:00:00Z')).json()).toEqual(byId);
    expect((await get('prefixes?since=2020-01-01')).status).toBe(404);
    expect((await get('prefixes?since=yesterday')).json()).toMatchObject({
      detail: expect.stringMatching(/^since: "yesterday".*an id that GET snapshots lists, or an ISO date/) as unknown,
    });
    const dated = await get(`prefixes?since=2026-07-06&snapshot=${idOf(2)}`);
    expect(dated.headers['cache-control']).not.toContain('immutable');
  });

  test('pages stay with their snapshot when a new one comes', async () => {
    const first = (await get('prefixes?limit=2')).json() as { prefixes: string[]; count: number; continuation: string };
    world.snapshots.publish({ AzureContainerRegistry: ['52.146.2.0/24'] }, '2026-07-27');
    world.clock.pass(60);
    const second = (await get(`prefixes?limit=2&continuation=${first.continuation}`)).json() as typeof first;

    expect(first.count).toBe(3);
    expect([...first.prefixes, ...second.prefixes]).toEqual([
      '20.42.66.0/23',
      '2603:1030:20e:3::480/122',
      '2603:1030:40c:3::/122',
    ]);
    expect(second.continuation).toBeUndefined();
    expect((await get(`prefixes?family=ipv4&limit=2&continuation=${first.continuation}`)).status).toBe(400);
  });

  test('the shards of a list are the list', async () => {
    const parts = await Promise.all(
      [1, 2, 3].map(async (index) => (await get(`prefixes?shard=${index}/3`)).json() as { prefixes: string[] }),
    );

    expect(parts.flatMap((part) => part.prefixes).sort()).toEqual([
      '20.42.66.0/23',
      '2603:1030:20e:3::480/122',
      '2603:1030:40c:3::/122',
    ]);
  });
});

describe('regions', () => {
  beforeEach(() => {
    world = makeWorld([
      [
        {
          AzureContainerRegistry: ['20.42.66.0/23'],
          'AzureContainerRegistry.NorwayEast': ['20.42.66.0/24'],
          'AzureContainerRegistry.WestEurope': ['20.42.67.0/24'],
          AzureCloud: ['20.40.0.0/13'],
          'AzureCloud.norwaye': ['20.42.64.0/20'],
          'AzureCloud.westeurope': ['20.42.0.0/20'],
        },
        '2026-07-06',
      ],
    ]);
  });

  test.each([
    ['region=West%20Europe', ['20.42.67.0/24']],
    ['region=westeurope,%20Norway%20East', ['20.42.66.0/24', '20.42.67.0/24']],
    ['region=westeurope&region=West+Europe', ['20.42.67.0/24']],
    ['tag=AzureCloud&region=norwayeast', ['20.42.64.0/20']],
    ['tag=AzureCloud&region=norwaye', ['20.42.64.0/20']],
    ['tag=AzureCloud,AzureContainerRegistry&region=norwayeast', ['20.42.64.0/20', '20.42.66.0/24']],
  ])('%s', async (query, prefixes) => {
    expect(((await get(`prefixes?${query}`)).json() as { prefixes: string[] }).prefixes).toEqual(prefixes);
  });

  test('a feed of AzureCloud by its location, and one name for a list however its region is written', async () => {
    expect((await get('feeds/AzureCloud.norwayeast.ipv4.txt')).text).toBe('20.42.64.0/20\n');
    expect((await get('prefixes?format=terraform&region=West%20Europe')).text).toBe(
      (await get('prefixes?format=terraform&region=westeurope')).text,
    );
  });

  test('what of AzureCloud came since then is looked for under the same region', async () => {
    const since = idOf(0);
    world.snapshots.publish(
      {
        ...Object.fromEntries(
          world.snapshots.all[0]?.document.values.map((tag) => [tag.name, tag.addressPrefixes]) ?? [],
        ),
        'AzureCloud.norwaye': ['20.42.64.0/20', '20.43.0.0/24'],
      },
      '2026-07-13',
    );
    world.clock.pass(60);

    expect((await get(`prefixes?tag=AzureCloud&region=norwayeast&since=${since}`)).json()).toMatchObject({
      added: ['20.43.0.0/24'],
      removed: [],
    });
  });

  test('a part of AzureCloud that is listed no more is a 503 for machines, whatever its region is called', async () => {
    world.snapshots.publish(
      { AzureCloud: ['20.40.0.0/13'], 'AzureContainerRegistry.NorwayEast': ['20.42.66.0/24'] },
      '2026-07-13',
    );
    world.clock.pass(60);

    expect((await get('prefixes?format=text&tag=AzureCloud&region=norwayeast')).status).toBe(503);
  });
});

describe('refusals', () => {
  test.each([
    ['prefixes?tag=AzureContainerRegistri', 404, 'unknown-tag', 'AzureContainerRegistry'],
    ['prefixes?region=mars', 400, 'unknown-region', 'eastus, westeurope'],
    ['prefixes?tag=AzureFrontDoor.Backend&region=eastus', 400, 'unknown-region', 'no regions'],
    ['prefixes?tag=AzureContainerRegistry.EastUS&region=eastus', 400, 'invalid-query', 'already'],
    ['prefixes?tags=x', 400, 'invalid-query', 'accepted: tag, region, family'],
    ['prefixes?family=ipv5', 400, 'invalid-query', 'ipv4'],
    ['prefixes?family=ipv4&family=ipv6', 400, 'invalid-query', 'more than once'],
    ['prefixes?aggregate=yes', 400, 'invalid-query', 'true'],
    ['prefixes?tag=', 400, 'invalid-query', 'service tags'],
    ['prefixes?tag=a%2F..%2Fb', 400, 'invalid-query', 'service tags'],
    ['prefixes?region=', 400, 'invalid-query', 'ARM locations'],
    ['prefixes?format=xml', 400, 'invalid-query', 'terraform'],
    ['prefixes?shard=4/3', 400, 'invalid-query', 'i/n'],
    ['prefixes?shard=0/3', 400, 'invalid-query', 'i/n'],
    ['prefixes?limit=0', 400, 'invalid-query', 'limit'],
    ['prefixes?limit=1&format=text', 400, 'invalid-query', 'whole'],
    ['prefixes?continuation=x', 400, 'invalid-query', 'continuation'],
    ['prefixes?snapshot=../../secrets', 400, 'invalid-query', 'GET snapshots'],
    ['prefixes?snapshot=Public-20200101-1-000000000000', 404, 'unknown-snapshot', 'GET snapshots'],
    ['prefixes?asOf=2026-02-30', 400, 'invalid-query', 'ISO date'],
    ['prefixes?asOf=2020-01-01', 404, 'unknown-snapshot', '2026-07-06'],
    ['prefixes?since=Public-20260720-3-000000000000&format=nginx', 400, 'invalid-query', 'json or text'],
  ])('%s: %i', async (target, status, kind, hint) => {
    const reply = await get(target);

    expect(reply.status).toBe(status);
    expect(reply.headers['content-type']).toBe('application/problem+json');
    const problem = reply.json() as { type: string; status: number; detail: string; title: string };
    expect(problem.type).toBe(`urn:acr-address-keeper:problem:${kind}`);
    expect(problem.status).toBe(status);
    expect(problem.detail).toContain(hint);
  });

  test('snapshot and asOf together', async () => {
    expect((await get(`prefixes?snapshot=${idOf(0)}&asOf=2026-07-12`)).status).toBe(400);
  });

  test('a function key in the query is no unknown parameter', async () => {
    expect((await get('prefixes?code=secret-key')).status).toBe(200);
  });
});

describe('formats, read back', () => {
  const expected = ['20.42.66.0/23', '2603:1030:20e:3::480/122', '2603:1030:40c:3::/122'];

  test('text', async () => {
    const reply = await get('prefixes?format=text');

    expect(reply.headers['content-type']).toBe('text/plain; charset=utf-8');
    expect(reply.text).toBe(`${expected.join('\n')}\n`);
  });

  test('text with comments: prefix, blank, comment on one line', async () => {
    const lines = (await get('prefixes?format=text&comment=true')).text.trimEnd().split('\n');

    expect(lines.map((line) => /^(\S+) # AzureContainerRegistry$/.exec(line)?.[1])).toEqual(expected);
  });

  test('csv, with the day since when each prefix is listed', async () => {
    const reply = await get('prefixes?format=csv&tag=AzureContainerRegistry,AzureContainerRegistry.EastUS');

    expect(reply.headers['content-type']).toContain('text/csv');
    expect(parse(reply.text, { columns: true })).toEqual([
      { prefix: '20.42.66.0/23', family: 'ipv4', tags: 'AzureContainerRegistry', regions: '', firstSeen: '2026-07-13' },
      {
        prefix: '20.42.66.0/24',
        family: 'ipv4',
        tags: 'AzureContainerRegistry.EastUS',
        regions: 'eastus',
        // The real list has had it since then.
        firstSeen: '2020-08-03',
      },
      {
        prefix: '20.42.67.0/24',
        family: 'ipv4',
        tags: 'AzureContainerRegistry.EastUS',
        regions: 'eastus',
        firstSeen: '2026-07-13',
      },
      {
        prefix: '2603:1030:20e:3::480/122',
        family: 'ipv6',
        tags: 'AzureContainerRegistry',
        regions: '',
        firstSeen: '2026-07-06',
      },
      {
        prefix: '2603:1030:40c:3::/122',
        family: 'ipv6',
        tags: 'AzureContainerRegistry',
        regions: '',
        firstSeen: '2026-07-20',
      },
    ]);
  });

  test('csv of merged prefixes names every tag that lists a part', async () => {
    const target =
      'prefixes?format=csv&aggregate=true&family=ipv4&tag=AzureContainerRegistry,AzureContainerRegistry.EastUS';

    expect(parse((await get(target)).text, { columns: true })).toEqual([
      {
        prefix: '20.42.66.0/23',
        family: 'ipv4',
        tags: 'AzureContainerRegistry AzureContainerRegistry.EastUS',
        regions: 'eastus',
        firstSeen: '2026-07-13',
      },
    ]);
  });

  test.each(['false', 'true'])('nginx: comments and allow directives only (comment=%s)', async (comment) => {
    const lines = (await get(`prefixes?format=nginx&comment=${comment}`)).text.split('\n');

    expect(lines.pop()).toBe('');
    expect(lines.every((line) => /^(#[^\n]*|allow [0-9a-f.:]+\/\d+;( #[^\n]*)?)$/.test(line))).toBe(true);
    expect(lines.flatMap((line) => /^allow (\S+);/.exec(line)?.[1] ?? [])).toEqual(expected);
  });

  test('ipset restore: sets are filled aside and swapped in', async () => {
    const sets = runIpsetRestore((await get('prefixes?format=ipset')).text);

    expect(sets).toEqual(
      new Map([
        ['azurecontainerregistry-v4', { family: 'inet', members: ['20.42.66.0/23'] }],
        ['azurecontainerregistry-v6', { family: 'inet6', members: expected.slice(1) }],
      ]),
    );
  });

  test("a name of one's own", async () => {
    expect((await get('prefixes?format=ipset&name=acr')).text).toContain('create acr-v4 hash:net');
    expect((await get('prefixes?format=calico&name=acr')).text).toContain('name: "acr"');
    expect((await get('prefixes?format=ipset&name=1;x')).status).toBe(400);
    expect((await get(`prefixes?format=ipset&name=${'x'.repeat(25)}`)).status).toBe(400);
  });

  test('a list has one name, in whatever order its regions are asked for', async () => {
    expect((await get('prefixes?format=ipset&region=westeurope,eastus')).text).toBe(
      (await get('prefixes?format=ipset&region=EastUS&region=westeurope')).text,
    );
  });

  test('ipset restore: a long selection still has names that the kernel takes', async () => {
    const sets = runIpsetRestore((await get('prefixes?format=ipset&region=eastus,westeurope')).text);

    expect([...sets.keys()].every((name) => name.length <= 31)).toBe(true);
  });

  describe('parts of a list that are loaded side by side', () => {
    const long = Array.from({ length: 30 }, (_, index) => `20.42.${index}.128/25`);
    // What the list had before is kept: it has shrunken to nothing of it.
    const kept = ['20.42.66.0/23', '2603:1030:20e:3::480/122'];
    const parts = async (query: string): Promise<string[]> => {
      world.snapshots.publish({ AzureContainerRegistry: long }, '2026-07-27');
      world.clock.pass(60);
      return Promise.all([1, 2, 3].map(async (index) => (await get(`prefixes?${query}&shard=${index}/3`)).text));
    };

    test('are three sets of ipset', async () => {
      const sets = runIpsetRestore((await parts('format=ipset')).join(''));

      expect([...sets.keys()].map((name) => name.replace(/-[0-9a-f]{6}-/, '-'))).toEqual([
        'azurecontain-1of3-v4',
        'azurecontain-2of3-v4',
        'azurecontain-2of3-v6',
        'azurecontain-3of3-v4',
      ]);
      expect([...sets.values()].flatMap(({ members }) => members).sort()).toEqual([...long, ...kept].sort());
    });

    test('are three pairs of lists of Terraform', async () => {
      const lists = Object.assign({}, ...(await parts('format=terraform')).map(parseLocals)) as Record<
        string,
        string[]
      >;

      expect(Object.keys(lists)).toHaveLength(6);
      expect(['1of3', '2of3', '3of3'].flatMap((part) => lists[`azurecontainerregistry_${part}_ipv4`]).sort()).toEqual(
        [...long, '20.42.66.0/23'].sort(),
      );
    });
  });

  test('the longest part of the longest selection has names that the kernel takes', () => {
    const label = 'azurecontainerregistry-westeurope-eastus';
    const name = nameList({ label, part: { index: 99, count: 99 } }, 24);

    expect(name).toMatch(/-99of99$/);
    expect(`${name}-v4-new`).toHaveLength(31);
  });

  test.each(['false', 'true'])('terraform: one locals block with two lists (comment=%s)', async (comment) => {
    const locals = parseLocals((await get(`prefixes?format=terraform&comment=${comment}`)).text);

    expect(locals).toEqual({
      azurecontainerregistry_ipv4: expected.slice(0, 1),
      azurecontainerregistry_ipv6: expected.slice(1),
    });
  });

  test.each(['text', 'nginx', 'ipset', 'terraform'])('%s is never empty', async (format) => {
    const reply = await get(`prefixes?format=${format}&region=eastus&family=ipv6`);

    expect(reply.status).toBe(503);
    expect(reply.headers['retry-after']).toBe('30');
    expect(reply.json()).toMatchObject({ type: 'urn:acr-address-keeper:problem:empty-list' });
  });

  test('lists keep their bytes over a release that does not change them', async () => {
    const tags = ['text', 'nginx', 'ipset', 'terraform'];
    const read = async (): Promise<unknown[]> =>
      Promise.all(tags.map(async (format) => (await get(`prefixes?format=${format}&region=eastus`)).headers.etag));
    const before = await read();
    const current = world.snapshots.all.at(-1);
    world.snapshots.publish(
      {
        ...Object.fromEntries(current?.document.values.map((tag) => [tag.name, tag.addressPrefixes]) ?? []),
        New: ['52.146.2.0/24'],
      },
      '2026-07-27',
    );
    world.clock.pass(31);

    expect(await read()).toEqual(before);
    expect((await get('prefixes')).headers['x-snapshot-id']).toBe(world.snapshots.all.at(-1)?.id);
  });
});

describe('the Accept header', () => {
  test.each([
    ['text/plain', 'text/plain'],
    ['text/csv', 'text/csv'],
    ['application/json', 'application/json'],
    ['*/*', 'application/json'],
    ['text/*', 'text/plain'],
    ['text/*;q=0.5, application/json;q=0.4', 'text/plain'],
    ['text/plain;q=0.2, text/csv', 'text/csv'],
    ['application/json;q=0, */*', 'text/plain'],
    ['TEXT/CSV', 'text/csv'],
  ])('%s gives %s', async (accept, type) => {
    expect((await get('prefixes', { accept })).headers['content-type']).toContain(type);
  });

  test('where nothing fits: 406', async () => {
    const reply = await get('prefixes', { accept: 'image/png' });

    expect(reply.status).toBe(406);
    expect(reply.json()).toMatchObject({ type: 'urn:acr-address-keeper:problem:not-acceptable' });
  });

  test('format is stronger', async () => {
    expect((await get('prefixes?format=text', { accept: 'application/json' })).headers['content-type']).toContain(
      'text/plain',
    );
  });
});

describe('feeds', () => {
  test.each([
    ['AzureContainerRegistry.txt', ['20.42.66.0/23', '2603:1030:20e:3::480/122', '2603:1030:40c:3::/122']],
    ['azurecontainerregistry.eastus.ipv4.txt', ['20.42.66.0/24', '20.42.67.0/24']],
    ['AzureContainerRegistry.EastUS.txt', ['20.42.66.0/24', '20.42.67.0/24']],
    ['AzureContainerRegistry.ipv4.txt', ['20.42.66.0/23']],
    // The whole of a region of one prefix was exchanged: what it had stays.
    ['AzureContainerRegistry.westeurope.all.txt', ['52.151.100.0/24', '2603:1030:40c:3::/122']],
    ['AzureFrontDoor.Backend.txt', ['52.203.113.0/25', '52.203.113.128/25']],
    ['AzureFrontDoor.Backend.ipv4.txt?aggregate=true', ['52.203.113.0/24']],
    ['AzureCloud.westeurope.ipv4.txt', ['52.151.100.0/22']],
  ])('%s', async (name, prefixes) => {
    const reply = await get(`feeds/${name}`, { accept: 'image/png' });

    expect(reply.status).toBe(200);
    expect(reply.headers['content-type']).toBe('text/plain; charset=utf-8');
    const lines = reply.text.trimEnd().split('\n');
    expect(lines).toEqual(prefixes);
    expect(lines.every((line) => isPrefix(line) && familyOf(line))).toBe(true);
  });

  test.each([
    ['AzureContainerRegistry.txt?region=eastus,westeurope', 'region=eastus,westeurope'],
    ['AzureContainerRegistry.ipv6.txt?region=West%20Europe', 'region=westeurope&family=ipv6'],
    ['AzureContainerRegistry.txt?family=ipv4', 'family=ipv4'],
    ['AzureFrontDoor.Backend.txt?tag=AzureContainerRegistry', 'tag=AzureFrontDoor.Backend,AzureContainerRegistry'],
    ['AzureContainerRegistry.all.txt?family=ipv4', 'family=ipv4'],
  ])('%s is the same list as prefixes gives', async (name, query) => {
    const feed = await get(`feeds/${name}`);

    expect(feed.status).toBe(200);
    expect(feed.text).toBe((await get(`prefixes?format=text&${query}`)).text);
  });

  test.each([
    ['AzureContainerRegistry.ipv4.txt?family=ipv6', 400, /^family: "ipv6" is not accepted here; accepted: ipv4/],
    ['AzureContainerRegistry.EastUS.txt?region=westeurope', 400, /is of one region already/],
    ['AzureContainerRegistry.txt?region=mars', 400, /no region "mars"; accepted: eastus, westeurope/],
    ['AzureContainerRegistry.txt?tag=Nothing', 404, /no service tag "Nothing"/],
  ])('%s: %i, and what is accepted', async (name, status, detail) => {
    const reply = await get(`feeds/${name}`);

    expect(reply.status).toBe(status);
    expect((reply.json() as { detail: string }).detail).toMatch(detail);
  });

  test('a part that contains nothing is no feed: 404; a list that contains nothing stays a 503', async () => {
    const statuses = await Promise.all(
      Array.from({ length: 40 }, async (_, index) => {
        const reply = await get(`feeds/AzureContainerRegistry.txt?shard=${index + 1}/40`);
        if (reply.status === 404)
          expect(reply.json()).toMatchObject({ type: 'urn:acr-address-keeper:problem:empty-shard' });
        return reply.status;
      }),
    );

    expect(new Set(statuses)).toEqual(new Set([200, 404]));
    expect(statuses.filter((status) => status === 200).length).toBeLessThanOrEqual(3);
    expect((await get('feeds/AzureContainerRegistry.eastus.ipv6.txt?shard=1/2')).status).toBe(503);
  });

  test('GET feeds: what there is, with sizes that are right and examples that work', async () => {
    const reply = (await get('feeds')).json() as {
      feeds: { tag: string; url: string; prefixes: number; ipv4: number; ipv6: number; bytes: number }[];
      formats: { format: string; url: string }[];
      examples: { url: string }[];
    };
    const path = (url: string) => url.slice(url.indexOf('/api/') + '/api/'.length);

    expect(reply.feeds.map(({ tag }) => tag)).toEqual([
      'AzureContainerRegistry',
      'AzureContainerRegistry.EastUS',
      'AzureContainerRegistry.WestEurope',
    ]);
    for (const { url, prefixes, ipv4, ipv6, bytes } of reply.feeds) {
      const { text } = await get(path(url));
      expect(text).toHaveLength(bytes);
      expect(text.trimEnd().split('\n')).toHaveLength(prefixes);
      expect(ipv4 + ipv6).toBe(prefixes);
    }
    expect(reply.formats.length).toBeGreaterThan(10);
    for (const { url } of [...reply.formats, ...reply.examples]) {
      expect([200, 404]).toContain((await get(path(url))).status);
    }
  });

  test.each([
    ['Nothing.txt', 404],
    ['AzureContainerRegistry', 404],
    ['AzureContainerRegistry.mars.ipv4.txt', 404],
    ['.txt', 404],
    ['..%2F..%2Fhost.json.txt', 404],
    ['AzureContainerRegistry.eastus.ipv6.txt', 503],
    ['AzureContainerRegistry.txt?shard=1/0', 400],
    ['AzureContainerRegistry.txt?x=1', 400],
  ])('%s: %i', async (name, status) => {
    const reply = await get(`feeds/${name}`);

    expect(reply.status).toBe(status);
    expect(reply.headers['content-type']).toBe('application/problem+json');
  });
});

/** What `ipset restore` does with the lines; throws where it would. */
function runIpsetRestore(text: string): ReadonlyMap<string, { family: string; members: readonly string[] }> {
  const sets = new Map<string, { family: string; members: string[] }>();
  const require = (name = ''): { family: string; members: string[] } => {
    const set = sets.get(name);
    if (!set) throw new Error(`no set ${name}`);
    return set;
  };
  for (const line of text.split('\n').filter((candidate) => candidate !== '' && !candidate.startsWith('#'))) {
    const create = /^create (\S{1,31}) hash:net family (inet6?) hashsize \d+ maxelem \d+ -exist$/.exec(line);
    const command = /^(add|flush|swap|destroy) (\S{1,31})(?: (\S+))?( -exist)?$/.exec(line);
    if (create) sets.set(create[1] ?? '', sets.get(create[1] ?? '') ?? { family: create[2] ?? '', members: [] });
    else if (command?.[1] === 'flush') require(command[2]).members = [];
    else if (command?.[1] === 'add') {
      const set = require(command[2]);
      if ((familyOf(command[3] ?? '') === 'ipv6') !== (set.family === 'inet6')) throw new Error(`family: ${line}`);
      set.members.push(command[3] ?? '');
    } else if (command?.[1] === 'swap') {
      const [left, right] = [require(command[2]), require(command[3])];
      sets.set(command[2] ?? '', right).set(command[3] ?? '', left);
    } else if (command?.[1] === 'destroy') sets.delete(command[2] ?? '');
    else throw new Error(`not understood: ${line}`);
  }
  return sets;
}

/** A strict reader of one `locals` block whose values are lists of strings. */
function parseLocals(text: string): Readonly<Record<string, readonly string[]>> {
  const source = text.replaceAll(/#[^\n]*/g, '');
  const block = /^\s*locals \{\n([\s\S]*)\}\s*$/.exec(source)?.[1];
  if (block === undefined) throw new Error(`no locals block: ${text}`);
  const rest = block.replaceAll(/[a-z_][a-z0-9_]* = \[\s*("[^"\\$%]*",\s*)*\]/g, '');
  if (rest.trim() !== '') throw new Error(`not understood: ${rest}`);
  return Object.fromEntries(
    [...block.matchAll(/([a-z_][a-z0-9_]*) = \[([^\]]*)\]/g)].map(([, name = '', list = '']) => [
      name,
      [...list.matchAll(/"([^"]*)"/g)].map((match) => match[1] ?? ''),
    ]),
  );
}
