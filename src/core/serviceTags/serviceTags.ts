/** The service tags document: Microsoft's weekly file, or the answer of the Service Tag Discovery API, made canonical. */

export const clouds = ['Public', 'AzureGovernment', 'China'] as const;
export type Cloud = (typeof clouds)[number];

export const defaultServiceTag = 'AzureContainerRegistry';

export interface ServiceTag {
  /** `AzureContainerRegistry` or, for one region, `AzureContainerRegistry.WestEurope`. */
  readonly name: string;
  /** As the document says it; a legacy code for 12 regions, so never matched against: the name's suffix is. */
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

/** Something of the input that was mended or left out; the document stands without it. */
export interface DocumentWarning {
  readonly kind: 'unreadable' | 'duplicate' | 'hostBits' | 'duplicateTag' | 'futureDate' | 'badName' | 'tooLarge';
  /** Empty where it is about the document as a whole. */
  readonly tag: string;
  readonly prefix: string;
  readonly message: string;
  /** Of `futureDate`: the day that the file's name says, `YYYY-MM-DD`. */
  readonly day?: string;
  /** Of `futureDate`: what that file said. */
  readonly contentHash?: string;
}

/** One document as one source gave it. */
export interface ServiceTagsDownload {
  readonly source: string;
  /** `YYYY-MM-DD` from the file's name; undefined where the source has no date (API, a JSON URL). */
  readonly date: string | undefined;
  /** Where it really came from: URL or path. */
  readonly origin: string;
  readonly document: ServiceTagsDocument;
  readonly warnings: readonly DocumentWarning[];
}
