/** The bytes of an answer in each coding, with their ETags; kept as long as the snapshot, or the process, that they show. */
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { strongEtag } from '../../core/etag.ts';
import type { Snapshot } from '../../core/serviceTags/snapshot.ts';
import type { Answer } from './route.ts';
import type { Coding } from './negotiate.ts';

/** Less is not worth a coding. */
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

  /** In the coding that was negotiated, or plain where coding it saves nothing and plain is acceptable. */
  coded(coding: Coding, acceptsIdentity: boolean): CodedBytes | Promise<CodedBytes> {
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

class Shelf {
  readonly #entries = new Map<string, Representation>();
  /** Many who ask for the same at once share one. */
  readonly #making = new Map<string, Promise<Representation>>();
  #bytes = 0;

  get(key: string, answer: Answer): Representation | Promise<Representation> {
    const known = this.#entries.get(key) ?? this.#making.get(key);
    if (known) return known;
    const made = make(answer);
    if (!('then' in made)) return this.#keep(key, made);
    const making = made.then((done) => this.#keep(key, done)).finally(() => this.#making.delete(key));
    this.#making.set(key, making);
    return making;
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

// A snapshot that nobody holds any more takes its representations with it.
const shelves = new WeakMap<Snapshot, Shelf>();
/** Pages and descriptions: they change with a deployment only, and strangers may ask for them. */
const deployed = new Shelf();

/** Nothing waits for what is there at once: most answers are. */
export function representationOf(answer: Answer): Representation | Promise<Representation> {
  if (answer.key === undefined) return make(answer);
  if (!answer.view) return deployed.get(answer.key, answer);
  let shelf = shelves.get(answer.view.snapshot);
  if (!shelf) {
    shelf = new Shelf();
    shelves.set(answer.view.snapshot, shelf);
  }
  return shelf.get(answer.key, answer);
}

function make(answer: Answer): Representation | Promise<Representation> {
  const body = answer.render();
  if (typeof body !== 'string' && 'then' in body) return body.then((rendered) => new Representation(rendered));
  return new Representation(body);
}
