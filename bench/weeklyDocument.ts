/** A document to measure with: the newest weekly file of a folder, or a generated one of the same size. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseServiceTagsText } from '../src/core/serviceTags/parseServiceTags.ts';
import { sortPrefixes } from '../src/core/prefixes.ts';
import type { ServiceTag, ServiceTagsDocument } from '../src/core/serviceTags/serviceTags.ts';

export interface MeasuredDocument {
  readonly name: string;
  readonly document: ServiceTagsDocument;
}

export function readWeeklyDocument(folder: string | undefined): MeasuredDocument {
  const newest =
    folder !== undefined && existsSync(folder)
      ? readdirSync(folder)
          .filter((file) => /^ServiceTags_Public_\d{8}\.json$/i.test(file))
          .sort()
          .at(-1)
      : undefined;
  if (folder === undefined || newest === undefined) return { name: 'made up', document: makeUpDocument() };
  return {
    name: newest,
    document: parseServiceTagsText(readFileSync(path.join(folder, newest), 'utf8'), 'Public').document,
  };
}

/**
 * Generates 60 regions with 50 services each. Each service has IPv4 and IPv6 prefixes, in its own tag and its regional
 * tag.
 */
function makeUpDocument(): ServiceTagsDocument {
  const tags = new Map<string, string[]>();
  const add = (tag: string, prefix: string): void => {
    tags.set(tag, [...(tags.get(tag) ?? []), prefix]);
  };
  for (let region = 0; region < 60; region += 1) {
    add('AzureCloud', `20.${region}.0.0/16`);
    add(`AzureCloud.region${region}`, `20.${region}.0.0/16`);
    for (let service = 0; service < 50; service += 1) {
      for (let part = 0; part < 5; part += 1) {
        const ipv4 = `20.${region}.${service * 5 + part}.0/24`;
        const ipv6 = `2603:10${region.toString(16).padStart(2, '0')}:${service.toString(16)}:${part}::/64`;
        for (const prefix of [ipv4, ipv6]) {
          add(`Service${service}`, prefix);
          add(`Service${service}.Region${region}`, prefix);
        }
      }
    }
  }
  const values = [...tags].map(([name, prefixes]): ServiceTag => ({
    name,
    region: name.split('.')[1]?.toLowerCase() ?? '',
    systemService: name.split('.')[0] ?? '',
    changeNumber: 1,
    addressPrefixes: sortPrefixes(prefixes),
  }));
  return { cloud: 'Public', changeNumber: 1, values: values.sort((a, b) => (a.name < b.name ? -1 : 1)) };
}
