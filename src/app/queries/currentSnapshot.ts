/** Keeps the current snapshot in memory: reads the pointer at most every 30 seconds, with `If-None-Match`. */
import { RequestError } from '../../core/errors.ts';
import type { Cloud } from '../../core/serviceTags/serviceTags.ts';
import { isOldList, releaseDay } from '../../core/serviceTags/listAge.ts';
import type { Snapshot } from '../../core/serviceTags/snapshot.ts';
import type { Clock, SnapshotStore } from '../ports.ts';
import { readStorage, StorageReadError } from './storage.ts';

/** A snapshot, and what an answer says of its age. */
export interface SnapshotView {
  readonly snapshot: Snapshot;
  /** ISO time since when the snapshot has been current, sent as `Last-Modified`. */
  readonly since: string;
  /** Seconds since the snapshot was last confirmed as current. Set only while storage cannot be read. */
  readonly staleForInSeconds?: number;
  /** True for the current snapshot if the newest release with this content is more than three weeks old. */
  readonly isOld?: boolean;
}

interface Known {
  readonly snapshot: Snapshot;
  readonly since: string;
  readonly isOld: boolean;
  readonly etag: string;
  /** Unix time in ms of the last read that succeeded. */
  readonly confirmedAt: number;
}

const recheckInMs = 30_000;
/** Shorter, because there is no snapshot to serve yet. */
const retryEmptyInMs = 5_000;

type Store = Pick<SnapshotStore, 'readPointer' | 'get' | 'readPullStatus'>;

export class CurrentSnapshot {
  readonly #store: Store;
  readonly #cloud: Cloud;
  readonly #clock: Pick<Clock, 'now'>;
  #known: Known | undefined;
  #failure: unknown;
  #nextCheckAt = 0;
  /** Served until the next check. Undefined while storage cannot be read: then each answer has another age. */
  #view: Promise<SnapshotView> | undefined;
  #inFlight: Promise<void> | undefined;
  #expiries = 0;

  constructor(store: Store, cloud: Cloud, clock: Pick<Clock, 'now'>) {
    this.#store = store;
    this.#cloud = cloud;
    this.#clock = clock;
  }

  /** Throws RequestError 503 if no snapshot is known. */
  get(): Promise<SnapshotView> {
    const isFresh = this.#clock.now().getTime() < this.#nextCheckAt;
    return isFresh && this.#view ? this.#view : this.#checkAndView();
  }

  /** Lets the next request check again: called after a pull of this process, which may have stored another snapshot. */
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

  /** Concurrent requests share one read. */
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
    // `expire` was called during the read, which may have come too early: check again.
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
      // Somebody deleted the pointer: go on with the last known snapshot.
      if (known) throw new StorageReadError('the pointer to the current snapshot', new Error('it is gone'));
      return undefined;
    }
    const { pointer, etag } = answer;
    const snapshot = await readStorage('the current snapshot', () => this.#store.get(this.#cloud, pointer.snapshot));
    if (!snapshot) throw new StorageReadError('the current snapshot', new Error(`${pointer.snapshot} is not there`));
    return { snapshot, since: pointer.since, etag, confirmedAt, isOld: await this.#isOld(snapshot) };
  }

  /** A newer release with the same content does not change the pointer; only the pull status has its date. */
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
    'no list of service tags has been pulled yet: the timer pulls one, and POST pull does so now',
    { retryAfterInSeconds: 60 },
  );
}
