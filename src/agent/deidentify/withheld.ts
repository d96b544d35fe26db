import { Failure } from '../../platform/failure.ts'

/** For what nobody can say is free of identity; `found` names no patient and says what a person can do. */
export function withheld(found: string): Failure {
  return new Failure('DEID_WITHHELD', `de-identifying an instance: ${found}`)
}
