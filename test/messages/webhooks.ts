/** Sends a notification to one webhook of each format, and reads what a person sees there. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createNotifier } from '../../src/adapters/notifications.ts';
import type { Notification } from '../../src/app/ports.ts';
import { readBody } from '../support/readBody.ts';

export interface Form {
  readonly format: 'slack' | 'teams' | 'cloudEvents';
  readonly title: string;
  readonly text: string;
  /** In the order in which they are shown. */
  readonly links: readonly string[];
}

export interface Webhooks {
  /** Of the app. */
  readonly baseUrl: string;
  deliver(notification: Notification): Promise<readonly Form[]>;
  stop(): Promise<void>;
}

const readers: Readonly<Record<Form['format'], { readonly url: string; readonly read: (body: string) => Form }>> = {
  slack: { url: 'https://hooks.slack.com/services/T0/B0/x', read: readSlack },
  teams: { url: 'https://contoso.webhook.office.com/webhookb2/x', read: readTeams },
  cloudEvents: { url: 'https://events.contoso.com/hook', read: readCloudEvent },
};
const formats = ['slack', 'teams', 'cloudEvents'] as const;

export async function startWebhooks(): Promise<Webhooks> {
  const bodies = new Map<string, string>();
  const server = createServer((request, response) => {
    void readBody(request).then((body) => {
      bodies.set(request.url ?? '', body.toString());
      response.writeHead(200).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const baseUrl = 'https://func-test.azurewebsites.net';
  // The format depends on the host, so all that is changed is where the request goes.
  const toLoopback: typeof fetch = (url, init) => fetch(`${origin}/${new URL(url as string).host}`, init);
  const failures: unknown[] = [];
  const warn = (...line: unknown[]): void => void failures.push(line);
  const logger = { info: () => undefined, warn, error: warn };
  const webhooks = formats.map((format) => readers[format].url);
  const notifier = createNotifier({ webhooks, logger, baseUrl, fetch: toLoopback });
  return {
    baseUrl,
    async deliver(notification) {
      bodies.clear();
      await notifier.notify(notification);
      if (failures.length > 0) throw new Error(JSON.stringify(failures));
      return formats.map((format) => {
        const { url, read } = readers[format];
        return read(bodies.get(`/${new URL(url).host}`) ?? '');
      });
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface SlackMessage {
  readonly blocks: readonly [
    { readonly text: { readonly text: string } },
    { readonly text: { readonly text: string } },
    { readonly elements: readonly { readonly url: string }[] },
  ];
}

function readSlack(body: string): Form {
  const [header, section, actions] = (JSON.parse(body) as SlackMessage).blocks;
  const text = section.text.text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
  return { format: 'slack', title: header.text.text, text, links: actions.elements.map(({ url }) => url) };
}

interface TeamsMessage {
  readonly attachments: readonly [
    {
      readonly content: {
        readonly body: readonly [
          { readonly text: string },
          { readonly facts: readonly [{ readonly value: string }] },
          { readonly text: string },
        ];
        readonly actions: readonly { readonly url: string }[];
      };
    },
  ];
}

function readTeams(body: string): Form {
  const [{ content }] = (JSON.parse(body) as TeamsMessage).attachments;
  const [title, { facts }, message] = content.body;
  const plain = (text: string): string => text.replaceAll(/\\([\\[\]*_`~])/g, '$1');
  return {
    format: 'teams',
    title: `${title.text}: ${plain(facts[0].value)}`,
    text: plain(message.text),
    links: content.actions.map(({ url }) => url),
  };
}

interface Event {
  readonly type: string;
  readonly subject: string;
  readonly data: {
    readonly message: string;
    readonly approvalUrl?: string;
    readonly links: { readonly page: string; readonly runbook: string };
  };
}

function readCloudEvent(body: string): Form {
  const { type, subject, data } = JSON.parse(body) as Event;
  const { message, approvalUrl, links } = data;
  return {
    format: 'cloudEvents',
    title: `${type}: ${subject}`,
    text: message,
    links: [approvalUrl ?? links.page, links.runbook],
  };
}
