// The tests of the daily gate: all but those of whole programs, of faults and of peers.
import all from './jest.config.js'

export default {
  ...all,
  // Some tests wait for a real second; a third worker uses the two cores meanwhile.
  maxWorkers: 3,
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
