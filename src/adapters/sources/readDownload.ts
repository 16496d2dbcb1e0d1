import { SourceError, toErrorMessage } from '../../core/errors.ts';
import { parseServiceTagsText } from '../../core/serviceTags/parseServiceTags.ts';
import type { ParsedServiceTags } from '../../core/serviceTags/rawDocument.ts';
import type { Cloud, ServiceTagsDownload } from '../../core/serviceTags/serviceTags.ts';
import { withoutSecrets } from '../../core/urls.ts';
import { fetchText, type FetchOptions } from './fetchText.ts';
import { dateOfFileName, fileNameOf } from './weeklyFileName.ts';

/** Downloads one document. Its date is in the file name of the URL, after or before redirects. Throws SourceError. */
export async function readDownload(
  source: string,
  url: string,
  cloud: Cloud,
  options: FetchOptions,
): Promise<ServiceTagsDownload> {
  const fetched = await fetchText(source, url, 'application/json', options);
  const origin = withoutSecrets(fetched.url.href);
  const { document, warnings } = parseFrom(source, origin, () => parseServiceTagsText(fetched.text, cloud));
  const date = dateOfFileName(fileNameOf(fetched.url), cloud) ?? dateOfFileName(fileNameOf(new URL(url)), cloud);
  return { source, date, origin, document, warnings };
}

/** Runs `parse` and adds to an error where the document came from. Throws SourceError. */
export function parseFrom(source: string, origin: string, parse: () => ParsedServiceTags): ParsedServiceTags {
  try {
    return parse();
  } catch (cause) {
    throw new SourceError(source, `${origin}: ${toErrorMessage(cause)}`, { cause });
  }
}
