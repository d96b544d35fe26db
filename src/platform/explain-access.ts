import { Failure, type FailureCode } from './failure.ts'
import { pathTrouble } from './path-trouble.ts'

/** Failures that already name their own cure keep their code. */
const OWN_WORDS = new Set<FailureCode>([
  'FOLDER_NOT_PRIVATE',
  'ALREADY_RUNNING',
  'STORAGE_FULL',
  'PORT_IN_USE',
])

/**
 * A command failed because a path may not be used, or is not what it should be: this says which one, whose it is, and what
 * cures it, wherever on the way the error arose. Every other failure stays what it is.
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
