/** Renders changes of a tag, and plans, for people. */
import type { GatedPlan } from '../update/writeGate.ts';

export interface TagComparison {
  readonly tag: string;
  readonly from: string;
  readonly to: string;
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

/** A comment line, then `+ prefix` and `- prefix`. */
export function renderChangesText({ tag, from, to, added, removed }: TagComparison): string {
  const lines = [...added.map((prefix) => `+ ${prefix}`), ...removed.map((prefix) => `- ${prefix}`)];
  return [`# ${tag} from ${from} to ${to}`, ...lines].map((line) => `${line}\n`).join('');
}

export function renderChangesMarkdown({ tag, from, to, added, removed }: TagComparison): string {
  return [
    `## ${tag}`,
    `From \`${from}\` to \`${to}\`: ${added.length} added, ${removed.length} removed.`,
    ...section('Added', added),
    ...section('Removed', removed),
  ]
    .join('\n\n')
    .concat('\n');
}

export function renderPlanMarkdown(plan: GatedPlan): string {
  return [
    `## Plan for ${plan.target}: ${plan.verdict}`,
    `Plan \`${plan.id}\`, from snapshot \`${plan.snapshot || 'none'}\`.`,
    ...(plan.gate ? [`**Nothing of it is written now** (${plan.gate.code}): ${oneLine(plan.gate.message)}`] : []),
    ...(plan.reasons.length === 0
      ? []
      : ['### Reasons', plan.reasons.map((reason) => `- **${reason.code}**: ${oneLine(reason.message)}`).join('\n')]),
    ...section('Add', plan.add),
    ...section('Remove', plan.remove),
    ...section('Held: add', plan.held.add),
    ...section('Held: remove', plan.held.remove),
    ...section('Keep for now', plan.retain),
    ...section('Not ours, left alone', plan.foreign),
    ...section('Differences of the rule', plan.ruleDrift),
  ]
    .join('\n\n')
    .concat('\n');
}

function section(title: string, items: readonly string[]): string[] {
  if (items.length === 0) return [];
  return [`### ${title} (${items.length})`, items.map((item) => `- \`${item.replaceAll('`', "'")}\``).join('\n')];
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ');
}
