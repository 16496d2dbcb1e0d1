/** What updates follow: the release that is current, and the history as of it. */
import type { History } from '../../core/history/history.ts';
import type { PullStatus } from '../../core/ledger/pullStatus.ts';
import type { Cloud } from '../../core/serviceTags/serviceTags.ts';
import type { CurrentRelease, SnapshotStore } from '../ports.ts';
import type { HistoryReader } from './historyReader.ts';

export interface CurrentList {
  /** Id; undefined if nothing has been pulled yet. */
  readonly snapshot: string | undefined;
  readonly status: PullStatus | undefined;
  /** Of a tag, recorded by the pulls or not. */
  readonly historyOf: (tag: string) => Promise<History>;
}

/** Two conditional reads each time: the history is read again only after a pull, or a decision about a release. */
export class CurrentListReader {
  readonly #cloud: Cloud;
  readonly #snapshots: Pick<SnapshotStore, 'readCurrent'>;
  readonly #history: HistoryReader;
  #known: CurrentRelease | undefined;

  constructor(cloud: Cloud, snapshots: Pick<SnapshotStore, 'readCurrent'>, history: HistoryReader) {
    this.#cloud = cloud;
    this.#snapshots = snapshots;
    this.#history = history;
  }

  async readCurrent(): Promise<CurrentList> {
    const release = await this.#snapshots.readCurrent(this.#cloud, this.#known);
    this.#known = release;
    const { pointer, status, etags } = release;
    const isWhole = etags.pointer !== undefined && etags.status !== undefined;
    const version = isWhole ? `${etags.pointer} ${etags.status}` : undefined;
    return {
      snapshot: pointer?.snapshot,
      status,
      historyOf: (tag) => this.#history.readFor(tag, version),
    };
  }
}
