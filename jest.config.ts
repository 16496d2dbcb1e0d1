import type { Config } from 'jest';

const config: Config = {
  // Node itself runs the tests, as it runs the app: without a sandbox, and a module is loaded once per worker.
  runner: 'jest-light-runner',
  transform: {},
  setupFiles: ['<rootDir>/test/support/jestGlobals.ts'],
  globalSetup: '<rootDir>/test/support/buildFolder.ts',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  testSequencer: '<rootDir>/test/support/longestFirst.mjs',
  // Many tests wait for a process that they started.
  maxWorkers: 4,
};

export default config;
