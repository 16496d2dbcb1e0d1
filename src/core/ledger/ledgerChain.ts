/** The ledger's chains: ids that sort by time, and hashes that link each record to the one before. */
import { createHash } from 'node:crypto';
import { canonicalJson } from '../canonicalJson.ts';
import { InvalidDocumentError, shorten } from '../errors.ts';
import type { RunRecord } from './runRecord.ts';
import { targetNamePattern } from '../targets/target.ts';

export interface RunIdParts {
  readonly chain: string;
  readonly startedAt: Date;
}

const idPattern = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})(\d{3})Z-([a-z0-9-]{1,40})-([0-9a-f]{8})$/;

/** True if the text may name a chain: a target's name or `pull`. */
export function isChainName(text: string): boolean {
  return targetNamePattern.test(text);
}

/** `20261123T060000000Z-webhook-receiver-0123abcd`; `random` is 8 hex digits. */
export function newRunId(now: Date, chain: string, random: string): string {
  const id = `${now.toISOString().replaceAll(/[-:.]/g, '')}-${chain}-${random}`;
  parseRunId(id);
  return id;
}

/** Throws InvalidDocumentError. */
export function parseRunId(id: string): RunIdParts {
  const [, year, month, day, hours, minutes, seconds, ms, chain = ''] = idPattern.exec(id) ?? [];
  const iso = `${year}-${month}-${day}T${hours}:${minutes}:${seconds}.${ms}Z`;
  const startedAt = new Date(iso);
  // Refuse a day or an hour that does not exist: `Date` may move it to the next one.
  if (Number.isNaN(startedAt.getTime()) || startedAt.toISOString() !== iso) {
    throw new InvalidDocumentError(
      `"${shorten(id)}" is not a run id, expected <yyyymmddThhmmssSSSZ>-<target or "pull">-<8 hex digits>`,
    );
  }
  return { chain, startedAt };
}

export function isRunId(text: string): boolean {
  try {
    parseRunId(text);
    return true;
  } catch {
    return false;
  }
}

/** sha256 (hex) over the record as canonical JSON. */
export function recordHash(record: RunRecord): string {
  return createHash('sha256').update(canonicalJson(record)).digest('hex');
}
