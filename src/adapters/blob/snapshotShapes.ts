import type { Cloud } from '../../core/serviceTags/serviceTags.ts';
import { anyObject, listOf, number, object, oneOf, optional, text, textList, type Check } from './shape.ts';

const source = object({
  source: text,
  status: oneOf('healthy', 'stale', 'failed'),
  date: optional(text),
  changeNumber: optional(number),
  contentHash: optional(text),
  origin: optional(text),
  error: optional(text),
});

const disagreement = object({ tag: text, source: text, prefixes: textList });

export const ledgerHead = object({ runId: text, hash: text, count: optional(number) });

const quarantine = object({
  tag: text,
  kind: oneOf('missing', 'empty', 'shrunken', 'unknown'),
  reason: text,
  baseline: text,
  since: text,
  confirmations: number,
});

const serviceTag = object({
  name: text,
  region: text,
  systemService: text,
  changeNumber: number,
  addressPrefixes: textList,
});

const warning = object({ kind: text, tag: text, prefix: text, message: text });

function summaryFields(cloud: Cloud, id: string) {
  return {
    id: oneOf(id),
    cloud: oneOf(cloud),
    date: text,
    changeNumber: number,
    contentHash: text,
    pulledAt: text,
    tagCount: number,
    prefixCount: number,
    previous: optional(text),
    quarantine: listOf(quarantine),
  };
}

export function summaryCheck(cloud: Cloud, id: string): Check {
  return object(summaryFields(cloud, id));
}

export function snapshotCheck(cloud: Cloud, id: string): Check {
  return object({
    ...summaryFields(cloud, id),
    sources: listOf(source),
    disagreements: listOf(disagreement),
    warnings: listOf(warning),
    document: object({ cloud: oneOf(cloud), changeNumber: number, values: listOf(serviceTag) }),
  });
}

export function pointerCheck(cloud: Cloud): Check {
  return object({
    cloud: oneOf(cloud),
    snapshot: text,
    contentHash: text,
    date: text,
    changeNumber: number,
    fileDate: optional(text),
    isExtended: optional(oneOf(true, false)),
    since: text,
  });
}

/** Version 0.1 stored a single record. */
const oneRecordOrMore: Check = (value, path) => (Array.isArray(value) ? listOf(anyObject) : anyObject)(value, path);

export function pullStatusCheck(cloud: Cloud): Check {
  return object({
    cloud: oneOf(cloud),
    lastPull: object({
      at: text,
      outcome: oneOf('changed', 'unchanged', 'failed'),
      snapshot: optional(text),
      error: optional(text),
      runId: text,
    }),
    publication: optional(object({ key: text, date: text, seenAt: text, unreadable: optional(listOf(warning)) })),
    fannedOut: optional(text),
    sources: listOf(source),
    disagreements: listOf(disagreement),
    outbox: optional(oneRecordOrMore),
    ledgerHead: optional(ledgerHead),
  });
}

export const changesCheck: Check = object({
  addedTags: textList,
  removedTags: textList,
  changes: listOf(object({ tag: text, added: textList, removed: textList })),
});
