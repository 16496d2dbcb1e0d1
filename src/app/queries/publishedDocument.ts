/** A snapshot's document in the shape of Microsoft's weekly file, for programs that read that file. */
import type { ServiceTag, ServiceTagsDocument } from '../../core/serviceTags/serviceTags.ts';

export function toPublishedDocument({ changeNumber, cloud, values }: ServiceTagsDocument) {
  return { changeNumber, cloud, values: values.map(toPublishedTag) };
}

function toPublishedTag({ name, ...tag }: ServiceTag) {
  const { changeNumber, region, regionId, platform, systemService, addressPrefixes, networkFeatures } = tag;
  return {
    name,
    id: name,
    properties: {
      changeNumber,
      region,
      ...(regionId !== undefined && { regionId }),
      ...(platform !== undefined && { platform }),
      systemService,
      addressPrefixes,
      ...(networkFeatures !== undefined && { networkFeatures }),
    },
  };
}
