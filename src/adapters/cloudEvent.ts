/**
 * CloudEvents 1.0 in structured mode; imported on first use only.
 * The library is CommonJS: bundled, its names can be imported by a static import alone.
 */
import { CloudEvent, HTTP } from 'cloudevents';

export interface EventContent {
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly subject: string;
  /** ISO. */
  readonly time: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export function toCloudEventMessage(content: EventContent): { readonly contentType: string; readonly body: string } {
  const event = new CloudEvent({ ...content, datacontenttype: 'application/json' });
  const { headers, body } = HTTP.structured(event);
  return { contentType: String(headers['content-type']), body: String(body) };
}
