/** Implements the only query that the product sends: resources of some types whose tags contain a text, ordered by id. */
export interface ResourceRow {
  readonly id: string;
  readonly name: string;
  /** In lower case, as in Resource Graph. */
  readonly type: string;
  readonly location: string;
  readonly resourceGroup: string;
  readonly subscriptionId: string;
  readonly tags: Readonly<Record<string, string>>;
}

type Query = (rows: readonly ResourceRow[]) => readonly Partial<ResourceRow>[];

const pattern = new RegExp(
  [
    String.raw`^\s*resources`,
    String.raw`where\s+type\s+in~\s*\((?<types>[^)]+)\)`,
    String.raw`where\s+tostring\(tags\)\s+contains\s+'(?<text>[^']+)'`,
    String.raw`project\s+(?<columns>[\w,\s]+?)`,
    String.raw`order\s+by\s+id\s+asc\s*$`,
  ].join(String.raw`\s*\|\s*`),
  'i',
);

/** Returns undefined for any other query. Ignores the letter case of types and tags. */
export function readQuery(query: string): Query | undefined {
  const { types, text, columns } = pattern.exec(query)?.groups ?? {};
  if (types === undefined || text === undefined || columns === undefined) return undefined;
  const wanted = new Set(toList(types.replaceAll("'", '').toLowerCase()));
  const names = new Set(toList(columns));
  const part = text.toLowerCase();
  return (rows) =>
    rows
      .filter(({ type, tags }) => wanted.has(type) && JSON.stringify(tags).toLowerCase().includes(part))
      .toSorted((left, right) => (left.id < right.id ? -1 : 1))
      .map((row) => Object.fromEntries(Object.entries(row).filter(([name]) => names.has(name))));
}

function toList(text: string): string[] {
  return text.split(',').map((item) => item.trim());
}
