/** Formats notifications for Slack and Teams, and builds their links, such as the one to approve a plan. */
import { shorten } from './errors.ts';

export type NotificationFormat = 'cloudEvents' | 'slack' | 'teams';

/** The CloudEvents type without its prefix. */
export type NotificationType = keyof typeof titles;

/** The content of a notification. */
export interface NotificationText {
  readonly type: NotificationType;
  readonly subject: string;
  readonly message: string;
  /** Page on which a person decides; absent if there is nothing to decide. */
  readonly approvalUrl?: string | undefined;
  /** Absent if the app does not know its own URL. */
  readonly links?: NotificationLinks | undefined;
}

export interface NotificationLinks {
  /** The page of the target, or the first page. */
  readonly page: string;
  /** The section of the runbook that says what to do. */
  readonly runbook: string;
}

const titles = {
  'tag.changed': 'Service tag changed',
  'plan.held': 'A part of a plan is not applied',
  'target.blocked': 'Target blocked: nothing can be applied',
  'target.noEffect': 'Rules have no effect',
  'update.failed': 'Update failed',
  'drift.repaired': 'Changed rules restored',
  'source.disagreeing': 'Sources disagree',
  'source.failed': 'Source failed',
  'pull.failed': 'Pull failed',
  'storage.damaged': 'Stored data lost or damaged',
  'deadline.near': 'A listed prefix is missing, and its deadline is near or over',
} as const;

export const notificationTypes = Object.keys(titles) as readonly NotificationType[];

/** Headings of docs/operations.md, as `GET runbook` names them. */
export const runbookAnchors: Readonly<Record<NotificationType, string>> = {
  'tag.changed': 'notifications',
  'plan.held': 'approve-a-plan-that-waits',
  'target.blocked': 'codes-of-a-target',
  'target.noEffect': 'alert-no-effect',
  'update.failed': 'alert-targets-failed',
  'drift.repaired': 'notifications',
  'source.disagreeing': 'notifications',
  'source.failed': 'alert-source-failing',
  'pull.failed': 'alert-pull-late',
  'storage.damaged': 'notifications',
  'deadline.near': 'alert-deadline-near',
};

/** Types whose subject is a target. */
const ofTargets: ReadonlySet<NotificationType> = new Set([
  'plan.held',
  'target.blocked',
  'target.noEffect',
  'update.failed',
  'drift.repaired',
  'deadline.near',
]);

/** Slack refuses a section of more than 3,000 characters, including escapes; Teams a message of more than 28 kB. */
const maxMessageLength = 2500;

/** Recognises Slack, Teams and Power Automate by the host of the webhook; all others get CloudEvents. */
export function formatOf(url: string): NotificationFormat {
  const host = URL.parse(url)?.hostname ?? '';
  if (host === 'hooks.slack.com' || host === 'hooks.slack-gov.com') return 'slack';
  if (/(^|\.)webhook\.office\.com$/.test(host)) return 'teams';
  if (/\.logic\.azure\.(com|us|cn)$/.test(host) || host.endsWith('.api.powerplatform.com')) return 'teams';
  return 'cloudEvents';
}

/**
 * The page on which one plan of one target is approved. The URL contains no key: the page asks for one.
 * Browsers do not send what comes after `#`, so target and plan appear in no log.
 */
export function toApprovalUrl(baseUrl: string, target: string, planId: string): string {
  const url = new URL('/api/approve', baseUrl);
  url.hash = new URLSearchParams({ target, plan: planId }).toString();
  return url.href;
}

/** Browsers do not send what comes after `#`. */
export function toLinks(
  baseUrl: string,
  {
    type,
    subject,
    data,
  }: Pick<NotificationText, 'type' | 'subject'> & { readonly data: { readonly target?: unknown } },
): NotificationLinks {
  const page = new URL('/api/dashboard', baseUrl);
  // A message of the queue that cannot be read names no target.
  if (ofTargets.has(type) && data.target !== null) page.hash = `/targets/${encodeURIComponent(subject)}`;
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

/** An Adaptive Card in the envelope that Teams webhooks and workflows accept. */
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

/** Shortens the escaped text, and never cuts an escape in two. */
function escapeSlack(text: string, maxLength: number): string {
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return shorten(escaped, maxLength).replace(/&\w{0,3}…$/, '…');
}

/** Escapes the text, so that links and emphasis in it are shown as plain text. */
function escapeMarkdown(text: string): string {
  return text.replace(/[\\[\]*_`~]/g, '\\$&');
}
