/**
 * The part of the query language that a search for marked resources needs: `resources`, then any of
 * `where` (type, a tag that is there or has a value, or a text anywhere in the tags; parts of one line joined by `and`,
 * types by `or`), `project` of plain columns, `order by id asc`, `take` and `limit`.
 */

export interface ResourceRow {
  readonly id: string;
  readonly name: string;
  /** Lower case, as the index has it. */
  readonly type: string;
  readonly location: string;
  readonly resourceGroup: string;
  readonly subscriptionId: string;
  readonly tags: Readonly<Record<string, string>>;
}

type Step = (rows: readonly Partial<ResourceRow>[]) => readonly Partial<ResourceRow>[];

const columns = ['id', 'name', 'type', 'location', 'resourceGroup', 'subscriptionId', 'tags'];

/** Undefined where the query uses anything else; the text that was not understood is in `unknown`. */
export function compileQuery(query: string): { readonly run: Step } | { readonly unknown: string } {
  const [table = '', ...stages] = query.split('|').map((stage) => stage.trim());
  if (table.toLowerCase() !== 'resources') return { unknown: table };
  const steps: Step[] = [];
  for (const stage of stages) {
    const step = compileStage(stage);
    if (!step) return { unknown: stage };
    steps.push(step);
  }
  return { run: (rows) => steps.reduce((current, step) => step(current), rows) };
}

function compileStage(stage: string): Step | undefined {
  const [, verb = '', rest = ''] = /^(\w+(?:\s+by)?)\s+(.+)$/s.exec(stage) ?? [];
  switch (verb.toLowerCase().replace(/\s+/, ' ')) {
    case 'where':
      return compileWhere(rest);
    case 'project':
      return compileProject(rest);
    case 'order by':
    case 'sort by':
      return /^id(\s+asc)?$/i.test(rest.trim()) ? sortById : undefined;
    case 'take':
    case 'limit':
      return /^\d+$/.test(rest.trim()) ? (rows) => rows.slice(0, Number(rest)) : undefined;
    default:
      return undefined;
  }
}

function compileWhere(text: string): Step | undefined {
  const tests = text.split(/\s+and\s+/i).map(compileCondition);
  const known = tests.filter((test) => test !== undefined);
  return known.length === tests.length ? (rows) => rows.filter((row) => known.every((test) => test(row))) : undefined;
}

type Test = (row: Partial<ResourceRow>) => boolean;

const tagName = String.raw`tags(?:\[\s*['"]([^'"]+)['"]\s*\]|\.(\w+))`;

function compileCondition(condition: string): Test | undefined {
  const text = condition.trim().replace(/^\((.*)\)$/s, '$1');
  return compileTypes(text) ?? compileTagPresence(text) ?? compileTagValue(text) ?? compileTagsText(text);
}

function compileTypes(text: string): Test | undefined {
  const list = /^type\s+in~?\s*\(([^)]+)\)$/i.exec(text)?.[1]?.split(',');
  const single = /^type\s*(?:=~|==)\s*['"][^'"]+['"]$/i;
  const parts = text.split(/\s+or\s+/i).map((part) => part.trim());
  const values =
    list ?? (parts.every((part) => single.test(part)) ? parts.map((part) => part.split(/=~|==/)[1] ?? '') : []);
  const types = values.map((value) => value.trim().replaceAll(/['"]/g, '').toLowerCase());
  return types.length > 0 ? (row) => types.includes(row.type ?? '') : undefined;
}

function compileTagPresence(text: string): Test | undefined {
  const [, bracket, dot] = new RegExp(`^isnot(?:empty|null)\\(\\s*${tagName}\\s*\\)$`, 'i').exec(text) ?? [];
  const tag = bracket ?? dot;
  return tag === undefined ? undefined : (row) => Boolean(readTag(row, tag));
}

function compileTagValue(text: string): Test | undefined {
  const [, bracket, dot, operator, value] =
    new RegExp(`^${tagName}\\s*(=~|==|!=)\\s*['"]([^'"]*)['"]$`, 'i').exec(text) ?? [];
  const tag = bracket ?? dot;
  if (tag === undefined || value === undefined) return undefined;
  const fold = (item: string | undefined) => (operator === '=~' ? (item ?? '').toLowerCase() : (item ?? ''));
  return (row) => (fold(readTag(row, tag)) === fold(value)) === (operator !== '!=');
}

/** All tags as one JSON text, searched in any letter case. */
function compileTagsText(text: string): Test | undefined {
  const part = /^tostring\(\s*tags\s*\)\s+contains\s+'([^']+)'$/i.exec(text)?.[1]?.toLowerCase();
  return part === undefined
    ? undefined
    : (row) =>
        JSON.stringify(row.tags ?? {})
          .toLowerCase()
          .includes(part);
}

/** The name of a tag in exactly this letter case, as the language has it. */
function readTag(row: Partial<ResourceRow>, tag: string): string | undefined {
  return row.tags?.[tag];
}

function compileProject(text: string): Step | undefined {
  const names = text.split(',').map((name) => name.trim());
  if (names.length === 0 || !names.every((name) => columns.includes(name))) return undefined;
  return (rows) => rows.map((row) => Object.fromEntries(Object.entries(row).filter(([name]) => names.includes(name))));
}

const sortById: Step = (rows) => rows.toSorted((left, right) => ((left.id ?? '') < (right.id ?? '') ? -1 : 1));
