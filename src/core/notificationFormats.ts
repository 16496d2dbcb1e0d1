/** How a notification looks in the places people read: Slack, Teams; and the link by which a held plan is approved. */
import { shorten } from './errors.ts';

export type NotificationFormat = 'cloudEvents' | 'slack' | 'teams';

/** The CloudEvents type without its prefix. */
export type NotificationType = keyof typeof titles;

/** What there is to show. */
export interface NotificationText {
  readonly type: NotificationType;
  readonly subject: string;
  readonly message: string;
  /** Where a person decides; absent where there is nothing to decide. */
  readonly approvalUrl?: string | undefined;
  /** Absent where nobody knows under which name the app is reached. */
  readonly links?: NotificationLinks | undefined;
}

export interface NotificationLinks {
  /** The page of the target, or the first page. */
  readonly page: string;
  /** The line of the runbook that says what to do. */
  readonly runbook: string;
}

const titles = {
  'tag.changed': 'Service tag changed',
  'plan.held': 'Plan held: it waits for an approval',
  'target.blocked': 'Target blocked',
  'target.noEffect': 'Rules have no effect',
  'update.failed': 'Update failed',
  'drift.repaired': 'Drift repaired',
  'source.disagreeing': 'Sources disagree',
  'source.failed': 'Source failed',
  'pull.failed': 'Pull failed',
  'storage.damaged': 'Stored data lost or damaged',
  'deadline.near': 'A new prefix is missing and its week runs out',
} as const;

/** Headings of docs/operations.md, as `GET runbook` names them. */
export const runbookAnchors: Readonly<Record<NotificationType, string>> = {
  'tag.changed': 'notifications',
  'plan.held': 'approve-a-plan-that-waits',
  'target.blocked': 'codes-of-a-target',
  'target.noEffect': 'codes-of-a-target',
  'update.failed': 'alert-targets-failed',
  'drift.repaired': 'notifications',
  'source.disagreeing': 'notifications',
  'source.failed': 'alert-source-failing',
  'pull.failed': 'alert-pull-late',
  'storage.damaged': 'notifications',
  'deadline.near': 'alert-deadline-near',
};

/** What these are about is a target. */
const ofTargets: ReadonlySet<NotificationType> = new Set([
  'plan.held',
  'target.blocked',
  'target.noEffect',
  'update.failed',
  'drift.repaired',
  'deadline.near',
]);

/** Slack refuses a section above 3,000 characters, escapes counted, Teams a message above 28 kB. */
const maxMessageLength = 2500;

/** By the host of the webhook: Slack, Teams and Power Automate get their own form, everybody else CloudEvents. */
export function formatOf(url: string): NotificationFormat {
  const host = URL.parse(url)?.hostname ?? '';
  if (host === 'hooks.slack.com' || host === 'hooks.slack-gov.com') return 'slack';
  if (/(^|\.)webhook\.office\.com$/.test(host)) return 'teams';
  if (/\.logic\.azure\.(com|us|cn)$/.test(host) || host.endsWith('.api.powerplatform.com')) return 'teams';
  return 'cloudEvents';
}

/**
 * The page where one plan of one target is approved. It carries no key: the page asks for one.
 * What names the plan stands behind `#`, so that it reaches no log on the way.
 */
export function toApprovalUrl(baseUrl: string, target: string, planId: string): string {
  const url = new URL('/api/approve', baseUrl);
  url.hash = new URLSearchParams({ target, plan: planId }).toString();
  return url.href;
}

/** What is behind `#` stays in the browser. */
export function toLinks(baseUrl: string, type: NotificationType, subject: string): NotificationLinks {
  const page = new URL('/api/dashboard', baseUrl);
  if (ofTargets.has(type)) page.hash = `/targets/${encodeURIComponent(subject)}`;
  return { page: page.href, runbook: new URL(`/api/runbook#${runbookAnchors[type]}`, baseUrl).href };
}

/** What a person can open, the most useful first. */
function linksOf({ approvalUrl, links }: NotificationText): { readonly title: string; readonly url: string }[] {
  const first = approvalUrl === undefined ? [] : [{ title: 'Review the plan', url: approvalUrl }];
  if (!links) return first;
  const page = first.length > 0 ? [] : [{ title: 'Open the page', url: links.page }];
  return [...first, ...page, { title: 'What to do', url: links.runbook }];
}

/** https://docs.slack.dev/reference/block-kit */
export function toSlackMessage(notification: NotificationText): object {
  const { type, subject, message } = notification;
  const title = titles[type];
  // Verbatim: what looks like a link, a channel or a person stays text.
  const text = { type: 'mrkdwn', verbatim: true, text: escapeSlack(message, maxMessageLength) };
  const buttons = linksOf(notification).map((link) => ({
    type: 'button',
    text: { type: 'plain_text', text: link.title },
    url: link.url,
  }));
  return {
    text: escapeSlack(`${title}: ${subject}`, 200),
    blocks: [
      { type: 'header', text: { type: 'plain_text', text: shorten(`${title}: ${subject}`, 149) } },
      { type: 'section', text },
      ...(buttons.length === 0 ? [] : [{ type: 'actions', elements: buttons }]),
    ],
  };
}

/** An Adaptive Card in the envelope that Teams webhooks and workflows take. */
export function toTeamsMessage(notification: NotificationText): object {
  const { type, subject, message } = notification;
  const actions = linksOf(notification).map((link) => ({ type: 'Action.OpenUrl', ...link }));
  const card = {
    type: 'AdaptiveCard',
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    version: '1.4',
    body: [
      { type: 'TextBlock', size: 'Medium', weight: 'Bolder', wrap: true, text: escapeMarkdown(titles[type]) },
      { type: 'FactSet', facts: [{ title: 'Subject', value: escapeMarkdown(subject) }] },
      { type: 'TextBlock', wrap: true, text: escapeMarkdown(shorten(message, maxMessageLength)) },
    ],
    ...(actions.length === 0 ? {} : { actions }),
  };
  const attachment = { contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null, content: card };
  return { type: 'message', attachments: [attachment] };
}

/** Cut to a length that counts the escapes, and never within one. */
function escapeSlack(text: string, maxLength: number): string {
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return shorten(escaped, maxLength).replace(/&\w{0,3}…$/, '…');
}

/** Links and emphasis in a text that came from elsewhere stay text. */
function escapeMarkdown(text: string): string {
  return text.replace(/[\\[\]*_`~]/g, '\\$&');
}
