/** The prefixes that a selection contains in one release, for the commands to compare and print. */
import { familyOf, prefixesOf } from '../core/prefixes.ts';
import { doubtOf } from '../core/history/limits.ts';
import type { ServiceTagsDocument } from '../core/serviceTags/serviceTags.ts';
import { listPrefixes, toRows, type PrefixSelection } from '../app/queries/prefixList.ts';
import type { PrefixRow } from '../app/formats/prefixRow.ts';

export type Selection = Pick<PrefixSelection, 'tags' | 'regions' | 'family'>;

export interface LeftOut {
  readonly prefix: string;
  readonly why: 'specialPurpose' | 'widestPrefix';
}

export interface Listing {
  /** Names of the tags, sorted. */
  readonly tags: readonly string[];
  readonly rows: readonly PrefixRow[];
  readonly leftOut: readonly LeftOut[];
}

/** Leaves out doubtful prefixes unless `asPublished`. Throws RequestError for an unknown tag or region. */
export function listRelease(
  document: ServiceTagsDocument,
  selection: Selection,
  { aggregate = false, asPublished = false }: { readonly aggregate?: boolean; readonly asPublished?: boolean } = {},
): Listing {
  const { tags, prefixes } = listPrefixes(document, { ...selection, aggregate: false });
  const sorted = tags.toSorted();
  const leftOut = asPublished ? [] : findDoubtful(sorted, prefixes);
  const doubtful = new Set(prefixesOf(leftOut));
  const kept = leftOut.length === 0 ? document : without(document, doubtful);
  const list = listPrefixes(kept, { ...selection, aggregate });
  return { tags: sorted, rows: toRows(kept, { ...list, tags: sorted }, undefined), leftOut };
}

function findDoubtful(tags: readonly string[], prefixes: readonly string[]): LeftOut[] {
  const [tag = ''] = tags;
  return prefixes.flatMap((prefix) => {
    const why = doubtOf(tag, prefix);
    return why === undefined ? [] : [{ prefix, why }];
  });
}

function without(document: ServiceTagsDocument, prefixes: ReadonlySet<string>): ServiceTagsDocument {
  const values = document.values.map((tag) => ({
    ...tag,
    addressPrefixes: tag.addressPrefixes.filter((prefix) => !prefixes.has(prefix)),
  }));
  return { ...document, values };
}

export function ofFamilies(prefixes: readonly string[], family: Selection['family']): readonly string[] {
  return family === 'all' ? prefixes : prefixes.filter((prefix) => familyOf(prefix) === family);
}

/** Up to three names; of more, the first two `and 5 more`. */
export function nameOf(tags: readonly string[]): string {
  return tags.length <= 3 ? tags.join(', ') : `${tags.slice(0, 2).join(', ')} and ${tags.length - 2} more`;
}
