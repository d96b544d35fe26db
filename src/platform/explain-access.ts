import { Failure, type FailureCode, systemCode } from './failure.ts'
import { pathTrouble } from './path-trouble.ts'

/** Failures that already include their own cure keep their code. */
const OWN_WORDS = new Set<FailureCode>([
  'FOLDER_NOT_PRIVATE',
  'ALREADY_RUNNING',
  'STORAGE_FULL',
  'PORT_IN_USE',
])

/**
 * Explains a command that failed because a path may not be used, or is of the wrong kind: names the path, its owner and
 * the cure, for an error at any place on the way. Every other failure is returned unchanged.
 */
export function explainAccess(failure: Failure): Failure {
  if (OWN_WORDS.has(failure.code)) return failure
  for (let cause: unknown = failure; Error.isError(cause); cause = cause.cause) {
    const trouble = pathTrouble(cause)
    if (trouble !== undefined)
      return new Failure(trouble.code, `${failure.message}\n${trouble.words}`, { cause: failure })
  }
  return failure.code === 'INTERNAL' ? withoutPath(failure) : failure
}

/** An error about rights or the disk that names no path is not a fault of Ferry's own either. */
function withoutPath(failure: Failure): Failure {
  for (let cause: unknown = failure; Error.isError(cause); cause = cause.cause) {
    const code = systemCode(cause) ?? ''
    if (RIGHTS.has(code)) return new Failure('ACCESS_DENIED', failure.message, { cause: failure })
    if (DISK.test(code)) return new Failure('STORAGE_ERROR', failure.message, { cause: failure })
  }
  return failure
}

const RIGHTS = new Set(['EACCES', 'EPERM', 'SQLITE_PERM', 'SQLITE_AUTH'])
const DISK = /^(EROFS|EIO|SQLITE_(CANTOPEN|READONLY|IOERR))/
