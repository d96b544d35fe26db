// Jest runs the TypeScript sources as they are: Node strips their types, and so does the transformer here.
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  setupFilesAfterEnv: ['<rootDir>/test/support/jest/second-try.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  // Real processes, sockets and disks on a machine that others use too.
  testTimeout: 60_000,
  maxWorkers: 2,
  transform: { '\\.ts$': '<rootDir>/test/support/jest/strip-types.js' },
  reporters: ['default', '<rootDir>/test/support/jest/closing-line-reporter.js'],
  coverageProvider: 'v8',
  collectCoverageFrom: ['src/**/*.ts'],
  // Without these a test has its own copies, and code of Node's own realm fails `instanceof` or becomes slow.
  sandboxInjectedGlobals: ['Float64Array', 'Uint8Array', 'Int32Array', 'Math'],
}
