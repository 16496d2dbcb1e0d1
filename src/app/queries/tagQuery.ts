/** Finds the tags that a request names in a document. */
import { RequestError, shorten } from '../../core/errors.ts';
import { nearestNames } from '../../core/nearest.ts';
import { findTag, knownRegions, matchRegion, regionOfTag } from '../../core/serviceTags/regions.ts';
import type { ServiceTag, ServiceTagsDocument } from '../../core/serviceTags/serviceTags.ts';

/** The named tags, or their regional tags if regions are given, each once. Throws RequestError 404 (tag) or 400 (region). */
export function resolveTags(
  document: ServiceTagsDocument,
  names: readonly string[],
  regions: readonly string[],
): readonly ServiceTag[] {
  const tags = names.map((name) => requireTag(document, name));
  if (regions.length === 0) return [...new Set(tags)];
  return [...new Set(tags.flatMap((tag) => regions.map((region) => requireRegion(document, tag, region))))];
}

function requireTag(document: ServiceTagsDocument, name: string): ServiceTag {
  const tag = findTag(document, name);
  if (!tag) throw unknownTag(name, document.values);
  return tag;
}

export function unknownTag(name: string, known: readonly { readonly name: string }[]): RequestError {
  const nearest = nearestNames(
    name,
    known.map((tag) => tag.name),
  );
  return new RequestError(
    404,
    'unknown-tag',
    `there is no service tag "${shorten(name)}"; similar names: ${nearest.join(', ')}`,
    { tag: shorten(name), nearest },
  );
}

function requireRegion(document: ServiceTagsDocument, tag: ServiceTag, region: string): ServiceTag {
  if (regionOfTag(tag) !== undefined) {
    throw new RequestError(
      400,
      'invalid-query',
      `region: ${tag.name} is of one region already; ask for it without region`,
      { parameter: 'region' },
    );
  }
  const regional = matchRegion(document, tag.name, region);
  if (regional) return regional;
  const known = knownRegions(document, tag.name);
  const accepted = known.length === 0 ? 'none: the tag has no regions' : known.join(', ');
  throw new RequestError(
    400,
    'unknown-region',
    `region: ${tag.name} has no region "${shorten(region)}"; accepted: ${accepted}`,
    { parameter: 'region', known },
  );
}
