import { InvalidDocumentError, quoteValue } from '../../core/errors.ts';
import { targetNamePattern } from '../../core/targets/target.ts';
import type { UpdateMessage } from '../ports.ts';

const accepted = 'accepted is { "target": "<name>", "reason": "<text>" }, as it is or in base64';

/**
 * Reads the body of a message of the queue `update-target`: JSON that a person put in by hand, or base64 of JSON, which
 * this app and most tools send. Throws InvalidDocumentError.
 */
export function parseUpdateMessage(body: unknown): UpdateMessage {
  const message = (typeof body === 'string' ? decode(body) : body) as Partial<
    Record<keyof UpdateMessage, unknown>
  > | null;
  if (typeof message !== 'object' || message === null || Array.isArray(message)) {
    throw new InvalidDocumentError(`message ${quoteValue(body)}: ${accepted}`);
  }
  const { target, reason, traceparent, postponed } = message;
  if (typeof target !== 'string' || !targetNamePattern.test(target)) {
    throw new InvalidDocumentError(`target: ${quoteValue(target)}, ${accepted}`, 'target');
  }
  return {
    target,
    reason: typeof reason === 'string' && reason !== '' ? reason : 'message',
    ...(typeof traceparent === 'string' ? { traceparent } : {}),
    ...(typeof postponed === 'number' && postponed > 0 ? { postponed } : {}),
  };
}

/** The same, but returns the error. */
export function readUpdateMessage(body: unknown): UpdateMessage | InvalidDocumentError {
  try {
    return parseUpdateMessage(body);
  } catch (error) {
    if (error instanceof InvalidDocumentError) return error;
    throw error;
  }
}

const base64 = /^(?:[A-Za-z\d+/]{4})*(?:[A-Za-z\d+/]{2}(?:==)?|[A-Za-z\d+/]{3}=?)?$/;

/** Undefined if it is neither JSON nor base64 of JSON. */
function decode(text: string): unknown {
  const plain = text.trim().replace(/^\uFEFF/, '');
  const json = parseJson(plain);
  if (json !== undefined) return json;
  return base64.test(plain)
    ? parseJson(
        Buffer.from(plain, 'base64')
          .toString('utf8')
          .replace(/^\uFEFF/, ''),
      )
    : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
