import type { ServiceTagsSource } from '../../app/ports.ts';
import type { Cloud } from '../../core/serviceTags/serviceTags.ts';
import type { FetchOptions } from './fetchText.ts';
import { readDownload } from './readDownload.ts';

/** Reads a service tags document from an https URL. `name` is without the query, which may contain a signature. */
export function urlSource(name: string, url: string, cloud: Cloud, options: FetchOptions = {}): ServiceTagsSource {
  return { name, fetch: () => readDownload(name, url, cloud, options) };
}
