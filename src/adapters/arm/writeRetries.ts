import { ArmError } from './armError.ts';
import { currentCalls, withRetries } from './calls.ts';
import { classifyArmError, toRefusal } from './errors.ts';

/**
 * Retries a write like withRetries. Throws a refusal (see toRefusal) if nothing was changed for certain: no write was
 * sent, or Azure refused each.
 */
export async function withWriteRetries(call: string, attempt: (number: number) => Promise<void>): Promise<void> {
  const outcome = { mayBeWritten: false };
  try {
    await withRetries(call, async (number) => {
      const before = writesSoFar();
      try {
        await attempt(number);
      } catch (error) {
        outcome.mayBeWritten ||= writesSoFar() > before && !isRefused(error);
        throw error;
      }
    });
  } catch (error) {
    throw outcome.mayBeWritten ? error : toRefusal(error);
  }
}

/** True if Azure refused the write itself. What a poll or a read answers says nothing about it. */
function isRefused(error: unknown): boolean {
  return error instanceof ArmError && error.method !== 'GET' && classifyArmError(error).kind === 'blocked';
}

function writesSoFar(): number {
  return currentCalls()?.usage.writes ?? 0;
}
