/** The history as the stories and the queries read it: kept while it does not change, and made anew if it is lost. */
import { InvalidDocumentError } from '../../core/errors.ts';
import { History } from '../../core/history/history.ts';
import { historyVersion, serviceOf, type HistoryDocument } from '../../core/history/historyDocument.ts';
import { oncePerKey } from '../../core/once.ts';
import { dayInMs } from '../../core/time.ts';
import type { HistoryDecisions } from '../ports.ts';
import { rebuildHistory, type HistoryServices } from './rebuildHistory.ts';

/** Of tags that no pull records: as much as budgets and confirmations need. */
const recentDays = 60;

export class HistoryReader {
  readonly #services: HistoryServices;
  #known: { readonly etag: string; readonly document: HistoryDocument } | undefined;
  #decided: { readonly key: string; readonly history: History } | undefined;
  readonly #others = oncePerKey<HistoryDocument>();

  constructor(services: HistoryServices) {
    this.#services = services;
  }

  /** With the decisions that people made. */
  async read(): Promise<History> {
    const decisions = await this.#readDecisions();
    const { document, etag } = await this.#readDocument();
    const key = `${etag} ${JSON.stringify([decisions?.rejected, decisions?.retired])}`;
    if (this.#decided?.key !== key) this.#decided = { key, history: new History(withDecisions(document, decisions)) };
    return this.#decided.history;
  }

  /**
   * The history of a tag, recorded or not: of one that no pull records, what the stored snapshots of the last weeks say.
   */
  async readFor(tag: string): Promise<History> {
    const history = await this.read();
    const { newest } = history;
    if (history.covers(tag) || !newest) return history;
    const service = serviceOf(tag);
    const document = await this.#others(`${newest.snapshot} ${newest.seenAt} ${service.toLowerCase()}`, () => {
      const since = new Date(Date.parse(newest.seenAt) - recentDays * dayInMs).toISOString();
      return rebuildHistory(this.#services, [service], { since });
    });
    return new History(withDecisions(document, await this.#readDecisions()));
  }

  async #readDecisions(): Promise<HistoryDecisions | undefined> {
    return (await this.#services.histories.readDecisions(this.#services.cloud))?.decisions;
  }

  /** A document that is lost or damaged is made anew; the next pull stores it. */
  async #readDocument(): Promise<{ readonly document: HistoryDocument; readonly etag: string }> {
    const { histories, cloud } = this.#services;
    try {
      const answer = await histories.read(cloud, this.#known?.etag);
      if (answer === 'notModified' && this.#known) return this.#known;
      if (answer !== undefined && answer !== 'notModified') {
        this.#known = answer;
        return answer;
      }
    } catch (error) {
      if (!isDamaged(error)) throw error;
    }
    const pointer = await this.#services.snapshots.readPointer(cloud).catch(() => undefined);
    const newest = pointer === undefined || pointer === 'notModified' ? undefined : pointer.pointer.snapshot;
    const document = await this.#others(`rebuilt ${newest ?? ''}`, () =>
      rebuildHistory(this.#services, [], { newest }),
    );
    return { document, etag: `rebuilt ${newest ?? ''}` };
  }
}

/** A newer version is no damage: it must not be made anew by a program that does not know it. */
export function isDamaged(error: unknown): boolean {
  return error instanceof InvalidDocumentError && error.path !== 'version';
}

/** Rejected releases count as never published, and confirmed retirements end what feeds keep of a tag. */
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
