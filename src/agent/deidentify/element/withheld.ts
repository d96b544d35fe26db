import { Failure } from '../../../platform/failure.ts'

/** Makes the failure for a copy that may show identity. `found` contains no patient data and names a remedy. */
export function withheld(found: string): Failure {
  return new Failure('DEID_WITHHELD', `de-identifying an instance: ${found}`)
}
