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

const verdictWords = {
  apply: 'nothing waits for approval',
  held: 'a part waits for approval or does not fit',
  blocked: 'blocked, the app can write nothing',
};

export function renderPlanMarkdown(plan: GatedPlan): string {
  return [
    `## Plan for ${plan.target}: ${verdictWords[plan.verdict]}`,
    `Plan \`${plan.id}\`, from snapshot \`${plan.snapshot || 'none'}\`.`,
    ...(plan.gate ? [`**The app writes nothing of it now** (${plan.gate.code}): ${oneLine(plan.gate.message)}`] : []),
    ...(plan.reasons.length === 0
      ? []
      : ['### Reasons', plan.reasons.map((reason) => `- **${reason.code}**: ${oneLine(reason.message)}`).join('\n')]),
    ...section('Add', plan.add),
    ...section('Remove', plan.remove),
    ...section('Waits for approval or does not fit: add', plan.held.add),
    ...section('Waits for approval: remove', plan.held.remove),
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
