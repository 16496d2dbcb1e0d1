/** Container `service-tags`: the history of the watched tags, and people's decisions about it. */
import type { HistoryDecisions, HistoryStore } from '../../app/ports.ts';
import type { UnchangedRelease } from '../../core/history/appendRelease.ts';
import type { HistoryDocument } from '../../core/history/historyDocument.ts';
import { parseHistory } from '../../core/history/parseHistory.ts';
import type { Cloud } from '../../core/serviceTags/serviceTags.ts';
import { BlobContainer, type BlobServices } from './container.ts';
import { gzipType, toGzipJson, unpack } from './gzipJson.ts';
import { anyObject, listOf, number, object, oneOf, optional, parseBlob, text } from './shape.ts';
import { serviceTagsContainer } from './snapshots.ts';

const jsonType = 'application/json';

export class BlobHistoryStore implements HistoryStore {
  readonly #container: BlobContainer;

  constructor(services: BlobServices) {
    this.#container = new BlobContainer(services, serviceTagsContainer);
  }

  async read(
    cloud: Cloud,
    unlessEtag?: string,
  ): Promise<{ readonly document: HistoryDocument; readonly etag: string } | 'notModified' | undefined> {
    const name = historyName(cloud);
    const stored = await this.#container.readUnless(name, unlessEtag);
    if (stored === undefined || stored === 'notModified') return stored;
    const path = `${serviceTagsContainer}/${name}`;
    const value = parseBlob(path, await unpack(path, stored.bytes), anyObject);
    return { document: parseHistory(path, value), etag: stored.etag };
  }

  async readEtag(cloud: Cloud): Promise<string | undefined> {
    return (await this.#container.read(historyName(cloud)))?.etag;
  }

  async replace(document: HistoryDocument, etag: string | undefined): Promise<'replaced' | 'conflict'> {
    const bytes = await toGzipJson(document);
    return this.#container.replace(historyName(document.cloud), bytes, etag, { contentType: gzipType });
  }

  async putUnchanged(cloud: Cloud, release: UnchangedRelease): Promise<void> {
    const { date, changeNumber, snapshot } = release;
    const name = `releases/${cloud}/${date}-${changeNumber}-${snapshot}.json`;
    await this.#container.putIfAbsent(name, Buffer.from(JSON.stringify(release)), { contentType: jsonType });
  }

  async listUnchanged(cloud: Cloud): Promise<readonly UnchangedRelease[]> {
    const releases: UnchangedRelease[] = [];
    for await (const { name } of this.#container.list(`releases/${cloud}/`)) {
      const stored = await this.#container.read(name);
      const path = `${serviceTagsContainer}/${name}`;
      if (stored) releases.push(parseBlob(path, stored.bytes, unchangedCheck) as UnchangedRelease);
    }
    return releases;
  }

  async readDecisions(
    cloud: Cloud,
  ): Promise<{ readonly decisions: HistoryDecisions; readonly etag: string } | undefined> {
    const name = decisionsName(cloud);
    const stored = await this.#container.read(name);
    if (!stored) return undefined;
    const path = `${serviceTagsContainer}/${name}`;
    const decisions = parseBlob(path, stored.bytes, decisionsCheck(cloud)) as HistoryDecisions;
    return { decisions, etag: stored.etag };
  }

  async replaceDecisions(decisions: HistoryDecisions, etag: string | undefined): Promise<'replaced' | 'conflict'> {
    const bytes = Buffer.from(JSON.stringify(decisions));
    return this.#container.replace(decisionsName(decisions.cloud), bytes, etag, { contentType: jsonType });
  }
}

const unchangedCheck = object({
  date: text,
  seenAt: text,
  lookedAt: optional(text),
  changeNumber: number,
  snapshot: text,
});

function decisionsCheck(cloud: Cloud) {
  return object({
    version: oneOf(1),
    cloud: oneOf(cloud),
    rejected: listOf(object({ snapshot: text, at: text, by: text, reason: text })),
    retired: listOf(object({ tag: text, at: text })),
  });
}

function historyName(cloud: Cloud): string {
  return `history/${cloud}.json.gz`;
}

function decisionsName(cloud: Cloud): string {
  return `decisions/${cloud}.json`;
}
