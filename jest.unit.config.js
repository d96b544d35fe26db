// The tests of the daily gate: all but those of whole programs, of faults and of peers.
import all from './jest.config.js'
import { packageMap } from './test/support/jest/packages-in-one-file.js'

export default {
  ...all,
  testPathIgnorePatterns: ['/node_modules/', '/scenario/', '/broken-things/', '/faults/', '/peers/'],
  moduleNameMapper: packageMap(),
  globalSetup: '<rootDir>/test/support/jest/daily-gate.js',
}
