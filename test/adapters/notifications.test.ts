import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { HTTP, type CloudEvent } from 'cloudevents';
import { createNotifier, signWebhook } from '../../src/adapters/notifications.ts';
import type { DeliveryStatus, DeliveryStore, Notification } from '../../src/app/ports.ts';
import { collectLogs } from '../support/collectLogs.ts';

interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function listen(handler: RequestListener): Promise<string> {
  const server = createServer(handler);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A webhook that keeps what it gets and answers with the statuses given, the last one for ever. */
async function receive(...statuses: number[]): Promise<{ readonly url: string; readonly received: Received[] }> {
  const received: Received[] = [];
  const origin = await listen((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      received.push({ method, path: url, headers, body: Buffer.concat(chunks).toString() });
      const status = statuses[received.length - 1] ?? statuses.at(-1) ?? 200;
      response.writeHead(status, status === 302 ? { location: '/elsewhere' } : {}).end();
    });
  });
  return { url: `${origin}/hook/top-secret?sig=abc123`, received };
}

const held: Notification = {
  type: 'plan.held',
  subject: 'hooks',
  message: 'hooks: 11 changes wait for approval.',
  data: { runId: 'r1', planId: '9f86d081', reasons: [{ code: 'removalLimit', message: '11 of 21 prefixes' }] },
};

const baseUrl = 'https://func-test.azurewebsites.net';

describe('CloudEvents', () => {
  test('a notification arrives as a structured CloudEvent 1.0 with its data', async () => {
    const { url, received } = await receive(204);
    const { logger, lines } = collectLogs();
    const now = () => new Date('2025-03-06T12:00:00Z');

    await createNotifier({ webhooks: [url], logger, baseUrl, now }).notify(held);

    expect(lines).toEqual([]);
    const [request] = received;
    expect(request?.method).toBe('POST');
    expect(request?.headers['content-type']).toBe('application/cloudevents+json; charset=utf-8');
    const event = HTTP.toEvent({ headers: request!.headers, body: request!.body }) as CloudEvent<unknown>;
    expect(event.validate()).toBe(true);
    expect(event).toMatchObject({
      specversion: '1.0',
      type: 'acr-address-keeper.plan.held',
      source: baseUrl,
      subject: 'hooks',
      time: '2025-03-06T12:00:00.000Z',
      data: { ...held.data, message: held.message },
    });
  });

  test.each([
    'tag.changed',
    'plan.held',
    'target.blocked',
    'update.failed',
    'drift.repaired',
    'source.disagreeing',
    'source.failed',
    'deadline.near',
  ] as const)('%s is sent', async (type) => {
    const { url, received } = await receive(200);

    await createNotifier({ webhooks: [url], logger: collectLogs().logger }).notify({ ...held, type });

    expect(JSON.parse(received[0]?.body ?? '')).toMatchObject({
      type: `acr-address-keeper.${type}`,
      source: '/acr-address-keeper',
    });
  });

  test('a held plan carries a link with target and plan and without a key', async () => {
    const { url, received } = await receive(200);

    await createNotifier({ webhooks: [url], logger: collectLogs().logger, baseUrl }).notify(held);

    const { data } = JSON.parse(received[0]?.body ?? '') as { data: { approvalUrl: string } };
    expect(data.approvalUrl).toBe(`${baseUrl}/api/approve#target=hooks&plan=9f86d081`);
    expect(new URL(data.approvalUrl).search).toBe('');
  });

  test.each([
    ['target.blocked', 'hooks', '/api/dashboard#/targets/hooks', '/api/runbook#codes-of-a-target'],
    ['deadline.near', 'hooks', '/api/dashboard#/targets/hooks', '/api/runbook#alert-deadline-near'],
    ['source.failed', 'download', '/api/dashboard', '/api/runbook#alert-source-failing'],
    ['tag.changed', 'AzureContainerRegistry', '/api/dashboard', '/api/runbook#notifications'],
  ] as const)('%s about %s leads to its page and to a line of the runbook', async (type, subject, page, runbook) => {
    const { url, received } = await receive(200);
    const toLoopback: typeof fetch = (_input, init) => fetch(url, init);
    const slack = 'https://hooks.slack.com/services/T0/B0/x';
    const logger = collectLogs().logger;
    for (const webhook of [url, slack]) {
      const notifier = createNotifier({ webhooks: [webhook], logger, baseUrl, fetch: toLoopback });
      await notifier.notify({ ...held, type, subject });
    }

    const [event, message] = received.map(({ body }) => JSON.parse(body) as Record<string, unknown>);
    expect(event?.data).toMatchObject({ links: { page: `${baseUrl}${page}`, runbook: `${baseUrl}${runbook}` } });
    expect(JSON.stringify(message)).toContain(`"url":"${baseUrl}${page}"`);
    expect(JSON.stringify(message)).toContain(`"url":"${baseUrl}${runbook}"`);
  });

  test('where nobody knows the name of the app, there is no link', async () => {
    const { url, received } = await receive(200);

    await createNotifier({ webhooks: [url], logger: collectLogs().logger }).notify(held);

    expect(received[0]?.body).not.toMatch(/links|approvalUrl/);
  });

  test('only a held plan has something to approve', async () => {
    const { url, received } = await receive(200);

    await createNotifier({ webhooks: [url], logger: collectLogs().logger, baseUrl }).notify({
      ...held,
      type: 'update.failed',
    });

    expect(received[0]?.body).not.toContain('approvalUrl');
  });

  test('what is secret in a message or its data is not sent', async () => {
    const { url, received } = await receive(200);

    await createNotifier({ webhooks: [url], logger: collectLogs().logger }).notify({
      ...held,
      message: 'failed with AccountKey=c2VjcmV0',
      data: { error: 'GET https://st/f?sig=Zm9v', code: 'removalLimit' },
    });

    expect(received[0]?.body).not.toMatch(/c2VjcmV0|Zm9v/);
    expect(received[0]?.body).toContain('removalLimit');
  });
});

describe('signature', () => {
  test.each([
    ['text', 'correct horse battery staple'],
    ['base64 with its mark', `whsec_${Buffer.from('correct horse').toString('base64')}`],
  ])('a receiver that knows the secret (%s) can check who sent it', async (_kind, secret) => {
    const { url, received } = await receive(200);

    await createNotifier({ webhooks: [url], logger: collectLogs().logger, secret }).notify(held);

    const { headers, body } = received[0]!;
    const [id, timestamp] = [String(headers['webhook-id']), String(headers['webhook-timestamp'])];
    expect(headers['webhook-signature']).toBe(signWebhook(secret, id, timestamp, body));
    expect(signWebhook('another', id, timestamp, body)).not.toBe(headers['webhook-signature']);
    expect(signWebhook(secret, id, timestamp, `${body} `)).not.toBe(headers['webhook-signature']);
    expect(JSON.parse(body)).toMatchObject({ id });
    expect(Math.abs(Date.now() / 1000 - Number(timestamp))).toBeLessThan(60);
  });

  test('matches the published example of Standard Webhooks', () => {
    const signature = signWebhook(
      'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
      'msg_p5jXN8AQM9LWM0D4loKWxJek',
      '1614265330',
      '{"test": 2432232314}',
    );

    expect(signature).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
  });

  test('without a secret there is no signature', async () => {
    const { url, received } = await receive(200);

    await createNotifier({ webhooks: [url], logger: collectLogs().logger }).notify(held);

    expect(received[0]?.headers).not.toHaveProperty('webhook-signature');
  });
});

describe('Slack and Teams', () => {
  async function notifyAt(webhook: string, notification = held): Promise<Record<string, unknown>> {
    const { url, received } = await receive(200);
    // The name of the host chooses the form; the request itself goes to the loopback server.
    const toLoopback: typeof fetch = (_input, init) => fetch(url, init);
    await createNotifier({ webhooks: [webhook], logger: collectLogs().logger, baseUrl, fetch: toLoopback }).notify(
      notification,
    );
    return JSON.parse(received[0]?.body ?? '') as Record<string, unknown>;
  }

  test('Slack gets blocks, a plain text for notifications, and a button', async () => {
    const message = await notifyAt('https://hooks.slack.com/services/T0/B0/x');

    expect(message).toEqual({
      text: 'A part of a plan is not applied: hooks',
      blocks: [
        { type: 'header', text: { type: 'plain_text', text: 'A part of a plan is not applied: hooks' } },
        { type: 'section', text: { type: 'mrkdwn', verbatim: true, text: held.message } },
        {
          type: 'actions',
          elements: [
            {
              type: 'button',
              text: { type: 'plain_text', text: 'Review the plan' },
              url: `${baseUrl}/api/approve#target=hooks&plan=9f86d081`,
            },
            {
              type: 'button',
              text: { type: 'plain_text', text: 'What to do' },
              url: `${baseUrl}/api/runbook#approve-a-plan-that-waits`,
            },
          ],
        },
      ],
    });
  });

  test('text from elsewhere cannot become a link or a mention in Slack', async () => {
    const message = await notifyAt('https://hooks.slack.com/services/T0/B0/x', {
      ...held,
      message: '<!channel> <https://example.com|click> & more',
    });

    expect(JSON.stringify(message)).toContain('&lt;!channel&gt; &lt;https://example.com|click&gt; &amp; more');
  });

  test.each(['y', '&', 'y<'])('a very long message of "%s" stays within what Slack takes', async (text) => {
    const message = await notifyAt('https://hooks.slack.com/services/T0/B0/x', {
      ...held,
      subject: 'x'.repeat(300),
      message: text.repeat(10_000),
    });

    const { blocks } = message as { blocks: { text?: { text: string } }[] };
    expect(blocks[0]?.text?.text.length).toBeLessThanOrEqual(150);
    expect(blocks[1]?.text?.text.length).toBeLessThanOrEqual(3000);
    expect(blocks[1]?.text?.text.replaceAll(/&(amp|lt|gt);/g, '')).not.toContain('&');
  });

  test.each([
    'https://contoso.webhook.office.com/webhookb2/x',
    'https://prod-12.westeurope.logic.azure.com:443/workflows/x?sig=y',
    'https://default0.12.environment.api.powerplatform.com/powerautomate/x?sig=y',
  ])('%s gets an Adaptive Card', async (webhook) => {
    const message = await notifyAt(webhook, { ...held, message: '[click](https://example.com) *now*' });

    expect(message).toMatchObject({
      type: 'message',
      attachments: [
        {
          contentType: 'application/vnd.microsoft.card.adaptive',
          content: {
            type: 'AdaptiveCard',
            version: '1.4',
            body: [
              { text: 'A part of a plan is not applied' },
              { facts: [{ title: 'Subject', value: 'hooks' }] },
              { text: String.raw`\[click\](https://example.com) \*now\*` },
            ],
            actions: [
              { type: 'Action.OpenUrl', url: `${baseUrl}/api/approve#target=hooks&plan=9f86d081` },
              { type: 'Action.OpenUrl', title: 'What to do', url: `${baseUrl}/api/runbook#approve-a-plan-that-waits` },
            ],
          },
        },
      ],
    });
  });

  test.each(['https://hooks.slack.com.example.net/x', 'https://example.net/hooks.slack.com', 'https://office.com/x'])(
    '%s is neither',
    async (webhook) => {
      expect(await notifyAt(webhook)).toMatchObject({ specversion: '1.0' });
    },
  );
});

/** Attempts follow each other at once, and no busy machine is too slow for them. */
const patient = { timeoutInMs: 600_000, retryDelayInMs: 1 };

describe('endpoints that fail', () => {
  test('503 and 429 are tried again, with the same id', async () => {
    const { url, received } = await receive(503, 429, 200);
    const { logger, lines } = collectLogs();

    await createNotifier({ ...patient, webhooks: [url], logger }).notify(held);

    expect(received).toHaveLength(3);
    expect(new Set(received.map(({ body }) => (JSON.parse(body) as { id: string }).id)).size).toBe(1);
    expect(lines).toEqual([]);
  });

  test.each([400, 404, 410])('%d is final', async (status) => {
    const { url, received } = await receive(status);
    const { logger, lines } = collectLogs();

    await createNotifier({ webhooks: [url], logger }).notify(held);

    expect(received).toHaveLength(1);
    expect(lines).toEqual([expect.stringContaining(`answered ${status}`)]);
  });

  test('a redirect is not followed', async () => {
    const { url, received } = await receive(302);
    const { logger, lines } = collectLogs();

    await createNotifier({ webhooks: [url], logger }).notify(held);

    expect(received.map(({ path }) => path)).toEqual(['/hook/top-secret?sig=abc123']);
    expect(lines).toEqual([expect.stringContaining('answered 302')]);
  });

  test('one that never answers is given up when the ten seconds for all attempts are over; the others get theirs', async () => {
    const over = new AbortController();
    const silent = await listen(() => over.abort());
    const { url, received } = await receive(200);
    const { logger, lines } = collectLogs();
    const limits: number[] = [];
    const deadline = (inMs: number) => {
      limits.push(inMs);
      return limits.length === 1 ? over.signal : new AbortController().signal;
    };

    await createNotifier({ webhooks: [`${silent}/hook`, url], logger, deadline }).notify(held);

    expect(limits).toEqual([10_000, 10_000]);
    expect(received).toHaveLength(1);
    expect(lines).toEqual([expect.stringContaining('"webhook":1')]);
  });

  test('the time for all attempts ends one that waits for its next attempt, too', async () => {
    const over = new AbortController();
    let count = 0;
    const url = await listen((_, response) => {
      count += 1;
      response.writeHead(503).end(() => over.abort());
    });
    const { logger, lines } = collectLogs();
    const hour = 3_600_000;

    const notifier = createNotifier({
      webhooks: [url],
      logger,
      timeoutInMs: 10 * hour,
      retryDelayInMs: hour,
      deadline: () => over.signal,
    });
    await notifier.notify(held);

    expect(count).toBe(1);
    expect(lines).toHaveLength(1);
  });

  test('by default the time for all attempts is measured by the clock', async () => {
    const silent = await listen(() => undefined);
    const { logger, lines } = collectLogs();

    await createNotifier({ webhooks: [`${silent}/hook`], logger, timeoutInMs: 20 }).notify(held);

    expect(lines).toEqual([expect.stringContaining('timeout')]);
  });

  test('one that refuses every time is given up, and is then asked once only', async () => {
    const { url, received } = await receive(500);
    const { logger } = collectLogs();
    const now = () => new Date('2026-09-14T12:00:00Z');
    const notifier = createNotifier({ ...patient, webhooks: [url], logger, attempts: 3, now });

    await notifier.notify(held);
    const before = received.length;
    await notifier.notify(held);

    expect(before).toBe(3);
    expect(received.length - before).toBe(1);
  });

  test('the log names the host and the number of the webhook, never its path or query', async () => {
    const { url } = await receive(400);
    const { logger, lines } = collectLogs();

    await createNotifier({ webhooks: [url, 'http://127.0.0.1:1/hook/top-secret?sig=abc123'], logger }).notify(held);

    expect(lines).toHaveLength(2);
    for (const line of lines) {
      expect(line).toContain('"host":"127.0.0.1:');
      expect(line).not.toMatch(/top-secret|abc123/);
    }
    expect(lines.join()).toContain('"webhook":2');
  });

  test('a URL that fetch cannot parse is not quoted', async () => {
    const { logger, lines } = collectLogs();

    await createNotifier({ webhooks: ['https://exa mple/top-secret'], logger }).notify(held);

    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toContain('top-secret');
  });

  test('without a webhook nothing happens', async () => {
    const { logger, lines } = collectLogs();

    await createNotifier({ webhooks: [], logger }).notify(held);

    expect(lines).toEqual([]);
  });
});

describe('what a webhook answers', () => {
  /** Answers with these in turn, the last one for ever. */
  async function answering(
    ...answers: readonly (readonly [number, string])[]
  ): Promise<{ url: string; count: () => number }> {
    let count = 0;
    const origin = await listen((request, response) => {
      request.resume().on('end', () => {
        const [status, body] = answers[Math.min(count, answers.length - 1)] ?? [200, ''];
        count += 1;
        response.writeHead(status, status >= 300 && status < 400 ? { location: '/elsewhere' } : {}).end(body);
      });
    });
    return { url: `${origin}/hook`, count: () => count };
  }

  function memory() {
    const kept = new Map<string, DeliveryStatus>();
    const deliveries: DeliveryStore = {
      read: (webhook) => Promise.resolve(kept.get(webhook)),
      put: (webhook, status) => Promise.resolve(void kept.set(webhook, status)),
    };
    return { kept, deliveries };
  }

  const teams = 'Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429';
  const quick = { ...patient, attempts: 3, cooldownInMs: 0 };

  test.each([
    ['401', [401, ''], 1],
    ['403', [403, ''], 1],
    ['404', [404, 'no_service'], 1],
    ['410', [410, 'channel_is_archived'], 1],
    ['301', [301, ''], 1],
    ['302', [302, ''], 1],
    ['308', [308, ''], 1],
    ['429', [429, ''], 3],
    ['500', [500, ''], 3],
    ['200, Teams failed for now', [200, teams], 3],
    ['200, Teams failed for good', [200, teams.replace('429', '404')], 1],
    ['200, Slack refused', [200, '{"ok":false,"error":"channel_not_found"}'], 3],
    ['200, an error code', [200, '{"errcode":40008,"errmsg":"invalid message type"}'], 3],
    ['200, a word of Slack', [200, 'invalid_token'], 3],
    ['200, an error object', [200, '{"error":{"code":"x","message":"No."}}'], 3],
    ['200, a status of failed', [200, '{"status":"Failed"}'], 3],
  ] as const)('%s: not delivered, kept, counted; the others go on', async (_, answer, tries) => {
    const bad = await answering(answer);
    const good = await answering([200, '1']);
    const { logger, lines } = collectLogs();
    const { kept, deliveries } = memory();
    const failures: string[] = [];
    const notifier = createNotifier({
      ...quick,
      webhooks: [bad.url, good.url],
      logger,
      deliveries,
      onFailure: (host) => void failures.push(host),
      now: () => new Date('2026-09-14T12:00:00Z'),
    });

    await notifier.notify(held);
    await notifier.notify(held);

    expect(bad.count()).toBe(2 * tries);
    expect(good.count()).toBe(2);
    expect(lines).toHaveLength(2);
    expect(failures).toHaveLength(2);
    expect(kept.get(bad.url)).toMatchObject({
      failingSince: '2026-09-14T12:00:00.000Z',
      error: expect.stringMatching(/^answered /),
    });
    expect(kept.get(good.url)?.failingSince).toBeUndefined();
  });

  test.each([
    ['202, nothing', [202, '']],
    ['200, ok', [200, 'ok']],
    ['200, 1', [200, '1']],
    ['200, a page', [200, '<html>Thanks</html>']],
    ['200, JSON without an error', [200, '{"ok":true,"error":null,"errors":[]}']],
    ['200, the error code of success', [200, '{"errcode":0,"errmsg":"ok","error":0}']],
    ['200, a text about failures', [200, 'Received: plan.held, 3 failed checks']],
  ] as const)('%s: delivered', async (_, answer) => {
    const { url, count } = await answering(answer);
    const { logger, lines } = collectLogs();

    await createNotifier({ ...quick, webhooks: [url], logger }).notify(held);

    expect(lines).toEqual([]);
    expect(count()).toBe(1);
  });

  test('one that failed is well again with the next that it takes, in another process too', async () => {
    const { url } = await answering([403, ''], [200, '']);
    const { logger } = collectLogs();
    const { kept, deliveries } = memory();

    await createNotifier({ ...quick, webhooks: [url], logger, deliveries }).notify(held);
    expect(kept.get(url)?.failingSince).toBeDefined();
    await createNotifier({ ...quick, webhooks: [url], logger, deliveries }).notify(held);

    expect(kept.get(url)?.failingSince).toBeUndefined();
  });

  test('a store that fails holds nobody up', async () => {
    const { url, count } = await answering([200, '']);
    const { logger, lines } = collectLogs();
    const fail = () => Promise.reject(new Error('storage is away'));

    await createNotifier({ ...quick, webhooks: [url], logger, deliveries: { read: fail, put: fail } }).notify(held);

    expect(count()).toBe(1);
    expect(lines).toHaveLength(1);
  });
});
