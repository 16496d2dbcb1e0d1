import { createHash } from 'node:crypto';

/** Names a list after what was asked for: `azurecontainerregistry-westeurope`. */
export function toLabel(tags: readonly string[], regions: readonly string[]): string {
  return [...tags, ...regions].map((part) => part.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')).join('-');
}

/** At most `length` characters; a longer label keeps its start and ends in a hash of the whole. */
export function shortenLabel(label: string, length: number): string {
  if (label.length <= length) return label;
  const hash = createHash('sha256').update(label).digest('hex').slice(0, 6);
  return `${label.slice(0, length - 7)}-${hash}`;
}
