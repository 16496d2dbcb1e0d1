/** Caches the bytes of answers in each coding, with their ETags, as long as the snapshot that they show or the process. */
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { strongEtag } from '../../core/etag.ts';
import type { Snapshot } from '../../core/serviceTags/snapshot.ts';
import type { Answer } from './route.ts';
import type { Coding } from './negotiate.ts';

/** Bytes. A smaller answer is not worth compressing. */
const smallestCoded = 1024;
const maxKeptEntries = 64;
const maxKeptBytes = 48 * 1024 * 1024;

const gzipAsync = promisify(gzip);
const brotliAsync = promisify(brotliCompress);

export interface CodedBytes {
  readonly bytes: Uint8Array;
  readonly coding: Coding;
  readonly etag: string;
}

export class Representation {
  readonly size: number;
  readonly #identity: Uint8Array;
  readonly #coded = new Map<Coding, CodedBytes | Promise<CodedBytes>>();

  constructor(body: string | Uint8Array) {
    this.#identity = typeof body === 'string' ? Buffer.from(body) : body;
    this.size = this.#identity.byteLength;
  }

  /** In the negotiated coding, or uncompressed if the answer is small and the client accepts that. */
  coded({ coding, acceptsIdentity }: AcceptedCoding): CodedBytes | Promise<CodedBytes> {
    const chosen = this.size < smallestCoded && acceptsIdentity ? 'identity' : coding;
    let known = this.#coded.get(chosen);
    if (!known) {
      known = this.#encode(chosen);
      this.#coded.set(chosen, known);
    }
    return known;
  }

  #encode(coding: Coding): CodedBytes | Promise<CodedBytes> {
    const etag = strongEtag(this.#identity, coding);
    if (coding === 'identity') return { bytes: this.#identity, coding, etag };
    const coded = coding === 'gzip' ? gzipAsync(this.#identity) : brotliAsync(this.#identity, brotliOptions);
    return coded.then((bytes) => ({ bytes, coding, etag }));
  }
}

/** Level 5 of 11: nearly as small as the best, for a tenth of the time. */
const brotliOptions = { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } };

class RepresentationCache {
  readonly #entries = new Map<string, Representation>();
  /** Requests for the same answer at the same time share one rendering. */
  readonly #rendering = new Map<string, Promise<Representation>>();
  #bytes = 0;

  get(key: string, answer: Answer): Representation | Promise<Representation> {
    const known = this.#entries.get(key) ?? this.#rendering.get(key);
    if (known) return known;
    const made = make(answer);
    if (!('then' in made)) return this.#keep(key, made);
    const rendering = made.then((done) => this.#keep(key, done)).finally(() => this.#rendering.delete(key));
    this.#rendering.set(key, rendering);
    return rendering;
  }

  #keep(key: string, made: Representation): Representation {
    this.#entries.set(key, made);
    this.#bytes += made.size;
    for (const [oldest, { size }] of this.#entries) {
      if (this.#entries.size <= maxKeptEntries && this.#bytes <= maxKeptBytes) break;
      this.#entries.delete(oldest);
      this.#bytes -= size;
    }
    return made;
  }
}

// Weak: the representations of a snapshot are freed together with it.
const cachesBySnapshot = new WeakMap<Snapshot, RepresentationCache>();
/** Pages and the description of the API change only with a deployment. They need no key, so anybody may ask for them. */
const deploymentCache = new RepresentationCache();

export interface AcceptedCoding {
  readonly coding: Coding;
  readonly acceptsIdentity: boolean;
}

/** Most answers need no waiting, so there is a promise only for those that do. */
export function codedBytesOf(answer: Answer, accepted: AcceptedCoding): CodedBytes | Promise<CodedBytes> {
  const representation = representationOf(answer);
  if ('then' in representation) return representation.then((made) => made.coded(accepted));
  return representation.coded(accepted);
}

function representationOf(answer: Answer): Representation | Promise<Representation> {
  if (answer.key === undefined) return make(answer);
  if (!answer.view) return deploymentCache.get(answer.key, answer);
  let cache = cachesBySnapshot.get(answer.view.snapshot);
  if (!cache) {
    cache = new RepresentationCache();
    cachesBySnapshot.set(answer.view.snapshot, cache);
  }
  return cache.get(answer.key, answer);
}

function make(answer: Answer): Representation | Promise<Representation> {
  const body = answer.render();
  if (typeof body !== 'string' && 'then' in body) return body.then((rendered) => new Representation(rendered));
  return new Representation(body);
}
