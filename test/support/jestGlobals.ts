/** Before the first test file of a worker: `@jest/globals` gives what the runner has put into the global scope. */
import { registerHooks } from 'node:module';

const globals = `data:text/javascript,export const {
  afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test
} = globalThis;`;

registerHooks({
  resolve: (specifier, context, nextResolve) =>
    specifier === '@jest/globals' ? { url: globals, shortCircuit: true } : nextResolve(specifier, context),
});
