/** Builds the app for one process of the soak: the real composition, with clocks that run at another speed. */
import { buildApp, type App } from '../../src/app/composition.ts';
import type { Arm, Logger, UpdateQueue } from '../../src/app/ports.ts';
import { loadConfig } from '../../src/config.ts';
import { withMethods } from '../../src/core/withMethods.ts';
import { createClocks, type Clocks } from './clocks.ts';

const silent: Logger = { info: () => undefined, warn: () => undefined, error: () => undefined };

export interface SoakApp {
  readonly app: App;
  readonly clocks: Clocks;
}

export async function buildSoakApp(env: NodeJS.ProcessEnv, logger: Logger = silent): Promise<SoakApp> {
  const clocks = createClocks(Number(env.SOAK_STARTED_AT), Number(env.SOAK_SPEED));
  const app = await buildApp(loadConfig(env), logger, clocks.azure);
  const services = {
    ...app.services,
    clock: clocks.calendar,
    queue: slowed(app.services.queue, clocks),
    arm: timedByAzure(app.services.arm, clocks),
  };
  return { clocks, app: { ...app, services } };
}

/** An update has its four minutes by Azure's clock: by the calendar they would be over in an instant. */
function timedByAzure(arm: Arm, { azure, calendar, calendarFactor }: Clocks): Arm {
  const openSession: Arm['openSession'] = () => {
    const session = arm.openSession();
    const leftInMs = session.deadline.getTime() - azure.now().getTime();
    return withMethods(session, { deadline: new Date(calendar.now().getTime() + leftInMs * calendarFactor) });
  };
  return withMethods(arm, { openSession });
}

/** Converts delays to real time: removals are due by the calendar, everything else by Azure's clock. */
function slowed(queue: UpdateQueue, { toWallMs }: Clocks): UpdateQueue {
  return {
    send: (message, delayInMs = 0) =>
      queue.send(message, toWallMs(delayInMs, message.reason === 'removals' ? 'calendar' : 'azure')),
  };
}
