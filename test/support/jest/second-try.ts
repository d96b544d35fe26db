import { expect, jest } from '@jest/globals'

/** Tests that put real processes, disks and clocks under faults, on a machine that others use too. */
const UNDER_FAULTS = /[\\/]faults[\\/]/

/**
 * Such a test gets one second try, and its first failure is printed: a machine that did not move for seconds must not look
 * like lost images, and a defect fails twice. The closing line counts second tries, and more than a few fail the run.
 */
if (UNDER_FAULTS.test(expect.getState().testPath ?? '')) jest.retryTimes(1, { logErrorsBeforeRetry: true })
