// Node itself loads the TypeScript sources, without jest's virtual machines: docs/decisions/0024-tests-in-plain-node.md.
export default {
  testEnvironment: '<rootDir>/test/support/jest/plain-environment.js',
  runtime: '<rootDir>/test/support/jest/plain-runtime.js',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  setupFilesAfterEnv: [
    '<rootDir>/test/support/jest/second-try.ts',
    '<rootDir>/test/support/jest/fixed-seed.ts',
  ],
  extensionsToTreatAsEsm: ['.ts'],
  // Real processes, sockets and disks on a machine that others use too.
  testTimeout: 60_000,
  maxWorkers: 2,
  // A worker that gave much memory to the tests takes a while to give it back.
  workerGracefulExitTimeout: 10_000,
  reporters: ['default', '<rootDir>/test/support/jest/closing-line-reporter.js'],
}
