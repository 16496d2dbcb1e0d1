/** Stores which service tags document each location serves since when. A release reaches locations at different times. */
import { isObject, isStringArray, type JsonObject } from './json.ts';

export interface ServiceTagDocument {
  readonly changeNumber: number | string;
  readonly cloud: string;
  readonly values: readonly ServiceTagEntry[];
}

export interface ServiceTagEntry {
  readonly name: string;
  readonly id: string;
  readonly properties: JsonObject;
}

interface Release {
  /** In lower case; `*` means every location. */
  readonly location: string;
  readonly at: number;
  readonly document: ServiceTagDocument;
}

export class ServiceTagsReleases {
  #releases: Release[] = [];
  readonly #names = new Set<string>();

  /** Forgets releases that no location can serve any more; otherwise a replay of years would not fit into memory. */
  add(location: string, document: ServiceTagDocument, at: number, longestLagInMs: number): void {
    const release = { location: location.toLowerCase(), at, document };
    const ofLocation = this.#releases.filter((other) => other.location === release.location);
    const oldest = ofLocation.findLast((other) => other.at + longestLagInMs <= at)?.at ?? -Infinity;
    this.#releases = [
      ...this.#releases.filter((other) => other.location !== release.location || other.at >= oldest),
      release,
    ];
    for (const { name } of document.values) this.#names.add(name.toLowerCase());
  }

  /** Returns the newest release that has reached the location, or the first one if none has. */
  find(location: string, now: number, lagInMs: number): ServiceTagDocument | undefined {
    const here = this.#releases.filter((release) => ['*', location.toLowerCase()].includes(release.location));
    return (here.findLast((release) => release.at + lagInMs <= now) ?? here[0])?.document;
  }

  /** Before the first document, every name that is spelt like a tag counts as one. */
  isTag(name: string): boolean {
    return this.#names.size > 0 ? this.#names.has(name) : isSpeltLikeTag(name);
  }
}

export function isSpeltLikeTag(name: string): boolean {
  return /^[a-z][a-z0-9]*(\.[a-z][a-z0-9]*)?$/i.test(name);
}

/** Converts an entry to the format of the API, in which numbers are strings and `state` is present. */
export function toApiEntry(entry: ServiceTagEntry, withPrefixes = true) {
  const { changeNumber, region, systemService, addressPrefixes, state } = entry.properties;
  return {
    name: entry.name,
    id: entry.id,
    serviceTagChangeNumber: String(changeNumber),
    properties: {
      changeNumber: String(changeNumber),
      region: region ?? '',
      state: state ?? 'GA',
      systemService: systemService ?? '',
      ...(withPrefixes ? { addressPrefixes: addressPrefixes ?? [] } : {}),
    },
  };
}

/** True for tags that a network security group can name: the API lists only those. */
export function isInApi(entry: ServiceTagEntry): boolean {
  const features = entry.properties.networkFeatures;
  return !isStringArray(features) || features.includes('NSG');
}

/** Throws Error unless `value` has the shape of a weekly file or of an answer of the API. */
export function requireServiceTagDocument(value: unknown): ServiceTagDocument {
  if (!isObject(value) || !Array.isArray(value.values)) {
    throw new Error('A service tags document is an object with `values`, as in the weekly file or in the API.');
  }
  const wrong = value.values.findIndex((entry) => !isObject(entry) || !isObject(entry.properties));
  if (wrong >= 0) throw new Error(`values[${wrong}] of the service tags document has no properties.`);
  return value as unknown as ServiceTagDocument;
}
