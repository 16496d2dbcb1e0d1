import { afterEach, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { findFault, makeFuzzWorld, request } from './fuzz.ts';
import { isFullRun } from '../../support/fullRun.ts';

afterEach(() => {
  jest.restoreAllMocks();
  delete process.env.WEBSITE_AUTH_ENABLED;
});

test.each(['False', 'True'])(
  'no request gives a 500, a hang, a stack trace or a broken header; sign-in: %s',
  async (setting) => {
    process.env.WEBSITE_AUTH_ENABLED = setting;
    // The library warns of every broken sign-in header.
    jest.spyOn(console, 'warn').mockImplementation(() => undefined);
    const world = makeFuzzWorld();

    await fc.assert(
      fc.asyncProperty(request, async (made) => {
        const fault = await findFault(world, made);
        if (fault !== undefined) throw new Error(fault);
      }),
      { numRuns: isFullRun ? 1500 : 300 },
    );
  },
);
