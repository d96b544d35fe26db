import { existsSync } from 'node:fs'
import { describe } from '@jest/globals'
import { ORTHANC_DICOMWEB, ORTHANC_PROGRAM } from './orthanc.ts'

/** Holds tests that need Orthanc and its DICOMweb plugin: without them, they are shown as skipped. */
export function describeWithOrthanc(title: string, tests: () => void): void {
  const isThere = existsSync(ORTHANC_PROGRAM) && existsSync(ORTHANC_DICOMWEB)
  const group = isThere ? describe : describe.skip
  group(isThere ? title : `${title} (${ORTHANC_PROGRAM} or ${ORTHANC_DICOMWEB} is not installed)`, tests)
}
