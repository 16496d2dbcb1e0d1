/** The output of `npm start`: a few lines per release, in colour on a terminal. */
import { styleText } from 'node:util';
import { agree, dayInWords } from '../src/core/words.ts';

type Style = Parameters<typeof styleText>[0];

/** The parts of the answer to `POST /api/pull` that are printed. */
export interface PullAnswer {
  readonly outcome: 'changed' | 'unchanged';
  readonly date: string;
  readonly changeNumber: number;
  readonly tagCount: number;
  readonly message: string;
  readonly changes: readonly {
    readonly tag: string;
    readonly added: readonly string[];
    readonly removed: readonly string[];
  }[];
  readonly quarantine: readonly { readonly tag: string; readonly reason: string }[];
  readonly warnings: readonly { readonly message: string }[];
}

/** The parts of an entry of `GET /api/targets` that are printed. */
export interface TargetAnswer {
  readonly name: string;
  readonly status: string;
  readonly reasons: readonly { readonly message: string }[];
  readonly lastResult?: {
    readonly runId: string;
    readonly outcome: string;
    readonly counts: { readonly add: number; readonly remove: number; readonly retain: number; readonly held: number };
  };
}

const paint = (style: Style, text: string) => styleText(style, text, { stream: process.stdout });
const statusStyles: Readonly<Record<string, Style>> = {
  inSync: 'green',
  planOnly: 'green',
  blocked: 'red',
  failed: 'red',
};

export function formatHeading(text: string): string {
  return paint('bold', text);
}

export function formatPull(pull: PullAnswer): readonly string[] {
  const heading = `${paint('bold', dayInWords(pull.date))}  change number ${pull.changeNumber}, ${pull.tagCount} tags`;
  if (pull.outcome === 'unchanged') return [`${heading}: ${pull.message}`];
  if (pull.changes.length === 0) return [`${heading}: the same addresses in all watched tags; no target is updated`];
  return [
    heading,
    `  ${formatChanges(pull.changes)}`,
    ...pull.quarantine.map(({ reason }) => `  ${paint('yellow', 'suspicious')}  ${reason}`),
    ...pull.warnings.slice(0, 3).map(({ message }) => `  ${paint('yellow', 'warning')}  ${message}`),
  ];
}

/** One line for each target whose update since `before` brought news, and one for each of its new reasons. */
export function formatTargets(before: readonly TargetAnswer[], now: readonly TargetAnswer[]): readonly string[] {
  const width = Math.max(...now.map(({ name }) => name.length));
  return now.flatMap((target) => {
    const last = before.find(({ name }) => name === target.name);
    if (!target.lastResult || last?.lastResult?.runId === target.lastResult.runId) return [];
    const known = new Set(last?.reasons.map(({ message }) => message));
    const reasons = target.reasons.filter(({ message }) => !known.has(message));
    if (target.lastResult.outcome === 'unchanged' && target.status === last?.status && reasons.length === 0) return [];
    const status = paint(statusStyles[target.status] ?? 'yellow', target.status);
    return [
      `  ${target.name.padEnd(width)}  ${formatCounts(target.lastResult).padEnd(32)}  ${status}`,
      ...reasons.map(({ message }) => `  ${' '.repeat(width)}  ${paint('dim', message)}`),
    ];
  });
}

/** The targets after a check of all of them. */
export function formatCheck(before: readonly TargetAnswer[], now: readonly TargetAnswer[]): readonly string[] {
  const lines = formatTargets(before, now);
  const heading = `${formatHeading('an hour later')}  the app checks every target again`;
  return lines.length === 0 ? [`${heading}: nothing new`] : [heading, ...lines];
}

/** `AzureContainerRegistry +3, .EastUS +1 -2` */
function formatChanges(changes: PullAnswer['changes']): string {
  const shown = changes.slice(0, 8).map(({ tag, added, removed }) => {
    const counts = [added.length && `+${added.length}`, removed.length && `-${removed.length}`].filter(Boolean);
    return `${tag.replace(/^AzureContainerRegistry(?=\.)/, '')} ${counts.join(' ')}`;
  });
  const more = changes.length - shown.length;
  return [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join(', ');
}

function formatCounts({ counts, outcome }: NonNullable<TargetAnswer['lastResult']>): string {
  const parts = [
    counts.add && `+${counts.add}`,
    counts.remove && `-${counts.remove}`,
    counts.retain && `${counts.retain} no longer listed, kept for now`,
    counts.held && `${counts.held} ${agree(counts.held, 'waits', 'wait')} for approval`,
  ];
  const text = parts.filter(Boolean).join(', ');
  // These runs wrote nothing, so their counts are what they would have done.
  return text === '' ? outcome : ['planOnly', 'paused', 'blocked'].includes(outcome) ? `would ${text}` : text;
}

/** Lists URLs to try. `resource` is the id of a resource in the simulated Azure. */
export function formatAddresses(hostUrl: string, simulatorUrl: string, resource: string): readonly string[] {
  const api = `${hostUrl}/api`;
  const apiVersion = /\/Microsoft\.Network\//i.test(resource) ? '2025-05-01' : '2025-11-01';
  return [
    paint('bold', 'Open'),
    `  ${api}/dashboard`,
    `  ${api}/docs`,
    `  ${api}/health`,
    `  curl '${api}/prefixes?region=westeurope&family=ipv4&format=text'`,
    `  curl '${api}/lookup?ip=20.42.66.1'`,
    `  curl '${api}/feeds/AzureContainerRegistry.westeurope.ipv4.txt'`,
    `  curl '${api}/feeds'   (every feed and format)`,
    `  curl '${api}/targets'`,
    `  curl '${simulatorUrl}${resource}?api-version=${apiVersion}'   (the simulated firewall)`,
  ];
}
