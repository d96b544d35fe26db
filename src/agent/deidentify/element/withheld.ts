import { Failure } from '../../../platform/failure.ts'

/** Makes the failure for a copy that may show identity. `found` names no patient and says what a person can do. */
export function withheld(found: string): Failure {
  return new Failure('DEID_WITHHELD', `de-identifying an instance: ${found}`)
}
