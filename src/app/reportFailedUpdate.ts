/** Records and announces an update that failed for good; the next reconciliation tries again. */
import { InvalidDocumentError, NewerVersionError, quoteValue, toErrorMessage } from '../core/errors.ts';
import type { Reason } from '../core/reasons.ts';
import { withoutPeriod } from '../core/words.ts';
import type { TargetSession } from './ports.ts';
import { recordWithoutRun } from './update/openState.ts';
import type { UpdateServices } from './update/updateServices.ts';
import { readUpdateMessage } from './update/updateMessage.ts';

export async function reportFailedUpdate(services: UpdateServices, body: unknown): Promise<void> {
  const message = readUpdateMessage(body);
  if (message instanceof InvalidDocumentError) return reportUnreadableMessage(services, body, message);
  const { target } = message;
  services.logger.error('update failed for good', { targetId: target, message: quoteValue(body) });
  let fault: string | undefined;
  let isGone = false;
  try {
    const found = await findTarget(services, target);
    fault = found.fault;
    isGone = !found.isKnown && fault === undefined;
    if (found.isKnown) fault = (await recordKnown(services, target)) ?? fault;
  } finally {
    // If the record fails, the message is delivered again and people are notified twice: better than never.
    // Nothing is tried again for a target that is no longer in the targets file.
    if (!isGone) await announce(services, target, fault);
  }
}

/** Returns why the state cannot be read, if so: often the cause of the failed update. */
async function recordKnown(services: UpdateServices, target: string): Promise<string | undefined> {
  const result = await recordUnderLease(services, target);
  if (result instanceof NewerVersionError) return result.message;
  // The run that has the target records its own result, and this message must not wait for ever.
  if (result === 'busy') services.logger.warn('the failure is not recorded: the target is being updated', { target });
  return undefined;
}

/** A message may contain any name. If the targets cannot be read, a stored state shows that there was such a target. */
async function findTarget(
  services: UpdateServices,
  target: string,
): Promise<{ readonly isKnown: boolean; readonly fault?: string }> {
  try {
    return { isKnown: (await services.targets.read()).some(({ name }) => name === target) };
  } catch (error) {
    const fault = `The targets cannot be read: ${withoutPeriod(toErrorMessage(error))}.`;
    services.logger.error('targets cannot be read', { error: fault });
    return { isKnown: (await services.states.listSummaries()).has(target), fault };
  }
}

async function announce({ notifier }: UpdateServices, target: string, fault: string | undefined): Promise<void> {
  const because = fault === undefined ? '' : ` ${fault}`;
  await notifier.notify({
    type: 'update.failed',
    subject: target,
    message: `${target}: the update failed five times in a row and was given up. The app tries again within the hour.${because}`,
    data: { target },
  });
}

/** An unreadable message names no target, so its record goes into a chain with the name of the queue. */
const chainOfQueue = 'update-target';

/** Records, announces and drops a message that cannot be read: nobody can tell what it asked for. */
export async function reportUnreadableMessage(
  services: UpdateServices,
  body: unknown,
  { message: fault }: InvalidDocumentError,
): Promise<void> {
  const text = `a message in the queue ${chainOfQueue} cannot be read and was dropped (${fault}). No target is affected: the app looks at every target within the hour.`;
  services.logger.error('a message cannot be read', { message: quoteValue(body), error: fault });
  const reason = { code: 'failed', message: text } as const;
  try {
    await services.states.withLease(chainOfQueue, async (session) => {
      await recordWithoutRun(services, session, chainOfQueue, ({ id: runId, at }) => ({
        record: { trigger: { reason: 'message' }, outcome: 'failed', reasons: [reason], details: { error: text } },
        event: { type: 'ended', runId, result: failedResult(runId, at, [reason], text) },
      }));
    });
  } finally {
    await services.notifier.notify({
      type: 'update.failed',
      subject: chainOfQueue,
      message: text.replace(/^a /, 'A '),
      data: { target: null, reasons: [reason] },
    });
  }
}

async function recordUnderLease(
  services: UpdateServices,
  target: string,
): Promise<NewerVersionError | 'busy' | 'recorded'> {
  try {
    return await services.states.withLease(target, (session) => record(services, session, target));
  } catch (error) {
    if (error instanceof NewerVersionError) return error;
    throw error;
  }
}

async function record(services: UpdateServices, session: TargetSession, target: string): Promise<'recorded'> {
  await recordWithoutRun(services, session, target, ({ id: runId, at, state: { run } }) => {
    const { lastResult: last } = run;
    const error = `The update of ${target} failed five times in a row and was given up${last?.error === undefined ? '' : `: ${withoutPeriod(last.error)}`}. The app tries again within the hour.`;
    const reasons = last?.outcome === 'failed' ? last.reasons : [{ code: 'failed', message: error } as const];
    const result = {
      ...failedResult(runId, at, reasons, error),
      snapshot: last?.snapshot ?? '',
      // Kept, so that reasons that were announced are not announced again.
      ...(last?.planId === undefined ? {} : { planId: last.planId }),
      counts: last?.counts ?? noCounts,
    };
    return {
      record: { trigger: { reason: 'poison' }, outcome: 'failed', reasons, details: { error } },
      event: { type: 'ended', runId, result },
    };
  });
  return 'recorded';
}

const noCounts = { add: 0, remove: 0, retain: 0, held: 0 };

function failedResult(runId: string, at: string, reasons: readonly Reason[], error: string) {
  return { runId, at, outcome: 'failed', status: 'failed', reasons, error, snapshot: '', counts: noCounts } as const;
}
