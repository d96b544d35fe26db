import { Failure, type FailureCode } from './failure.ts'
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
  return failure
}
