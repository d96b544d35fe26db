import { describe } from '@jest/globals'
import { CORPUS_FOLDER, hasCorpus } from './corpus-files.ts'
import { FIELD_FOLDER, hasField } from './field-files.ts'

export { corpusFiles, corpusPath, type SplitPart10, splitPart10 } from './corpus-files.ts'
export { fieldFiles } from './field-files.ts'

/** Holds tests that need the corpus: without it, they are shown as skipped. */
export function describeWithCorpus(title: string, tests: () => void): void {
  describeIf(
    hasCorpus(),
    `no DICOM files in ${CORPUS_FOLDER}: FERRY_CORPUS may name another folder`,
    title,
    tests,
  )
}

/** The same for the files with faults of the field. */
export function describeWithField(title: string, tests: () => void): void {
  describeIf(
    hasField(),
    `no DICOM files in ${FIELD_FOLDER}: FERRY_FIELD may name another folder`,
    title,
    tests,
  )
}

function describeIf(isPresent: boolean, reason: string, title: string, tests: () => void): void {
  const group = isPresent ? describe : describe.skip
  group(isPresent ? title : `${title} (${reason})`, tests)
}
