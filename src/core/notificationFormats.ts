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
}

const titles = {
  'tag.changed': 'Service tag changed',
  'plan.held': 'Plan held: it waits for an approval',
  'target.blocked': 'Target blocked',
  'update.failed': 'Update failed',
  'drift.repaired': 'Drift repaired',
  'source.disagreeing': 'Sources disagree',
  'source.failed': 'Source failed',
  'pull.failed': 'Pull failed',
  'storage.damaged': 'Stored data lost or damaged',
  'deadline.near': 'A new prefix is missing and its week runs out',
} as const;

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

/** https://docs.slack.dev/reference/block-kit */
export function toSlackMessage({ type, subject, message, approvalUrl }: NotificationText): object {
  const title = titles[type];
  // Verbatim: what looks like a link, a channel or a person stays text.
  const text = { type: 'mrkdwn', verbatim: true, text: escapeSlack(message, maxMessageLength) };
  const button = { type: 'button', text: { type: 'plain_text', text: 'Review the plan' }, url: approvalUrl };
  return {
    text: escapeSlack(`${title}: ${subject}`, 200),
    blocks: [
      { type: 'header', text: { type: 'plain_text', text: shorten(`${title}: ${subject}`, 149) } },
      { type: 'section', text },
      ...(approvalUrl === undefined ? [] : [{ type: 'actions', elements: [button] }]),
    ],
  };
}

/** An Adaptive Card in the envelope that Teams webhooks and workflows take. */
export function toTeamsMessage({ type, subject, message, approvalUrl }: NotificationText): object {
  const open = { type: 'Action.OpenUrl', title: 'Review the plan', url: approvalUrl };
  const card = {
    type: 'AdaptiveCard',
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    version: '1.4',
    body: [
      { type: 'TextBlock', size: 'Medium', weight: 'Bolder', wrap: true, text: escapeMarkdown(titles[type]) },
      { type: 'FactSet', facts: [{ title: 'Subject', value: escapeMarkdown(subject) }] },
      { type: 'TextBlock', wrap: true, text: escapeMarkdown(shorten(message, maxMessageLength)) },
    ],
    ...(approvalUrl === undefined ? {} : { actions: [open] }),
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
