/** The snapshot that holds now, kept in memory: one conditional read of the pointer at most every 30 seconds. */
import { RequestError } from '../../core/errors.ts';
import type { Cloud } from '../../core/serviceTags/serviceTags.ts';
import type { Snapshot } from '../../core/serviceTags/snapshot.ts';
import type { Clock, SnapshotStore } from '../ports.ts';
import { readStorage, StorageReadError } from './storage.ts';

/** A snapshot as an answer uses it. */
export interface SnapshotView {
  readonly snapshot: Snapshot;
  /** ISO time since when an answer from it can be the same. */
  readonly since: string;
  /** Seconds since it was last known to be current; set where storage cannot be asked now. */
  readonly staleForInSeconds?: number;
}

interface Known {
  readonly snapshot: Snapshot;
  readonly since: string;
  readonly etag: string;
  /** Time of the last read that succeeded. */
  readonly confirmedAt: number;
}

const recheckInMs = 30_000;
/** With nothing to serve, storage is asked again sooner. */
const retryEmptyInMs = 5_000;

export class CurrentSnapshot {
  readonly #store: Pick<SnapshotStore, 'readPointer' | 'get'>;
  readonly #cloud: Cloud;
  readonly #clock: Pick<Clock, 'now'>;
  #known: Known | undefined;
  #failure: unknown;
  #nextCheckAt = 0;
  /** What every request is given until the next check, unless it is stale and so ages. */
  #view: Promise<SnapshotView> | undefined;
  #inFlight: Promise<void> | undefined;
  #expiries = 0;

  constructor(store: Pick<SnapshotStore, 'readPointer' | 'get'>, cloud: Cloud, clock: Pick<Clock, 'now'>) {
    this.#store = store;
    this.#cloud = cloud;
    this.#clock = clock;
  }

  /** Throws RequestError 503 where no snapshot is known. */
  get(): Promise<SnapshotView> {
    const isFresh = this.#clock.now().getTime() < this.#nextCheckAt;
    return isFresh && this.#view ? this.#view : this.#checkAndView();
  }

  /** For who knows that another one may be current now: a pull of this process. */
  expire(): void {
    this.#nextCheckAt = 0;
    this.#expiries += 1;
  }

  async #checkAndView(): Promise<SnapshotView> {
    while (this.#clock.now().getTime() >= this.#nextCheckAt) await this.#refreshOnce();
    const known = this.#known;
    if (!known) throw this.#failure instanceof RequestError ? this.#failure : noSnapshotYet();
    const { snapshot, since } = known;
    if (this.#failure === undefined) return { snapshot, since };
    const staleForInSeconds = Math.max(0, Math.floor((this.#clock.now().getTime() - known.confirmedAt) / 1000));
    return { snapshot, since, staleForInSeconds };
  }

  /** Many requests at once share one read. */
  async #refreshOnce(): Promise<void> {
    this.#inFlight ??= this.#refresh().finally(() => {
      this.#inFlight = undefined;
    });
    return this.#inFlight;
  }

  async #refresh(): Promise<void> {
    const expiries = this.#expiries;
    try {
      this.#known = await this.#read();
      this.#failure = undefined;
    } catch (error) {
      this.#failure = error;
    }
    const known = this.#known;
    this.#view =
      known && this.#failure === undefined
        ? Promise.resolve({ snapshot: known.snapshot, since: known.since })
        : undefined;
    // What expired while it was read may have been read too early.
    if (expiries !== this.#expiries) return;
    this.#nextCheckAt = this.#clock.now().getTime() + (this.#known ? recheckInMs : retryEmptyInMs);
  }

  async #read(): Promise<Known | undefined> {
    const known = this.#known;
    const answer = await readStorage('the pointer to the current snapshot', () =>
      this.#store.readPointer(this.#cloud, known?.etag),
    );
    const confirmedAt = this.#clock.now().getTime();
    if (answer === 'notModified') return known && { ...known, confirmedAt };
    if (answer === undefined) {
      // A pointer that was there and is gone is an accident: what it said last still stands.
      if (known) throw new StorageReadError('the pointer to the current snapshot', new Error('it is gone'));
      return undefined;
    }
    const { pointer, etag } = answer;
    const snapshot = await readStorage('the current snapshot', () => this.#store.get(this.#cloud, pointer.snapshot));
    if (!snapshot) throw new StorageReadError('the current snapshot', new Error(`${pointer.snapshot} is not there`));
    return { snapshot, since: pointer.since, etag, confirmedAt };
  }
}

function noSnapshotYet(): RequestError {
  return new RequestError(
    503,
    'no-snapshot',
    'no service tags have been pulled yet; the first pull makes the first snapshot',
    { retryAfterInSeconds: 60 },
  );
}
