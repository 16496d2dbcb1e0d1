/** Each cloud from its download page to the rules: page, file, regions; and what is of another cloud is refused. */
import { afterEach, describe, expect, test } from '@jest/globals';
import { downloadSource } from '../../src/adapters/sources/download.ts';
import { loadConfig } from '../../src/config.ts';
import { clouds, type Cloud } from '../../src/core/serviceTags/serviceTags.ts';
import { openLimits } from '../core/plan/planFixtures.ts';
import { acr, hooks, ipRulesOf, prefixesIn, prod, useWorlds, weeklyDocument } from '../app/stories.ts';
import { answer, startLoopback, type Handler, type Loopback } from '../adapters/sources/loopback.ts';

const worlds = useWorlds();
const servers: Loopback[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

interface CloudFacts {
  readonly page: string;
  readonly file: string;
  /** An ARM location of it, and the tag of that region as the file spells it. */
  readonly region: string;
  readonly suffix: string;
  readonly endpoint: string;
}

const facts: Readonly<Record<Cloud, CloudFacts>> = {
  Public: {
    page: '56519',
    file: 'ServiceTags_Public_20260105.json',
    region: 'norwayeast',
    suffix: 'NorwayEast',
    endpoint: 'https://management.azure.com',
  },
  AzureGovernment: {
    page: '57063',
    file: 'ServiceTags_AzureGovernment_20260105.json',
    region: 'usgovvirginia',
    suffix: 'USGovVirginia',
    endpoint: 'https://management.usgovcloudapi.net',
  },
  China: {
    page: '57062',
    file: 'ServiceTags_China_20260105.json',
    region: 'chinaeast2',
    suffix: 'ChinaEast2',
    endpoint: 'https://management.chinacloudapi.cn',
  },
};

/** Microsoft's two pages and the file behind them, of one cloud; `content` may be of another. */
async function startPages(cloud: Cloud, content: Cloud = cloud) {
  const { file, suffix } = facts[cloud];
  const tags = {
    [acr]: ['20.42.66.0/24', '40.74.100.0/24', '2603:1030:8::/112'],
    [`${acr}.${suffix}`]: ['20.42.66.0/24'],
  };
  const page: Handler = ({ headers }, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end(`<a href="http://${headers.host}/d/${file}">file</a>`);
  };
  const server = await startLoopback({
    '/en-us/download/details.aspx': page,
    '/en-us/download/confirmation.aspx': page,
    [`/d/${file}`]: answer(weeklyDocument(tags, 1, content)),
  });
  servers.push(server);
  const source = downloadSource(cloud, {
    pageOrigin: server.origin,
    downloadHosts: [server.host],
    allowLoopbackHttp: true,
    retryDelayInMs: 1,
  });
  return { server, source };
}

describe.each(clouds)('%s', (cloud) => {
  const { page, region, endpoint } = facts[cloud];

  test('from its download page to the rules of both kinds', async () => {
    const targets = [hooks({ limits: openLimits }), prod({ limits: openLimits, regions: [region] })] as const;
    const world = await worlds.open({ cloud, targets });
    const { server, source } = await startPages(cloud);
    world.setSources(source);

    const pulled = await world.pull();
    const records = await world.drain();

    expect(
      server.requests.filter(({ url }) => url.includes('download/')).map(({ url }) => url.split('id=')[1]),
    ).toEqual([page, page]);
    expect(pulled.snapshot).toMatch(new RegExp(`^${cloud}-20260105-`));
    expect(records.map(({ outcome }) => outcome)).toEqual(['applied', 'applied']);
    expect(prefixesIn(world, targets[0])).toEqual(['20.42.66.0/24', '40.74.100.0/24', '2603:1030:8::/112']);
    expect(ipRulesOf(world, targets[1])).toEqual(['20.42.66.0/24']);
  });

  test.each(clouds.filter((other) => other !== cloud))('a document of %s in its place is refused', async (other) => {
    const world = await worlds.open({ cloud, targets: [hooks()] });
    const good = await startPages(cloud);
    world.setSources(good.source);
    const { snapshot } = await world.pull();
    await world.drain();
    const before = prefixesIn(world);
    world.clock.advance(7 * 24 * 3_600_000);
    world.setSources((await startPages(cloud, other)).source);

    await expect(world.pull()).rejects.toThrow(new RegExp(other));

    const pointer = await world.services.snapshots.readPointer(cloud);
    expect(pointer).toMatchObject({ pointer: { snapshot } });
    expect(world.queue.messages).toEqual([]);
    expect(prefixesIn(world)).toEqual(before);
  });

  test('a region of another cloud blocks the target', async () => {
    const other = clouds.find((one) => one !== cloud) ?? 'China';
    const world = await worlds.open({ cloud, targets: [prod({ regions: [facts[other].region] })] });
    world.setSources((await startPages(cloud)).source);
    await world.pull();

    const [record] = await world.reconcile();

    expect(record).toMatchObject({ outcome: 'blocked', reasons: [{ code: 'unknownRegion' }] });
    expect(ipRulesOf(world, prod())).toEqual([]);
  });

  test('AZURE_CLOUD decides over the endpoint', () => {
    const config = loadConfig({ AzureWebJobsStorage: 'UseDevelopmentStorage=true', AZURE_CLOUD: cloud });
    expect(config).toMatchObject({ cloud, armEndpoint: endpoint, armIsLoopback: false });
  });
});
