/** What a firewall that polls is given while a tag is missing, empty or shrunken. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { diffTags } from '../../../src/core/serviceTags/serviceTagDiff.ts';
import { call, type Reply } from './call.ts';
import { makeWorld, type Tags, type World } from './fakes.ts';

let world: World;
const before = ['20.42.66.0/23', '2603:1030:20e:3::480/122', '2603:1030:40c:3::/122'];
const others: Tags = { 'AzureFrontDoor.Backend': ['52.203.113.0/24'] };

beforeEach(() => {
  world = makeWorld();
});

const get = async (target: string, headers: Record<string, string> = {}): Promise<Reply> =>
  call(world.app, target, { headers });
const idOf = (index: number): string => world.snapshots.all.at(index)?.id ?? '';
const lines = (reply: Reply): string[] => reply.text.trimEnd().split('\n');

function publish(tags: Tags, date = '2026-07-27'): void {
  const previous = world.snapshots.all.at(-1);
  if (!previous) throw new Error('nothing was published');
  const published = world.snapshots.publish(tags, date);
  world.changes.set(published.id, diffTags(previous.document, published.document));
  world.clock.pass(60);
}

describe.each([
  ['missing', others, before],
  ['empty', { ...others, AzureContainerRegistry: [] }, before],
  [
    'shrunken',
    { ...others, AzureContainerRegistry: ['20.42.66.0/24', '52.151.100.0/24'] },
    // What only the list before had is young: nobody relies on it yet.
    ['20.42.66.0/23', '52.151.100.0/24', ...before.slice(1, 2)],
  ],
])('%s', (kind, tags, expected) => {
  beforeEach(() => publish(tags));

  test.each(['feeds/AzureContainerRegistry.txt', 'prefixes?format=text'])(
    '%s keeps what was believed, takes what is new, and says so',
    async (target) => {
      const reply = await get(target);

      expect(reply.status).toBe(200);
      expect(lines(reply)).toEqual(expected);
      expect(reply.headers['x-quarantined']).toBe(`AzureContainerRegistry; kind=${kind}; baseline=${idOf(-2)}`);
      expect(reply.headers['x-snapshot-id']).toBe(idOf(-1));
      expect((await get(target, { 'if-none-match': reply.headers.etag ?? '' })).headers['x-quarantined']).toBe(
        reply.headers['x-quarantined'],
      );
    },
  );

  test.each(['nginx', 'ipset', 'terraform'])('so does format=%s', async (format) => {
    const { text, headers } = await get(`prefixes?format=${format}`);

    for (const prefix of expected) expect(text).toContain(prefix);
    expect(headers['x-quarantined']).toBeDefined();
  });

  test('a difference since then does not say that it went', async () => {
    const added = kind === 'shrunken' ? `+ 52.151.100.0/24\n- ${before[2] ?? ''}\n` : '';

    expect((await get(`prefixes?format=text&since=${idOf(-2)}`)).text).toBe(
      `# from ${idOf(-2)} to ${idOf(-1)}\n${added}`,
    );
  });

  test('no other list is touched', async () => {
    const reply = await get('feeds/AzureFrontDoor.Backend.txt');

    expect(lines(reply)).toEqual(['52.203.113.0/24']);
    expect(reply.headers['x-quarantined']).toBeUndefined();
  });

  test('it lasts as long as the quarantine', async () => {
    publish({ ...tags, New: ['52.146.2.0/24'] }, '2026-08-03');
    expect(lines(await get('feeds/AzureContainerRegistry.txt'))).toEqual(expected);

    publish({ ...others, AzureContainerRegistry: [...before, '52.146.2.0/24'] }, '2026-08-10');
    const reply = await get('feeds/AzureContainerRegistry.txt');
    expect(lines(reply)).toEqual(['20.42.66.0/23', '52.146.2.0/24', ...before.slice(1)]);
    expect(reply.headers['x-quarantined']).toBeUndefined();
  });

  test('where the baseline cannot be read: 503, and the firewall keeps what it has', async () => {
    await get('lookup?ip=52.146.2.1');
    world.snapshots.isDown = true;
    const reply = await get('feeds/AzureContainerRegistry.txt');

    expect(reply.status).toBe(503);
    expect(reply.headers['retry-after']).toBe('30');
    expect(reply.json()).toMatchObject({ type: 'urn:acr-address-keeper:problem:storage-unavailable' });
    expect((await get('feeds/AzureFrontDoor.Backend.txt')).status).toBe(200);
    world.snapshots.isDown = false;
    world.clock.pass(60);
    expect(lines(await get('feeds/AzureContainerRegistry.txt'))).toEqual(expected);
  });
});

describe('as it was published', () => {
  beforeEach(() => publish({ ...others, AzureContainerRegistry: ['20.42.66.0/24'] }));

  test('json, with the quarantine', async () => {
    const reply = await get('prefixes');

    expect(reply.json()).toMatchObject({
      prefixes: ['20.42.66.0/24'],
      quarantined: [{ tag: 'AzureContainerRegistry', kind: 'shrunken', baseline: idOf(-2) }],
    });
    expect(reply.headers['x-quarantined']).toContain('AzureContainerRegistry; kind=shrunken');
  });

  test('a list that is asked for by id or day', async () => {
    for (const which of [`snapshot=${idOf(-1)}`, 'asOf=2026-07-27']) {
      expect(lines(await get(`prefixes?format=text&${which}`))).toEqual(['20.42.66.0/24']);
    }
  });
});

describe('a tag that nobody watches and that is listed no more', () => {
  test.each([['feeds/Retired.txt'], ['feeds/retired.ipv4.txt'], ['prefixes?format=ipset&tag=Retired']])(
    '%s: 503, so that what was loaded stays',
    async (target) => {
      publish({ AzureContainerRegistry: before, 'AzureContainerRegistry.EastUS': ['20.42.66.0/24'] });
      const reply = await get(target);

      expect(reply.status).toBe(503);
      expect(reply.headers['retry-after']).toBe('3600');
      expect(reply.json()).toMatchObject({ type: 'urn:acr-address-keeper:problem:vanished-tag' });
    },
  );

  test.each([
    'feeds/AzureContainerRegistry.westeurope.ipv6.txt',
    'prefixes?format=text&tag=AzureContainerRegistry&region=westeurope&family=ipv6',
  ])('%s: a region of AzureContainerRegistry goes on being served', async (target) => {
    publish({ AzureContainerRegistry: before, 'AzureContainerRegistry.EastUS': ['20.42.66.0/24'] });
    const reply = await get(target);

    expect(lines(reply)).toEqual(['2603:1030:40c:3::/122']);
    expect(reply.headers['x-quarantined']).toContain('AzureContainerRegistry.WestEurope; kind=missing');
  });

  test.each([
    ['feeds/NeverThere.txt', 404],
    ['prefixes?format=text&tag=NeverThere', 404],
    ['prefixes?format=text&region=mars', 400],
    ['prefixes?tag=Retired', 404],
  ])('%s: %i, as for any mistake', async (target, status) => {
    expect((await get(target)).status).toBe(status);
  });

  test('once it is listed again, a mistake in the request is a mistake', async () => {
    publish({ AzureContainerRegistry: before });
    publish({ AzureContainerRegistry: before, Retired: ['52.203.114.0/24'] }, '2026-08-03');

    expect((await get('prefixes?format=text&tag=Retired&region=mars')).status).toBe(400);
  });
});

test('a list that is empty by choice of the family stays a 503', async () => {
  publish({ AzureContainerRegistry: before, 'AzureContainerRegistry.NorthEurope': [] });

  expect((await get('feeds/AzureContainerRegistry.NorthEurope.txt')).status).toBe(503);
});
