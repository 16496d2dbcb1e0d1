/** Finds the listed prefixes inside a CIDR. */
import { overlapping, parsePrefix } from '../prefixes.ts';
import type { LookupMatch } from '../serviceTags/lookupIndex.ts';
import { findTag, regionalTags } from '../serviceTags/regions.ts';
import { defaultServiceTag, type ServiceTagsDocument } from '../serviceTags/serviceTags.ts';

const shownOverlaps = 50;

/** The listed prefixes of the ACR tags inside a CIDR, at most 50; none for a single address. */
export function overlapsOf(document: ServiceTagsDocument, address: string): readonly LookupMatch[] {
  const { family, length } = parsePrefix(address);
  if (length === (family === 'ipv4' ? 32 : 128)) return [];
  const tags = [findTag(document, defaultServiceTag), ...regionalTags(document, defaultServiceTag)];
  const found = tags.flatMap((tag) =>
    tag
      ? overlapping(tag.addressPrefixes, [address]).map((prefix) => ({
          tag: tag.name,
          region: tag.region,
          systemService: tag.systemService,
          prefix,
        }))
      : [],
  );
  return found.filter(({ prefix }) => parsePrefix(prefix).length > length).slice(0, shownOverlaps);
}
