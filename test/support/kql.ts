/** As much of the Kusto query language as the queries of infra/modules/alerts.bicep speak; what is more is an error. */
import { runInThisContext } from 'node:vm';

export type Row = Readonly<Record<string, unknown>>;
export type Tables = Readonly<Record<string, readonly Row[]>>;

/** Rows of a query, at a time. */
export function runQuery(query: string, tables: Tables, now: Date): readonly Row[] {
  const [table = '', ...steps] = query.split(' | ').map((step) => step.trim());
  const rows = tables[table];
  if (!rows) throw new Error(`there is no table ${table}`);
  return steps.reduce<readonly Row[]>((current, step) => runStep(step, current, now), rows);
}

function runStep(step: string, rows: readonly Row[], now: Date): readonly Row[] {
  const [, operator = '', rest = ''] = /^(\w+) (.*)$/s.exec(step) ?? [];
  if (operator === 'where') return rows.filter((row) => evaluate(rest, row, now) === true);
  if (operator === 'extend') {
    const [, name = '', expression = ''] = /^(\w+) = (.*)$/.exec(rest) ?? [];
    return rows.map((row) => ({ ...row, [name]: evaluate(expression, row, now) }));
  }
  if (operator === 'summarize') return summarize(rest, rows, now);
  throw new Error(`cannot read: ${step}`);
}

function summarize(text: string, rows: readonly Row[], now: Date): readonly Row[] {
  const [aggregates = '', by] = text.split(' by ');
  const groups = new Map<unknown, Row[]>(by === undefined ? [[undefined, []]] : []);
  for (const row of rows) {
    const key = by === undefined ? undefined : row[by];
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups].flatMap(([key, group]) => {
    // Without rows there is a count of 0, and no newest row.
    if (aggregates.startsWith('arg_max(') && group.length === 0) return [];
    const members = aggregates.split(/, (?=\w+ = )/).map((aggregate) => aggregateOf(aggregate, group, now));
    return [Object.assign(by === undefined ? {} : { [by]: key }, ...members) as Row];
  });
}

function aggregateOf(text: string, rows: readonly Row[], now: Date): Row {
  const [, name = text, call = text] = /^(\w+) = (.*)$/.exec(text) ?? [];
  const [, kind = '', argument = ''] = /^(\w+)\((.*)\)$/.exec(call) ?? [];
  const values = (): readonly unknown[] => rows.map((row) => evaluate(argument, row, now));
  switch (kind) {
    case 'count':
      return { [name]: rows.length };
    case 'countif':
      return { [name]: values().filter((value) => value === true).length };
    case 'dcount':
      return { [name]: new Set(values()).size };
    case 'sum':
      return { [name]: (values() as number[]).reduce((sum, value) => sum + value, 0) };
    case 'max':
      return { [name]: Math.max(...(values() as number[])) };
    case 'arg_max': {
      const [by = '', kept = ''] = argument.split(', ');
      const newest = rows.toSorted((a, b) => Number(a[by]) - Number(b[by])).at(-1);
      return { [by]: newest?.[by], [kept]: newest?.[kept] };
    }
    default:
      throw new Error(`cannot read: ${text}`);
  }
}

type Expression = (scope: Row) => unknown;

const compiled = new Map<string, Expression>();

const functions = {
  tostring: (value: string | number | undefined) => String(value ?? ''),
  toint: Number,
  datetime: Date.parse,
  bin: (value: number, size: number) => Math.floor(value / size) * size,
};

function evaluate(expression: string, row: Row, now: Date): unknown {
  const run = compiled.get(expression) ?? compile(expression);
  compiled.set(expression, run);
  return run({ ...functions, now: () => now.getTime(), ...row });
}

/** Kusto's expressions are nearly JavaScript's: what differs is replaced outside of texts. */
function compile(expression: string): Expression {
  const code = expression
    .replaceAll(/\bdatetime\(([^)]+)\)/g, 'datetime("$1")')
    .split(/("[^"]*")/)
    .map((part, index) => (index % 2 === 1 ? part : translate(part)))
    .join('')
    .replaceAll(/(\w+) in (\([^)]*\))/g, '[].concat$2.includes($1)');
  return runInThisContext(`(function (scope) { with (scope) { return (${code}); } })`) as Expression;
}

function translate(code: string): string {
  return code
    .replaceAll(/\b1h\b/g, '3600000')
    .replaceAll(/\band\b/g, '&&')
    .replaceAll(/\bor\b/g, '||')
    .replaceAll('not(', '!(')
    .replaceAll(/([^=!<>])==([^=])/g, '$1===$2');
}
