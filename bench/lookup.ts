/**
 * `node --expose-gc bench/lookup.ts [folder of weekly files]`: measures look-ups per second (all tags of an address),
 * and compares them with libraries on the same prefixes.
 *
 * Measures processor time, which does not depend on other load on the machine.
 */
import { BlockList } from 'node:net';
import CidrMatcher from 'cidr-matcher';
import { containsCidr } from 'cidr-tools';
import ipaddr from 'ipaddr.js';
import { buildLookupIndex } from '../src/core/serviceTags/lookupIndex.ts';
import { readWeeklyDocument } from './weeklyDocument.ts';

const { name, document } = readWeeklyDocument(process.argv[2]);
const entries = document.values.flatMap((tag) => tag.addressPrefixes.map((prefix) => ({ tag: tag.name, prefix })));
const unique = [...new Set(entries.map((entry) => entry.prefix))];
console.log(`${name}: ${document.values.length} tags, ${entries.length} prefixes, ${unique.length} of them different`);

const addresses = Array.from(
  { length: 20_000 },
  (_, index) => (entries[(index * 7919) % entries.length]?.prefix ?? '').split('/')[0] ?? '',
);

function processorSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000_000;
}

function measure(title: string, build: () => (ip: string) => unknown, note: string): number {
  globalThis.gc?.();
  const heapBefore = process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
  const buildStart = processorSeconds();
  const find = build();
  const buildInMs = (processorSeconds() - buildStart) * 1000;
  globalThis.gc?.();
  const usedInMb = (process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers - heapBefore) / 1024 / 1024;
  for (const address of addresses.slice(0, 20)) find(address);
  let count = 0;
  const start = processorSeconds();
  while (processorSeconds() - start < 2) {
    // Read the clock after every 10 look-ups of a slow library, and after every 10,000 of a fast one.
    const batch = count > 1000 ? 10_000 : 10;
    for (let index = 0; index < batch; index += 1) find(addresses[(count + index) % addresses.length] ?? '');
    count += batch;
  }
  const perSecond = count / (processorSeconds() - start);
  const memory = globalThis.gc ? `${usedInMb.toFixed(1)} MB` : 'run with --expose-gc for memory';
  console.log(
    `${title.padEnd(14)} ${Math.round(perSecond).toLocaleString('en').padStart(12)}/s  built in ${buildInMs.toFixed(0)} ms, ${memory}; ${note}`,
  );
  return perSecond;
}

const ours = measure(
  'this index',
  () => {
    const index = buildLookupIndex(document);
    return (ip) => index.find(ip);
  },
  'all matches, from text',
);

const others = {
  'ipaddr.js': measure(
    'ipaddr.js',
    () => {
      const ranges = entries.map(({ tag, prefix }) => ({ tag, range: ipaddr.parseCIDR(prefix) }));
      return (ip) => {
        const address = ipaddr.parse(ip);
        return ranges.filter(({ range }) => range[0].kind() === address.kind() && address.match(range));
      };
    },
    'all matches, every range tried',
  ),
  'cidr-tools': measure(
    'cidr-tools',
    () => (ip) => entries.filter(({ prefix }) => containsCidr(prefix, ip)),
    'all matches, every range tried',
  ),
  'cidr-matcher': measure(
    'cidr-matcher',
    () => {
      const matcher = new CidrMatcher(unique);
      return (ip) => matcher.contains(ip);
    },
    'yes or no',
  ),
  'net.BlockList': measure(
    'net.BlockList',
    () => {
      const list = new BlockList();
      for (const prefix of unique) {
        const [address = '', length = ''] = prefix.split('/');
        list.addSubnet(address, Number(length), address.includes(':') ? 'ipv6' : 'ipv4');
      }
      return (ip) => list.check(ip, ip.includes(':') ? 'ipv6' : 'ipv4');
    },
    'yes or no',
  ),
};

for (const [title, perSecond] of Object.entries(others)) {
  console.log(`this index is ${Math.round(ours / perSecond).toLocaleString('en')} times as fast as ${title}`);
}
if (ours < 1_000_000) {
  console.error(`${Math.round(ours)} look-ups a second are below the million that is promised`);
  process.exitCode = 1;
}
