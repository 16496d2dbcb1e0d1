/** Decides whether a webhook accepted a notification. Reads status and body, because some answer 200 with an error. */

export interface WebhookFault {
  readonly message: string;
  readonly isWorthRetrying: boolean;
}

/** Returns undefined if the webhook accepted the notification. `body` is the beginning of the answer. */
export function findWebhookFault(status: number, body: string): WebhookFault | undefined {
  if (status >= 300 && status < 400) return { message: `answered ${status}: it has moved`, isWorthRetrying: false };
  if (status < 200 || status >= 300) return { message: `answered ${status}`, isWorthRetrying: isPassing(status) };
  const error = errorIn(body.trim());
  if (error === undefined) return undefined;
  // Teams answers 200 and names the failed status in the text.
  const inner = /\bHTTP (?:error|status)?\s*(\d{3})\b/i.exec(error)?.[1];
  return {
    message: `answered ${status} with an error: ${error.slice(0, 120)}`,
    isWorthRetrying: inner === undefined || isPassing(Number(inner)),
  };
}

function isPassing(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || status >= 500;
}

function errorIn(text: string): string | undefined {
  if (text === '') return undefined;
  const json = parseObject(text);
  if (json) return errorInJson(json);
  return isErrorText(text) ? text.replaceAll(/\s+/g, ' ') : undefined;
}

const failingWords = /^(error|failed|failure|fail)$/i;

/**
 * `{ "ok": false, "error": "channel_not_found" }`, `{ "status": "failed" }`, `{ "error": { "message": "…" } }`,
 * `{ "errcode": 40008, "errmsg": "invalid message type" }`
 */
function errorInJson(json: Readonly<Record<string, unknown>>): string | undefined {
  const { ok, success, status, error, errors, errcode, errmsg, message } = json;
  const isFailed =
    ok === false ||
    success === false ||
    (typeof status === 'string' && failingWords.test(status)) ||
    (typeof status === 'number' && status >= 400) ||
    (typeof errcode === 'number' && errcode !== 0) ||
    (error !== undefined && error !== null && error !== false && error !== 0 && error !== '') ||
    (Array.isArray(errors) && errors.length > 0);
  if (!isFailed) return undefined;
  const reason = [error, (error as { message?: unknown } | null)?.message, message, errmsg, status].find(
    (value) => typeof value === 'string' && value !== '',
  );
  return typeof reason === 'string' ? reason : JSON.stringify(json);
}

/** Slack's errors in plain text: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks */
const slackErrors =
  /^(action_prohibited|channel_is_archived|channel_not_found|invalid_\w+|missing_\w+|no_(service|service_id|active_hooks|team|text)|posting_to_\w+_denied|rollup_error|team_disabled|token_\w+|too_many_\w+|user_not_found)$/;

function isErrorText(text: string): boolean {
  return slackErrors.test(text) || /^(error|failed|failure)\b|\bfailed with error\b|\bdelivery failed\b/i.test(text);
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    return JSON.parse(text) as Readonly<Record<string, unknown>>;
  } catch {
    return undefined;
  }
}
