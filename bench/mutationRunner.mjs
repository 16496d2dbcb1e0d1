/**
 * Runs the case tests of `npm run mutation`: all in one process, which takes milliseconds per mutant where Jest takes
 * seconds. The tests import `@jest/globals`; they get `describe` and `test` from here, and Jest's own `expect`.
 */
import { globSync } from 'node:fs';
import { resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { pathToFileURL } from 'node:url';
import { declareFactoryPlugin, PluginKind } from '@stryker-mutator/api/plugin';
import { determineHitLimitReached, toMutantRunResult } from '@stryker-mutator/api/test-runner';
import { expect } from 'expect';
import { bind } from 'jest-each';

const tests = [];
let path = [];

function describe(name, body) {
  const outer = path;
  path = [...outer, name];
  body();
  path = outer;
}
function test(name, body) {
  const id = [...path, name].join(' › ');
  const twins = tests.filter((known) => known.id.split(' #')[0] === id).length;
  tests.push({ id: twins === 0 ? id : `${id} #${twins + 1}`, body });
}
describe.each = bind(describe);
test.each = bind(test);
test.skip = () => undefined;

Object.assign(globalThis, { describe, test, expect });
await import('../test/support/jestGlobals.ts');

class CaseRunner {
  #files;

  constructor({ testFiles }) {
    this.#files = globSync(testFiles);
  }

  capabilities() {
    return { reloadEnvironment: false };
  }

  async init() {
    for (const file of this.#files) await import(pathToFileURL(resolve(file)).href);
  }

  async dryRun() {
    return this.#run(tests, { isAll: true });
  }

  async mutantRun({ activeMutant, testFilter, hitLimit, disableBail }) {
    const named = new Set(testFilter);
    const chosen = testFilter ? tests.filter(({ id }) => named.has(id)) : tests;
    Object.assign(strykerState(), { activeMutant: activeMutant.id, hitLimit, hitCount: hitLimit && 0 });
    return toMutantRunResult(await this.#run(chosen, { isAll: disableBail }));
  }

  async #run(chosen, { isAll }) {
    const state = strykerState();
    const results = [];
    for (const { id, body } of chosen) {
      const begin = performance.now();
      state.currentTestId = id;
      const failure = await Promise.resolve()
        .then(body)
        .then(
          () => undefined,
          (error) => String(error?.message ?? error),
        );
      state.currentTestId = undefined;
      const limit = determineHitLimitReached(state.hitCount, state.hitLimit);
      if (limit) return limit;
      const timeSpentMs = performance.now() - begin;
      const result = failure === undefined ? { status: 0 } : { status: 1, failureMessage: failure };
      results.push({ id, name: id, timeSpentMs, ...result });
      if (failure !== undefined && !isAll) break;
    }
    return { status: 'complete', tests: results, mutantCoverage: state.mutantCoverage };
  }
}

/** What the instrumented code reads: which mutant is active; and writes: which tests came past which mutants. */
function strykerState() {
  globalThis.__stryker__ ??= {};
  return globalThis.__stryker__;
}

function caseRunner(options) {
  return new CaseRunner(options);
}
caseRunner.inject = ['options'];

export const strykerPlugins = [declareFactoryPlugin(PluginKind.TestRunner, 'cases', caseRunner)];
