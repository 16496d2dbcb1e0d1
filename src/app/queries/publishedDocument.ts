/** A snapshot's document in the shape of Microsoft's weekly file, for programs that read that file. */
import type { ServiceTag, ServiceTagsDocument } from '../../core/serviceTags/serviceTags.ts';

export interface PublishedDocument {
  readonly changeNumber: number;
  readonly cloud: string;
  readonly values: readonly PublishedTag[];
}

export interface PublishedTag {
  readonly name: string;
  readonly id: string;
  readonly properties: Omit<ServiceTag, 'name'>;
}

export function toPublishedDocument({ changeNumber, cloud, values }: ServiceTagsDocument): PublishedDocument {
  return { changeNumber, cloud, values: values.map(toPublishedTag) };
}

function toPublishedTag({ name, ...tag }: ServiceTag): PublishedTag {
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
