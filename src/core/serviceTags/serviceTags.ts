/** The service tags document: Microsoft's weekly file, or the answer of the Service Tag Discovery API, made canonical. */

export const clouds = ['Public', 'AzureGovernment', 'China'] as const;
export type Cloud = (typeof clouds)[number];

/** Numbers of Microsoft's pages with the weekly file of each cloud. */
export const downloadPageIds: Readonly<Record<Cloud, string>> = {
  Public: '56519',
  AzureGovernment: '57063',
  China: '57062',
};

export const defaultServiceTag = 'AzureContainerRegistry';

export interface ServiceTag {
  /** `AzureContainerRegistry` or, for one region, `AzureContainerRegistry.WestEurope`. */
  readonly name: string;
  /** As in the document. A legacy code for 12 regions, so regions are matched by the suffix of `name` instead. */
  readonly region: string;
  readonly systemService: string;
  /** A hint for people. Content decides. */
  readonly changeNumber: number;
  /** Canonical, sorted by address, IPv4 first, each once. */
  readonly addressPrefixes: readonly string[];
  readonly platform?: string;
  readonly regionId?: number;
  readonly networkFeatures?: readonly string[] | null;
}

export interface ServiceTagsDocument {
  readonly cloud: Cloud;
  readonly changeNumber: number;
  /** Sorted by name. */
  readonly values: readonly ServiceTag[];
}

/** Something in the input that was corrected or left out. The rest of the document is used. */
export interface DocumentWarning {
  readonly kind: 'unreadable' | 'duplicate' | 'hostBits' | 'duplicateTag' | 'futureDate' | 'badName' | 'tooLarge';
  /** Empty if the warning is about the whole document. */
  readonly tag: string;
  readonly prefix: string;
  readonly message: string;
  /** Of `futureDate`: the day in the file's name, `YYYY-MM-DD`. */
  readonly day?: string;
  /** Of `futureDate`: hash of the file's content. */
  readonly contentHash?: string;
}

/** A document as read from one source. */
export interface ServiceTagsDownload {
  readonly source: string;
  /** `YYYY-MM-DD` from the file's name; undefined if the source has no date (API, a JSON URL). */
  readonly date: string | undefined;
  /** URL or path from which it was read. */
  readonly origin: string;
  readonly document: ServiceTagsDocument;
  readonly warnings: readonly DocumentWarning[];
}
