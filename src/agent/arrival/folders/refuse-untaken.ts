import { Failure, isFailureCode } from '../../../platform/failure.ts'
import type { TakeOutcome } from './file-taker.ts'

/**
 * Throws unless the file that a person has assigned was taken: the command must not say yes then. `unreadable`: why something
 * in the folder cannot be read.
 */
export function refuseUntaken(outcome: TakeOutcome | undefined, unreadable: string | undefined): void {
  const attempted = 'assigning a file'
  if (outcome === undefined)
    throw new Failure('FOLDER_UNREACHABLE', `${attempted}: ${unreadable ?? 'it cannot be read'}`)
  switch (outcome.kind) {
    case 'taken':
    case 'same':
      return
    case 'later':
      throw outcome.failure
    case 'waiting':
      throw new Failure(
        'ORDER_UNKNOWN',
        `${attempted}: the facts do not tell whose it is (${outcome.reason})`,
      )
    case 'early':
    case 'changed':
      throw new Failure('FILE_CHANGED', `${attempted}: it is in use, or was changed meanwhile`)
    case 'unfinished':
    case 'held': {
      const found = 'found' in outcome ? outcome.found : undefined
      const code = isFailureCode(outcome.reason) ? outcome.reason : 'FOLDER_FILE_HELD'
      throw new Failure(code, `${attempted}: it cannot be taken as it is (${found ?? outcome.reason})`)
    }
  }
}
