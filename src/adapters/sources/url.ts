import type { ServiceTagsSource } from '../../app/ports.ts';
import type { Cloud } from '../../core/serviceTags/serviceTags.ts';
import type { FetchOptions } from './fetchText.ts';
import { readDownload } from './readDownload.ts';

/** A service tags document behind an https URL, whose query may carry a signature: it is no part of the name. */
export function urlSource(name: string, url: string, cloud: Cloud, options: FetchOptions = {}): ServiceTagsSource {
  return { name, fetch: () => readDownload(name, url, cloud, options) };
}
