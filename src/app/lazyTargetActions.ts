/** What people may do to targets, for an app whose actions are loaded by the first one that is taken. */
import type { TargetActions } from './targetActions.ts';

export function lazyTargetActions(load: () => Promise<TargetActions>): TargetActions {
  return {
    planTarget: async (...given) => (await load()).planTarget(...given),
    approvePlan: async (...given) => (await load()).approvePlan(...given),
    rollbackTarget: async (...given) => (await load()).rollbackTarget(...given),
    resumeTarget: async (...given) => (await load()).resumeTarget(...given),
    pauseTarget: async (...given) => (await load()).pauseTarget(...given),
    rejectRelease: async (...given) => (await load()).rejectRelease(...given),
    takeBackRejection: async (...given) => (await load()).takeBackRejection(...given),
    retireTag: async (...given) => (await load()).retireTag(...given),
    pullNow: async (...given) => (await load()).pullNow(...given),
  };
}
