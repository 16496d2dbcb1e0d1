/** The snapshot that holds now, kept in memory: one conditional read of the pointer at most every 30 seconds. */
import { RequestError } from '../../core/errors.ts';
import type { Cloud } from '../../core/serviceTags/serviceTags.ts';
import { isOldList, releaseDay } from '../../core/serviceTags/listAge.ts';
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
  /** The current list, where the newest release that says it is more than three weeks old. */
  readonly isOld?: boolean;
}

interface Known {
  readonly snapshot: Snapshot;
  readonly since: string;
  readonly isOld: boolean;
  readonly etag: string;
  /** Time of the last read that succeeded. */
  readonly confirmedAt: number;
}

const recheckInMs = 30_000;
/** With nothing to serve, storage is asked again sooner. */
const retryEmptyInMs = 5_000;

type Store = Pick<SnapshotStore, 'readPointer' | 'get' | 'readPullStatus'>;

export class CurrentSnapshot {
  readonly #store: Store;
  readonly #cloud: Cloud;
  readonly #clock: Pick<Clock, 'now'>;
  #known: Known | undefined;
  #failure: unknown;
  #nextCheckAt = 0;
  /** What every request is given until the next check, unless it is stale and so ages. */
  #view: Promise<SnapshotView> | undefined;
  #inFlight: Promise<void> | undefined;
  #expiries = 0;

  constructor(store: Store, cloud: Cloud, clock: Pick<Clock, 'now'>) {
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
    if (this.#failure === undefined) return toView(known);
    const staleForInSeconds = Math.max(0, Math.floor((this.#clock.now().getTime() - known.confirmedAt) / 1000));
    return { ...toView(known), staleForInSeconds };
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
    this.#view = known && this.#failure === undefined ? Promise.resolve(toView(known)) : undefined;
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
    if (answer === 'notModified') {
      return known && { ...known, confirmedAt, isOld: await this.#isOld(known.snapshot) };
    }
    if (answer === undefined) {
      // A pointer that was there and is gone is an accident: what it said last still stands.
      if (known) throw new StorageReadError('the pointer to the current snapshot', new Error('it is gone'));
      return undefined;
    }
    const { pointer, etag } = answer;
    const snapshot = await readStorage('the current snapshot', () => this.#store.get(this.#cloud, pointer.snapshot));
    if (!snapshot) throw new StorageReadError('the current snapshot', new Error(`${pointer.snapshot} is not there`));
    return { snapshot, since: pointer.since, etag, confirmedAt, isOld: await this.#isOld(snapshot) };
  }

  /** A newer release with the same content leaves the pointer as it is: only the status of the pulls knows of it. */
  async #isOld(snapshot: Snapshot): Promise<boolean> {
    const now = this.#clock.now();
    if (!isOldList(snapshot.date, now)) return false;
    const status = await this.#store.readPullStatus(this.#cloud).catch(() => undefined);
    return isOldList(releaseDay(snapshot, status?.publication), now);
  }
}

function toView({ snapshot, since, isOld }: Known): SnapshotView {
  return { snapshot, since, ...(isOld && { isOld }) };
}

function noSnapshotYet(): RequestError {
  return new RequestError(
    503,
    'no-snapshot',
    'no service tags have been pulled yet; the first pull makes the first snapshot',
    { retryAfterInSeconds: 60 },
  );
}
