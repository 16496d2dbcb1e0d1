import type { ServiceTagsSource } from '../../app/ports.ts';
import type { Cloud } from '../../core/serviceTags/serviceTags.ts';
import type { FetchOptions } from './fetchText.ts';
import { readDownload } from './readDownload.ts';
import { withoutSecrets } from './urls.ts';

/** A service tags document behind an https URL. Its name leaves out the query, which may carry a signature. */
export function urlSource(url: string, cloud: Cloud, options: FetchOptions = {}): ServiceTagsSource {
  const name = withoutSecrets(url);
  return { name, fetch: () => readDownload(name, url, cloud, options) };
}
