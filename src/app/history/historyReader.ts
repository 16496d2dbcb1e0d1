/** Reads the history for runs and queries: keeps it while it does not change, and rebuilds it if it is lost. */
import { InvalidDocumentError } from '../../core/errors.ts';
import { History } from '../../core/history/history.ts';
import { historyVersion, serviceOf, type HistoryDocument } from '../../core/history/historyDocument.ts';
import { oncePerKey, type OncePerKey } from '../../core/once.ts';
import { dayInMs } from '../../core/time.ts';
import { missingIfDamaged } from '../missingIfDamaged.ts';
import type { HistoryDecisions } from '../ports.ts';
import { rebuildHistory, type HistoryServices } from './rebuildHistory.ts';
import { readCurrentId } from './snapshotChain.ts';

/** For tags that no pull records: as many days as budgets and confirmations need. */
const recentDays = 60;

/** For callers that read often: the history is read again after this time. */
export interface HistoryMemory {
  readonly now: () => Date;
  readonly ttlInMs: number;
}

export class HistoryReader {
  readonly #services: HistoryServices;
  readonly #memory: HistoryMemory | undefined;
  #known: { readonly etag: string; readonly document: HistoryDocument } | undefined;
  #decided: { readonly key: string; readonly history: History } | undefined;
  #reading: { readonly until: number; readonly history: Promise<History> } | undefined;
  #asOf: { readonly version: string; readonly history: Promise<History> } | undefined;
  #others: { readonly besides: History; readonly histories: OncePerKey<History> } | undefined;

  constructor(services: HistoryServices, memory?: HistoryMemory) {
    this.#services = services;
    this.#memory = memory;
  }

  /** Includes the decisions of people. */
  read(): Promise<History> {
    if (!this.#memory) return this.#read();
    const now = this.#memory.now().getTime();
    if (!this.#reading || now >= this.#reading.until) {
      // While storage cannot be read, the last known history is better than none.
      const known = this.#decided?.history;
      const history = known ? this.#read().catch(() => known) : this.#read();
      this.#reading = { until: now + this.#memory.ttlInMs, history };
      history.catch(() => this.expire());
    }
    return this.#reading.history;
  }

  /** For a caller that has read the decisions already. Neither these nor the history come from memory. */
  readWith(decisions: HistoryDecisions | undefined): Promise<History> {
    return this.#read(Promise.resolve(decisions));
  }

  /** Call it when the history has changed: the next read goes to storage. */
  expire(): void {
    this.#reading = undefined;
  }

  /** `version` stands for all that is stored about releases: what was read as of it is not read again. */
  #readAsOf(version: string): Promise<History> {
    if (this.#asOf?.version === version) return this.#asOf.history;
    const asOf = { version, history: this.#read() };
    this.#asOf = asOf;
    asOf.history.catch(() => {
      if (this.#asOf === asOf) this.#asOf = undefined;
    });
    return asOf.history;
  }

  async #read(reading = this.#readDecisions()): Promise<History> {
    const [decisions, { document, etag }] = await Promise.all([reading, this.#readDocument(reading)]);
    const key = `${etag} ${JSON.stringify([decisions?.rejected, decisions?.retired])}`;
    if (this.#decided?.key !== key) this.#decided = { key, history: new History(withDecisions(document, decisions)) };
    return this.#decided.history;
  }

  /**
   * The history of any tag. If no pull records it, the history is built from the stored snapshots of the last weeks.
   */
  async readFor(tag: string, version?: string): Promise<History> {
    const history = await (version === undefined ? this.read() : this.#readAsOf(version));
    const { newest } = history;
    if (history.covers(tag) || !newest) return history;
    const service = serviceOf(tag);
    return this.#otherHistories(history)(service.toLowerCase(), async () => {
      const since = new Date(Date.parse(newest.seenAt) - recentDays * dayInMs).toISOString();
      const current = await readCurrentId(this.#services.snapshots, this.#services.cloud).catch(missingIfDamaged);
      const decisions = await this.#readDecisions();
      const document = await rebuildHistory(this.#services, decisions, [service], current, since);
      return new History(withDecisions(document, decisions));
    });
  }

  /** Rebuilt once per release and decision: each of them makes another recorded history. */
  #otherHistories(besides: History): OncePerKey<History> {
    if (this.#others?.besides !== besides) this.#others = { besides, histories: oncePerKey() };
    return this.#others.histories;
  }

  async #readDecisions(): Promise<HistoryDecisions | undefined> {
    return (await this.#services.histories.readDecisions(this.#services.cloud))?.decisions;
  }

  /** Rebuilds a document that is lost or damaged; the next pull stores it. Throws NewerVersionError. */
  async #readDocument(
    decisions: Promise<HistoryDecisions | undefined>,
  ): Promise<{ readonly document: HistoryDocument; readonly etag: string }> {
    const { histories, cloud } = this.#services;
    try {
      const answer = await histories.read(cloud, this.#known?.etag);
      if (answer === 'notModified' && this.#known) return this.#known;
      if (answer !== undefined && answer !== 'notModified') {
        this.#known = answer;
        return answer;
      }
    } catch (error) {
      if (!(error instanceof InvalidDocumentError)) throw error;
    }
    const newest = await readCurrentId(this.#services.snapshots, cloud);
    const key = `rebuilt ${newest ?? ''}`;
    if (this.#known?.etag !== key)
      this.#known = { etag: key, document: await rebuildHistory(this.#services, await decisions, [], newest) };
    return this.#known;
  }
}

/** Marks rejected releases, which count as never published, and confirmed retirements, after which feeds drop the tag. */
export function withDecisions(document: HistoryDocument, decisions: HistoryDecisions | undefined): HistoryDocument {
  if (!decisions) return document;
  const rejected = new Set(decisions.rejected.map(({ snapshot }) => snapshot));
  return {
    ...document,
    version: historyVersion,
    releases: document.releases.map((release) =>
      rejected.has(release.snapshot) ? { ...release, rejected: true } : release,
    ),
    retired: decisions.retired,
  };
}
