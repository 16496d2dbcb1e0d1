/** A CloudEvent 1.0 in structured mode: the whole event is the body of the message. */
export interface EventContent {
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly subject: string;
  /** ISO time. */
  readonly time: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export function toCloudEventMessage(content: EventContent): { readonly contentType: string; readonly body: string } {
  return {
    contentType: 'application/cloudevents+json; charset=utf-8',
    body: JSON.stringify({ specversion: '1.0', datacontenttype: 'application/json', ...content }),
  };
}
