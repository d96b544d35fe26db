import type { FailureCode } from '../../../platform/failure.ts'
import type { FailureWords } from './words.ts'

/** Alarms of watched folders. */
export const FOLDER_FAILURES_IN_ENGLISH = {
  FOLDER_UNREACHABLE: {
    meaning: 'a watched folder cannot be read',
    todo: 'check that the folder exists, is mounted, and may be read by the user of the service; Ferry tries again by itself',
  },
  FOLDER_FILE_HELD: {
    meaning: 'files of a watched folder cannot be taken as they are',
    todo: 'ferry folders shows which and why; correct or remove each file, or change the settings of the folder; ferry retry tries again',
  },
  FOLDER_NEEDS_PATIENT: {
    meaning: 'files of a watched folder have waited for their patient for more than a day',
    todo: 'ferry folders shows which; say whose each file is by ferry assign, or remove it',
  },
  FOLDER_SOURCE_KEPT: {
    meaning: 'files that were taken from a watched folder can be neither moved nor deleted',
    todo: 'give the user of the service the right to change the folder; moveTo must be on the same disk as the folder',
  },
} as const satisfies Partial<Record<FailureCode, FailureWords>>
