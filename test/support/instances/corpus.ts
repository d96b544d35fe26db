import { describe } from '@jest/globals'
import { CORPUS_FOLDER, hasCorpus } from './corpus-files.ts'

export { corpusFiles, corpusPath, type SplitPart10, splitPart10 } from './corpus-files.ts'

/** Holds tests that need the corpus: without it, they are shown as skipped. */
export function describeWithCorpus(title: string, tests: () => void): void {
  const present = hasCorpus()
  const group = present ? describe : describe.skip
  group(
    present ? title : `${title} (no DICOM files in ${CORPUS_FOLDER}: FERRY_CORPUS may name another folder)`,
    tests,
  )
}
