/** The bytes of an answer in each coding, with their ETags; kept as long as the snapshot, or the process, that they show. */
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { strongEtag } from '../../core/etag.ts';
import type { Snapshot } from '../../core/snapshot.ts';
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
  readonly #coded = new Map<Coding, Promise<CodedBytes>>();

  constructor(body: string | Uint8Array) {
    this.#identity = typeof body === 'string' ? Buffer.from(body) : body;
    this.size = this.#identity.byteLength;
  }

  /** In the coding that was negotiated, or plain where coding it saves nothing and plain is acceptable. */
  coded(coding: Coding, acceptsIdentity: boolean): Promise<CodedBytes> {
    const chosen = this.size < smallestCoded && acceptsIdentity ? 'identity' : coding;
    let known = this.#coded.get(chosen);
    if (!known) {
      known = this.#encode(chosen);
      this.#coded.set(chosen, known);
    }
    return known;
  }

  async #encode(coding: Coding): Promise<CodedBytes> {
    const etag = strongEtag(this.#identity, coding);
    if (coding === 'gzip') return { bytes: await gzipAsync(this.#identity), coding, etag };
    if (coding === 'br') return { bytes: await brotliAsync(this.#identity, brotliOptions), coding, etag };
    return { bytes: this.#identity, coding, etag };
  }
}

/** Level 5 of 11: nearly as small as the best, for a tenth of the time. */
const brotliOptions = { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } };

class Shelf {
  readonly #entries = new Map<string, Promise<Representation>>();
  #bytes = 0;

  get(key: string, make: () => Promise<Representation>): Promise<Representation> {
    const known = this.#entries.get(key);
    if (known) return known;
    const making = make();
    this.#entries.set(key, making);
    making.then(
      (made) => {
        this.#bytes += made.size;
        void this.#trim();
      },
      () => this.#entries.delete(key),
    );
    return making;
  }

  async #trim(): Promise<void> {
    for (const [key, entry] of this.#entries) {
      if (this.#entries.size <= maxKeptEntries && this.#bytes <= maxKeptBytes) return;
      this.#entries.delete(key);
      this.#bytes -= (await entry).size;
    }
  }
}

// A snapshot that nobody holds any more takes its representations with it.
const shelves = new WeakMap<Snapshot, Shelf>();
/** Pages and descriptions: they change with a deployment only, and strangers may ask for them. */
const deployed = new Shelf();

export async function representationOf(answer: Answer): Promise<Representation> {
  const make = async (): Promise<Representation> => new Representation(await answer.render());
  if (answer.key === undefined) return make();
  if (!answer.view) return deployed.get(answer.key, make);
  let shelf = shelves.get(answer.view.snapshot);
  if (!shelf) {
    shelf = new Shelf();
    shelves.set(answer.view.snapshot, shelf);
  }
  return shelf.get(answer.key, make);
}
