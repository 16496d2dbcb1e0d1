import type { Cloud, ServiceTag, ServiceTagsDocument } from '../../src/core/serviceTags/serviceTags.ts';

/** A document of tags given as name → prefixes; the region is the suffix in lower case unless `regions` says otherwise. */
export function documentOf(
  tags: Readonly<Record<string, readonly string[]>>,
  regions: Readonly<Record<string, string>> = {},
  cloud: Cloud = 'Public',
): ServiceTagsDocument {
  const values = Object.entries(tags).map(([name, addressPrefixes]): ServiceTag => ({
    name,
    region: regions[name] ?? name.split('.')[1]?.toLowerCase() ?? '',
    systemService: name.split('.')[0] ?? name,
    changeNumber: 1,
    addressPrefixes,
  }));
  return { cloud, changeNumber: 1, values: values.sort((a, b) => (a.name < b.name ? -1 : 1)) };
}
