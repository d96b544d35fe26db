// Takes the place of `@jest/globals`. Its names follow the file that runs, also for modules that an earlier file loaded.
export let afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test

/** Takes what jest made for one file. */
export function setJestGlobals(globals) {
  ;({ afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } = globals)
  jest = { retryTimes }
}

function retryTimes(times, { logErrorsBeforeRetry = false } = {}) {
  globalThis[Symbol.for('RETRY_TIMES')] = times
  globalThis[Symbol.for('LOG_ERRORS_BEFORE_RETRY')] = logErrorsBeforeRetry
}
