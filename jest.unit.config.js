// The tests of the daily gate: all but those of whole programs, of faults and of peers.
import all from './jest.config.js'

export default {
  ...all,
  testPathIgnorePatterns: [
    '/node_modules/',
    '/installers/',
    '/scenario/',
    '/broken-things/',
    '/faults/',
    '/peers/',
  ],
  globalSetup: '<rootDir>/test/support/jest/daily-gate.js',
}
