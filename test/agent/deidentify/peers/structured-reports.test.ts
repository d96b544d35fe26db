import { execFileSync } from 'node:child_process'
import { expect, test } from '@jest/globals'
import { TRANSFER_SYNTAX } from '../../../../src/dicom/vocabulary/transfer-syntax.ts'
import { corpusFiles, describeWithCorpus } from '../../../support/instances/corpus.ts'
import { profileWith } from '../deidentify-element.ts'
import { dciodvfyErrors, deidentifyPixels, readPixelFile, withFile } from '../pixel-file.ts'

describeWithCorpus('structured reports of devices', () => {
  test('each report still reads as a report, and dciodvfy finds no new error in it', () => {
    const files = corpusFiles().filter(
      ({ sopClass, transferSyntaxUid }) =>
        / SR Storage|Key Object/.test(sopClass) &&
        transferSyntaxUid !== TRANSFER_SYNTAX.DeflatedExplicitVRLittleEndian,
    )
    expect(files.length).toBeGreaterThan(4)
    for (const { name, path } of files) {
      const before = readPixelFile(path)
      const reads = withFile(before, dsrdump)
      for (const options of [[], ['clean-structured-content', 'retain-uids']] as const) {
        const after = deidentifyPixels(before, profileWith(options))
        const known = dciodvfyErrors(before)
        const added = dciodvfyErrors(after).filter((error) => !known.includes(error))
        expect({ name, added, reads: withFile(after, dsrdump) }).toEqual({ name, added: [], reads })
      }
    }
  })
})

/** True where DCMTK reads its whole tree. */
function dsrdump(path: string): boolean {
  try {
    execFileSync('dsrdump', ['-q', path], { stdio: 'pipe' })
    return true
  } catch {
    return false
  }
}
