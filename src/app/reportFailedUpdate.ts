/** An update that failed for good is recorded and announced; the next reconciliation tries again. */
import { NewerVersionError, quoteValue, toErrorMessage } from '../core/errors.ts';
import type { TargetSession } from './ports.ts';
import { recordWithoutRun } from './update/openState.ts';
import type { UpdateServices } from './update/updateServices.ts';
import { parseUpdateMessage } from './update/updateMessage.ts';

export async function reportFailedUpdate(services: UpdateServices, body: unknown): Promise<void> {
  const target = nameOf(body);
  services.logger.error('update failed for good', { targetId: target ?? null, message: quoteValue(body) });
  let fault: string | undefined;
  try {
    if (target !== undefined) fault = await recordKnown(services, target);
  } finally {
    // Where the record fails the message comes again, and people hear of it twice: better than never.
    await announce(services, target, fault);
  }
}

/** What keeps the targets or the state from being read, if something does: often what the update failed of. */
async function recordKnown(services: UpdateServices, target: string): Promise<string | undefined> {
  const { isKnown, fault } = await findTarget(services, target);
  if (!isKnown) return fault;
  const result = await recordUnderLease(services, target);
  if (result instanceof NewerVersionError) return result.message;
  // The run that has the target records what it comes to; and a message must not wait here for ever.
  if (result === 'busy') services.logger.warn('the failure is not recorded: the target is being updated', { target });
  return fault;
}

/** Any name may stand in a message. Where the targets cannot be read, a state tells that there was one of that name. */
async function findTarget(
  services: UpdateServices,
  target: string,
): Promise<{ readonly isKnown: boolean; readonly fault?: string }> {
  try {
    return { isKnown: (await services.targets.read()).some(({ name }) => name === target) };
  } catch (error) {
    const fault = `The targets cannot be read: ${toErrorMessage(error)}.`;
    services.logger.error('targets cannot be read', { error: fault });
    return { isKnown: (await services.states.listSummaries()).has(target), fault };
  }
}

async function announce(
  { notifier }: UpdateServices,
  target: string | undefined,
  fault: string | undefined,
): Promise<void> {
  const because = fault === undefined ? '' : ` ${fault}`;
  await notifier.notify({
    type: 'update.failed',
    subject: target ?? 'update-target',
    message: `${target ?? 'A message that names no target'}: the update failed for good; the next reconciliation tries again.${because}`,
    data: { target: target ?? null },
  });
}

function nameOf(body: unknown): string | undefined {
  try {
    return parseUpdateMessage(body).target;
  } catch {
    return undefined;
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
    const error = `The update failed for good${last?.error === undefined ? '' : `: ${last.error}`}`;
    const result = {
      runId,
      at,
      outcome: 'failed',
      status: 'failed',
      reasons: [],
      error,
      snapshot: last?.snapshot ?? '',
      // So that what was announced is not announced again.
      ...(last?.planId === undefined ? {} : { planId: last.planId }),
      counts: last?.counts ?? { add: 0, remove: 0, retain: 0, held: 0 },
    } as const;
    return {
      record: { trigger: { reason: 'poison' }, outcome: 'failed', reasons: [], details: { error } },
      event: { type: 'ended', runId, result },
    };
  });
  return 'recorded';
}
