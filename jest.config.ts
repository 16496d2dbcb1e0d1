import type { Config } from 'jest';

const config: Config = {
  testEnvironment: 'node',
  globalSetup: '<rootDir>/test/support/buildFolder.ts',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          parser: { syntax: 'typescript' },
          target: 'es2023',
          experimental: { keepImportAttributes: true },
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  // Node's own: package.json leaves Babel's instrumenter out.
  coverageProvider: 'v8',
  // Only a test that hangs reaches this. A busy machine needs several times as long as an idle one.
  testTimeout: 300_000,
  testSequencer: '<rootDir>/test/support/longestFirst.mjs',
  maxWorkers: 2,
};

export default config;
