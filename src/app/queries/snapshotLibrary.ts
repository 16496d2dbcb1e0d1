/** Finds snapshots by id, by day and in order. Keeps the list of them until another snapshot becomes current. */
import { isSnapshotId } from '../../core/serviceTags/contentHash.ts';
import { RequestError, shorten } from '../../core/errors.ts';
import type { Cloud } from '../../core/serviceTags/serviceTags.ts';
import type { SnapshotSummary } from '../../core/serviceTags/snapshot.ts';
import { snapshotChain } from '../history/snapshotChain.ts';
import type { SnapshotStore } from '../ports.ts';
import type { CurrentSnapshot, SnapshotView } from './currentSnapshot.ts';
import { readStorage } from './storage.ts';

/** Which snapshot a request asks for; neither: the current one. */
export interface SnapshotChoice {
  readonly snapshot?: string | undefined;
  /** `YYYY-MM-DD` */
  readonly asOf?: string | undefined;
}

export class SnapshotLibrary {
  readonly #store: Pick<SnapshotStore, 'get' | 'list'>;
  readonly #cloud: Cloud;
  readonly #current: CurrentSnapshot;
  #listed: { readonly current: string; readonly summaries: Promise<readonly SnapshotSummary[]> } | undefined;

  constructor(store: Pick<SnapshotStore, 'get' | 'list'>, cloud: Cloud, current: CurrentSnapshot) {
    this.#store = store;
    this.#cloud = cloud;
    this.#current = current;
  }

  choose({ snapshot, asOf }: SnapshotChoice): Promise<SnapshotView> {
    if (snapshot !== undefined) return this.get(snapshot);
    if (asOf === undefined) return this.#current.get();
    return this.asOf(asOf).then(({ id }) => this.get(id));
  }

  /** Throws RequestError 404 if there is no snapshot with this id. */
  async get(id: string): Promise<SnapshotView> {
    if (!isSnapshotId(id)) throw unknownSnapshot(id);
    const current = await this.#currentIfKnown();
    if (current?.snapshot.id === id) return current;
    const snapshot = await readStorage(`snapshot ${id}`, () => this.#store.get(this.#cloud, id));
    if (!snapshot) throw unknownSnapshot(id);
    return { snapshot, since: snapshot.pulledAt };
  }

  /** The newest snapshot on or before that day. Throws RequestError 404. */
  async asOf(day: string): Promise<SnapshotSummary> {
    const chain = await this.chain();
    const found = chain.find((summary) => summary.date <= day);
    if (found) return found;
    throw new RequestError(
      404,
      'unknown-snapshot',
      `no snapshot is as old as ${day}; ask for ${chain.at(-1)?.date ?? 'a day of GET snapshots'} or later`,
      { oldest: chain.at(-1)?.id },
    );
  }

  /** The snapshots that were current, newest first. */
  async chain(): Promise<readonly SnapshotSummary[]> {
    const { snapshot } = await this.#current.get();
    return snapshotChain(snapshot, await this.list());
  }

  /** All stored snapshots, newest first. */
  async list(): Promise<readonly SnapshotSummary[]> {
    const { snapshot } = await this.#current.get();
    if (this.#listed?.current !== snapshot.id) {
      const summaries = readStorage('the list of snapshots', () => this.#store.list(this.#cloud));
      this.#listed = { current: snapshot.id, summaries };
      summaries.catch(() => {
        this.#listed = undefined;
      });
    }
    return this.#listed.summaries;
  }

  async #currentIfKnown(): Promise<SnapshotView | undefined> {
    try {
      return await this.#current.get();
    } catch {
      return undefined;
    }
  }
}

export function unknownSnapshot(id: string): RequestError {
  return new RequestError(404, 'unknown-snapshot', `there is no snapshot "${shorten(id)}"; GET snapshots lists them`);
}
