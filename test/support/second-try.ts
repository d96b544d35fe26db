import { expect, jest } from '@jest/globals'

/** Where real processes, disks and clocks are put under faults on a machine that others use too. */
const IN_REAL_TIME = /[\\/](faults|scenario|peers|center|console)[\\/]/

/**
 * Such a test gets one second try, and its first failure is printed: a machine that stood still for seconds must not look
 * like lost images, and a defect fails twice.
 */
if (IN_REAL_TIME.test(expect.getState().testPath ?? '')) jest.retryTimes(1, { logErrorsBeforeRetry: true })
