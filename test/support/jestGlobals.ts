/**
 * Before the first test file: `@jest/globals` gives what the runner has put into the global scope, and property
 * tests try the same values each time. `npm run test:full` tries others.
 */
import { registerHooks } from 'node:module';
import fc from 'fast-check';

const globals = `data:text/javascript,export const {
  afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test
} = globalThis;`;

registerHooks({
  resolve: (specifier, context, nextResolve) =>
    specifier === '@jest/globals' ? { url: globals, shortCircuit: true } : nextResolve(specifier, context),
});

if (process.env.FULL_MATRIX === undefined) fc.configureGlobal({ seed: 1 });
