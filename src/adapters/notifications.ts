/**
 * Sends notifications to webhooks, as CloudEvents 1.0 JSON or in the formats of Slack and Teams.
 *
 * Requests are signed as https://www.standardwebhooks.com describes: `webhook-signature` is `v1,` followed by the
 * base64 of HMAC-SHA256 over `<webhook-id>.<webhook-timestamp>.<body>`.
 */
import { createHmac, randomUUID } from 'node:crypto';
import pRetry, { AbortError } from 'p-retry';
import { toErrorMessage } from '../core/errors.ts';
import {
  formatOf,
  toApprovalUrl,
  toLinks,
  toSlackMessage,
  toTeamsMessage,
  type NotificationText,
} from '../core/notificationFormats.ts';
import { hostOf, redact, redactValue } from '../core/redact.ts';
import type { DeliveryStore, Logger, Notification, Notifier } from '../app/ports.ts';
import { findWebhookFault } from './webhookAnswer.ts';

export interface NotifierOptions {
  /** HTTPS URLs; each is a secret. */
  readonly webhooks: readonly string[];
  readonly logger: Logger;
  /** Key that signs every request: plain text, or `whsec_` followed by base64. Undefined: requests are not signed. */
  readonly secret?: string | undefined;
  /** `https://` and WEBSITE_HOSTNAME: the events' source and the base of approval links. Undefined: no links. */
  readonly baseUrl?: string | undefined;
  /** Stores how the last delivery to each webhook ended. The health check reads it. */
  readonly deliveries?: DeliveryStore | undefined;
  /** Called with the webhook's host after the last failed attempt, for the metrics. */
  readonly onFailure?: ((host: string) => void) | undefined;
  /** For all attempts at one webhook together. */
  readonly timeoutInMs?: number;
  readonly attempts?: number;
  /** Before the second attempt. Each further wait is twice as long. */
  readonly retryDelayInMs?: number;
  /** Makes the signal that ends all attempts. */
  readonly deadline?: (inMs: number) => AbortSignal;
  /** For this long after a failure, a webhook gets one short attempt per notification. */
  readonly cooldownInMs?: number;
  readonly fetch?: typeof fetch;
  readonly now?: () => Date;
}

const defaults = {
  timeoutInMs: 10_000,
  attempts: 4,
  retryDelayInMs: 500,
  deadline: (inMs: number) => AbortSignal.timeout(inMs),
  cooldownInMs: 60_000,
};
const shortTimeoutInMs = 2000;
const typePrefix = 'acr-address-keeper.';

interface Message {
  readonly id: string;
  readonly contentType: string;
  readonly body: string;
}

export function createNotifier(options: NotifierOptions): Notifier {
  return new WebhookNotifier(options);
}

class WebhookNotifier implements Notifier {
  readonly #options: NotifierOptions & typeof defaults;
  readonly #now: () => Date;
  /** URL → epoch of the last failure. */
  readonly #failedAt = new Map<string, number>();
  /** URLs whose last delivery is stored as successful: the next success needs no write. */
  readonly #storedAsWorking = new Set<string>();

  constructor(options: NotifierOptions) {
    this.#options = { ...defaults, ...options };
    this.#now = options.now ?? (() => new Date());
  }

  async notify(notification: Notification): Promise<void> {
    if (this.#options.webhooks.length === 0) return;
    const id = randomUUID();
    await Promise.all(
      this.#options.webhooks.map(async (webhook, index) => {
        try {
          await this.#send(webhook, this.#render(webhook, id, notification));
          this.#failedAt.delete(webhook);
          await this.#storeOutcome(webhook, undefined);
        } catch (error) {
          this.#failedAt.set(webhook, this.#now().getTime());
          const reason = withoutUrl(toErrorMessage(error), webhook);
          this.#options.onFailure?.(hostOf(webhook));
          await this.#storeOutcome(webhook, reason);
          // The number distinguishes two webhooks on the same host. Path and query are secret and are not logged.
          this.#options.logger.warn('notification was not delivered', {
            type: notification.type,
            subject: notification.subject,
            webhook: index + 1,
            host: hostOf(webhook),
            error: reason,
          });
        }
      }),
    );
  }

  /** Stores the outcome of a delivery, so that health shows a failing webhook until it works again. Never throws. */
  async #storeOutcome(webhook: string, error: string | undefined): Promise<void> {
    const { deliveries, logger } = this.#options;
    if (!deliveries || (error === undefined && this.#storedAsWorking.has(webhook))) return;
    const at = this.#now().toISOString();
    try {
      const before = await deliveries.read(webhook);
      if (error !== undefined) {
        this.#storedAsWorking.delete(webhook);
        await deliveries.put(webhook, { version: 1, at, failingSince: before?.failingSince ?? at, error });
        return;
      }
      if (before?.failingSince !== undefined) await deliveries.put(webhook, { version: 1, at });
      this.#storedAsWorking.add(webhook);
    } catch (failure) {
      logger.warn('how a notification ended is not kept', { host: hostOf(webhook), error: toErrorMessage(failure) });
    }
  }

  #render(webhook: string, id: string, notification: Notification): Message {
    const text = this.#toText(notification);
    switch (formatOf(webhook)) {
      case 'slack':
        return toJsonMessage(id, toSlackMessage(text));
      case 'teams':
        return toJsonMessage(id, toTeamsMessage(text));
      case 'cloudEvents':
        return this.#toCloudEvent(id, notification, text);
    }
  }

  #toText(notification: Notification): NotificationText {
    const { type, subject, message, data } = notification;
    const { baseUrl } = this.#options;
    const canApprove = type === 'plan.held' && baseUrl !== undefined && typeof data.planId === 'string';
    return {
      type,
      subject,
      message: redact(message),
      approvalUrl: canApprove ? toApprovalUrl(baseUrl, subject, String(data.planId)) : undefined,
      links: baseUrl === undefined ? undefined : toLinks(baseUrl, notification),
    };
  }

  /** A CloudEvent in structured mode: the whole event is the body. */
  #toCloudEvent(id: string, { type, subject, data }: Notification, text: NotificationText): Message {
    const event = {
      specversion: '1.0',
      datacontenttype: 'application/json',
      id,
      type: `${typePrefix}${type}`,
      source: this.#options.baseUrl ?? '/acr-address-keeper',
      subject,
      time: this.#now().toISOString(),
      data: {
        message: text.message,
        ...(text.approvalUrl === undefined ? {} : { approvalUrl: text.approvalUrl }),
        ...(text.links === undefined ? {} : { links: text.links }),
        ...(redactValue(data) as object),
      },
    };
    return { id, contentType: 'application/cloudevents+json; charset=utf-8', body: JSON.stringify(event) };
  }

  async #send(webhook: string, message: Message): Promise<void> {
    const failedAt = this.#failedAt.get(webhook);
    const isCoolingDown = failedAt !== undefined && this.#now().getTime() - failedAt < this.#options.cooldownInMs;
    const timeoutInMs = isCoolingDown
      ? Math.min(shortTimeoutInMs, this.#options.timeoutInMs)
      : this.#options.timeoutInMs;
    const signal = this.#options.deadline(timeoutInMs);
    await pRetry(() => this.#post(webhook, message, signal), {
      retries: isCoolingDown ? 0 : this.#options.attempts - 1,
      minTimeout: Math.min(this.#options.retryDelayInMs, timeoutInMs / 10),
      factor: 2,
      maxRetryTime: timeoutInMs,
      signal,
    });
  }

  async #post(webhook: string, { id, contentType, body }: Message, signal: AbortSignal): Promise<void> {
    const response = await (this.#options.fetch ?? fetch)(webhook, {
      method: 'POST',
      headers: { 'content-type': contentType, 'user-agent': 'acr-address-keeper', ...this.#sign(id, body) },
      body,
      // Do not follow redirects: a signed message goes only to the configured URL.
      redirect: 'manual',
      signal,
    });
    const fault = findWebhookFault(response.status, await readBeginning(response));
    if (!fault) return;
    const failure = new Error(fault.message);
    throw fault.isWorthRetrying ? failure : new AbortError(failure);
  }

  #sign(id: string, body: string): Record<string, string> {
    const { secret } = this.#options;
    if (secret === undefined) return {};
    const timestamp = Math.floor(this.#now().getTime() / 1000).toString();
    return {
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': signWebhook(secret, id, timestamp, body),
    };
  }
}

/** Returns the value of `webhook-signature`. A receiver computes the same and compares in constant time. */
export function signWebhook(secret: string, id: string, timestamp: string, body: string): string {
  const key = secret.startsWith('whsec_')
    ? Buffer.from(secret.slice('whsec_'.length), 'base64')
    : Buffer.from(secret, 'utf8');
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
}

function toJsonMessage(id: string, content: object): Message {
  return { id, contentType: 'application/json; charset=utf-8', body: JSON.stringify(content) };
}

const longestBeginning = 4_096;

/** Reads up to 4,096 bytes, enough to recognise an error, and does not wait for the rest of a long page. */
async function readBeginning({ body }: Response): Promise<string> {
  if (!body) return '';
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body as ReadableStream<Uint8Array>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= longestBeginning) break;
  }
  return Buffer.concat(chunks).toString('utf8', 0, longestBeginning);
}

function withoutUrl(text: string, url: string): string {
  const parsed = URL.parse(url);
  const secrets = [
    url,
    parsed?.href,
    parsed && parsed.pathname.length > 1 ? parsed.pathname : '',
    parsed?.search ?? '',
  ];
  return redact(secrets.reduce<string>((result, secret) => (secret ? result.replaceAll(secret, '***') : result), text));
}
