import { InvalidDocumentError, quoteValue } from '../../core/errors.ts';
import { targetNamePattern } from '../../core/targets/targetName.ts';
import type { UpdateMessage } from '../ports.ts';

const accepted = 'accepted is { "target": "<name>", "reason": "<text>" }';

/** Body of a message of the queue `update-target`. Throws InvalidDocumentError. */
export function parseUpdateMessage(body: unknown): UpdateMessage {
  const message = body as Partial<Record<keyof UpdateMessage, unknown>> | null;
  if (typeof message !== 'object' || message === null) {
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
