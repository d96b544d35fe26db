import { describe } from '@jest/globals'
import { missingPrograms } from './missing-programs.ts'

/** Holds tests that need programs of the system: without them, they are shown as skipped, with the programs' names. */
export function describeWith(programs: readonly string[], title: string, tests: () => void): void {
  const missing = missingPrograms(programs)
  const group = missing.length === 0 ? describe : describe.skip
  group(missing.length === 0 ? title : `${title} (${missing.join(', ')} is not installed)`, tests)
}
