import type { RenderOptions } from './prefixRow.ts';

/** Names a list after its tags and regions, regardless of order and letter case: `azurecontainerregistry-westeurope`. */
export function toLabel(tags: readonly string[], regions: readonly string[]): string {
  const parts = [...sorted(tags), ...sorted(regions)].map((part) => part.replaceAll(/[^a-z0-9]+/g, '-'));
  return parts.join('-').replaceAll(/^-+|-+$/g, '') || 'list';
}

function sorted(names: readonly string[]): string[] {
  return [...new Set(names.map((name) => name.toLowerCase()))].sort();
}

/** Adds `-1of3` for a part of a list, so that parts that are loaded together do not replace each other. */
export function nameList({ label, part }: Pick<RenderOptions, 'label' | 'part'>, length: number): string {
  const suffix = part ? `-${part.index}of${part.count}` : '';
  return `${shortenLabel(label, length - suffix.length)}${suffix}`;
}

/** Returns at most `length` characters: a longer label is cut, and a hash of the whole label is appended. */
function shortenLabel(label: string, length: number): string {
  if (label.length <= length) return label;
  // Load node:crypto only if it is needed: it takes a large part of the command's start time.
  const { createHash } = process.getBuiltinModule('node:crypto');
  const hash = createHash('sha256').update(label).digest('hex').slice(0, 6);
  return `${label.slice(0, length - 7)}-${hash}`;
}
