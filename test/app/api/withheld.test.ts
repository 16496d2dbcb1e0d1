/** What a firewall that polls is not given: special-purpose ranges, and at first what is suspiciously wide. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { InvalidDocumentError } from '../../../src/core/errors.ts';
import { defaultServiceTag } from '../../../src/core/serviceTags/serviceTags.ts';
import type { TagQuarantine } from '../../../src/core/serviceTags/snapshot.ts';
import { call, type Reply } from './call.ts';
import { makeWorld, type Tags, type World } from './fakes.ts';

let world: World;
const usual = ['20.42.66.0/23', '2603:1030:20e:3::480/122'];
/** Within what a feed may get in 28 days. */
const wide = '104.40.0.0/18';
const mistaken = ['0.0.0.0/0', '10.0.0.0/8', '20.42.66.0/23', wide, '127.0.0.0/8', '::/0', '2603:1030:20e:3::480/122'];
const feed = 'feeds/AzureContainerRegistry.txt';
const lineFormats = ['text', 'nginx', 'ipset', 'terraform'];

beforeEach(() => {
  world = makeWorld([[{ AzureContainerRegistry: usual }, '2026-07-06']]);
});

const get = async (target: string): Promise<Reply> => call(world.app, target);
const lines = async (target = feed): Promise<string[]> => (await get(target)).text.trimEnd().split('\n');
const idOf = (index: number): string => world.snapshots.all.at(index)?.id ?? '';

function publish(prefixes: readonly string[], date: string, quarantine: readonly TagQuarantine[] = []): void {
  publishTags({ AzureContainerRegistry: prefixes }, date, quarantine);
}

function publishTags(tags: Tags, date: string, quarantine: readonly TagQuarantine[] = []): void {
  world.snapshots.publish(tags, date, quarantine);
  world.clock.pass(60);
}

describe('a mistaken list', () => {
  beforeEach(() => publish(mistaken, '2026-07-13'));

  test.each([feed, 'feeds/AzureContainerRegistry.txt?aggregate=true', 'prefixes?format=text'])(
    '%s holds what was there before, and says what it does not hold',
    async (target) => {
      const reply = await get(target);

      expect(reply.text.trimEnd().split('\n')).toEqual(usual);
      expect(reply.headers['x-withheld']).toBe(`count=5; first=0.0.0.0/0 10.0.0.0/8 ${wide} 127.0.0.0/8 ::/0`);
    },
  );

  test.each(lineFormats)('format=%s the same', async (format) => {
    const { text, headers } = await get(`prefixes?format=${format}`);

    for (const prefix of usual) expect(text).toContain(prefix);
    for (const prefix of mistaken.filter((listed) => !usual.includes(listed))) expect(text).not.toContain(prefix);
    expect(headers['x-withheld']).toBeDefined();
  });

  test('one family is told of its own only', async () => {
    expect((await get('prefixes?format=text&family=ipv6')).headers['x-withheld']).toBe('count=1; first=::/0');
  });

  test('a difference does not bring it in', async () => {
    expect((await get(`prefixes?format=text&since=${idOf(0)}`)).text).toBe(`# from ${idOf(0)} to ${idOf(1)}\n`);
  });

  test('JSON is as published, and says what lists for machines do not hold', async () => {
    const reply = await get('prefixes');
    const { prefixes, withheld } = reply.json() as { prefixes: string[]; withheld: { prefix: string; kind: string }[] };

    expect(prefixes).toEqual(mistaken);
    expect(withheld.map(({ prefix, kind }) => [prefix, kind])).toEqual([
      ['0.0.0.0/0', 'specialPurpose'],
      ['10.0.0.0/8', 'specialPurpose'],
      [wide, 'widestPrefix'],
      ['127.0.0.0/8', 'specialPurpose'],
      ['::/0', 'specialPurpose'],
    ]);
    expect(reply.headers['x-withheld']).toContain('count=5;');
    expect((await get('prefixes?format=csv')).headers['x-withheld']).toContain('count=5;');
  });

  test('a list that is asked for by id or day is as published', async () => {
    for (const which of [`snapshot=${idOf(1)}`, 'asOf=2026-07-13']) {
      const reply = await get(`prefixes?format=text&${which}`);
      expect(reply.text.trimEnd().split('\n')).toEqual(mistaken);
      expect(reply.headers['x-withheld']).toBeUndefined();
    }
  });

  test('its correction does not bring it in by the back door', async () => {
    publish([...usual, '20.43.0.0/24'], '2026-07-20');
    const reply = await get(feed);

    expect(reply.text.trimEnd().split('\n')).toEqual(['20.42.66.0/23', '20.43.0.0/24', '2603:1030:20e:3::480/122']);
    expect(reply.headers['x-quarantined']).toBeUndefined();
    expect(reply.headers['x-withheld']).toBeUndefined();
  });

  test('where the lists before cannot be read: 503, and the firewall keeps what it has', async () => {
    await get('lookup?ip=20.42.66.1');
    world.snapshots.isDown = true;

    expect((await get(feed)).status).toBe(503);
    world.snapshots.isDown = false;
    world.clock.pass(60);
    expect(await lines()).toEqual(usual);
  });
});

test('a list of special-purpose ranges alone is no list: 503', async () => {
  world = makeWorld([[{ AzureContainerRegistry: ['10.0.0.0/8'] }, '2026-07-06']]);

  expect((await get(feed)).status).toBe(503);
});

describe('a new prefix that is wide', () => {
  const withWide = ['20.42.66.0/23', wide, '2603:1030:20e:3::480/122'];

  test('is passed on when two further publications list it', async () => {
    publish(withWide, '2026-07-13');
    expect(await lines()).toEqual(usual);
    publish([...withWide, '20.43.0.0/24'], '2026-07-20');
    expect(await lines()).not.toContain(wide);
    publish([...withWide, '20.44.0.0/24'], '2026-07-27');
    expect(await lines()).toContain(wide);
    expect((await get(feed)).headers['x-withheld']).toBeUndefined();
  });

  test('one publication that is stored twice counts once', async () => {
    publish(withWide, '2026-07-13');
    publish([...withWide, '20.43.0.0/24'], '2026-07-13');
    publish([...withWide, '20.44.0.0/24'], '2026-07-13');

    expect(await lines()).not.toContain(wide);
  });

  test('a week in quarantine does not take away what has long been there', async () => {
    for (const [date, extra] of [
      ['2026-07-13', '20.43.0.0/24'],
      ['2026-07-20', '20.44.0.0/24'],
      ['2026-07-27', '20.45.0.0/24'],
    ] as const) {
      publish([...withWide, extra], date);
    }
    const entry = {
      tag: defaultServiceTag,
      kind: 'missing' as const,
      reason: '',
      since: '2026-08-03',
      confirmations: 0,
    };
    publishTags({ Other: ['20.46.0.0/24'] }, '2026-08-03', [{ ...entry, baseline: idOf(-1) }]);
    expect(await lines()).toContain(wide);
    publish([...withWide, '20.45.0.0/24'], '2026-08-10');

    expect(await lines()).toContain(wide);
  });

  test('a list before that is damaged neither confirms nor denies', async () => {
    publish(withWide, '2026-07-13');
    publish([...withWide, '20.43.0.0/24'], '2026-07-20');
    publish([...withWide, '20.44.0.0/24'], '2026-07-27');
    publish([...withWide, '20.45.0.0/24'], '2026-08-03');
    const [damaged, stored] = [idOf(-2), world.snapshots.get.bind(world.snapshots)];
    world.snapshots.get = (cloud, id) =>
      id === damaged ? Promise.reject(new InvalidDocumentError('no JSON')) : stored(cloud, id);

    expect(await lines()).toContain(wide);
  });

  test('that takes the place of others keeps them', async () => {
    publish(['20.40.0.0/13', '2603:1030:20e:3::480/122'], '2026-07-13');

    expect(await lines()).toEqual(usual);
    expect((await get(feed)).headers['x-withheld']).toBe('count=1; first=20.40.0.0/13');
  });

  test('of a tag that is wide by right is passed on at once', async () => {
    publishTags({ AzureContainerRegistry: usual, AzureCloud: [wide, '192.168.0.0/16'] }, '2026-07-13');

    expect(await lines('feeds/AzureCloud.txt')).toEqual([wide]);
    expect((await get('prefixes?tag=AzureCloud')).json()).toMatchObject({ withheld: [{ prefix: '192.168.0.0/16' }] });
  });
});
