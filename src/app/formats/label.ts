import type { RenderOptions } from './prefixRow.ts';

/** Names a list after what was asked for, in whatever order and letter case: `azurecontainerregistry-westeurope`. */
export function toLabel(tags: readonly string[], regions: readonly string[]): string {
  const parts = [...sorted(tags), ...sorted(regions)].map((part) => part.replaceAll(/[^a-z0-9]+/g, '-'));
  return parts.join('-').replaceAll(/^-+|-+$/g, '') || 'list';
}

function sorted(names: readonly string[]): string[] {
  return [...new Set(names.map((name) => name.toLowerCase()))].sort();
}

/** With `-1of3` for one part of a list: parts that are loaded side by side must not replace each other. */
export function nameList({ label, part }: Pick<RenderOptions, 'label' | 'part'>, length: number): string {
  const suffix = part ? `-${part.index}of${part.count}` : '';
  return `${shortenLabel(label, length - suffix.length)}${suffix}`;
}

/** At most `length` characters; a longer label keeps its start and ends in a hash of the whole. */
function shortenLabel(label: string, length: number): string {
  if (label.length <= length) return label;
  // Loaded for the few that need it: it is a large part of the time in which the command starts.
  const { createHash } = process.getBuiltinModule('node:crypto');
  const hash = createHash('sha256').update(label).digest('hex').slice(0, 6);
  return `${label.slice(0, length - 7)}-${hash}`;
}
