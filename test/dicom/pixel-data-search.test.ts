import { expect, test } from '@jest/globals'
import { PixelDataSearch } from '../../src/dicom/find/pixel-data-search.ts'
import { transferSyntax, transferSyntaxName } from '../../src/dicom/vocabulary/transfer-syntax.ts'
import { corpusFiles, describeWithCorpus, splitPart10 } from '../support/instances/corpus.ts'

/** The syntax that each compressed file declares, and the one that its first fragment tells. */
function* readCorpus(): Generator<string> {
  for (const { path, expect: expected } of corpusFiles()) {
    const split = expected === 'reject' ? undefined : splitPart10(path)
    if (split === undefined || !isCompressed(split.transferSyntaxUid)) continue
    const search = new PixelDataSearch(split.transferSyntaxUid)
    search.push(split.dataSet)
    search.finish()
    const told = search.form?.kind === 'compressed' ? search.form.transferSyntaxUid : undefined
    if (told !== undefined)
      yield `${transferSyntaxName(split.transferSyntaxUid)}: ${transferSyntaxName(told)}`
  }
}

const isCompressed = (uid: string): boolean =>
  transferSyntaxName(uid) !== undefined && transferSyntax(uid).encapsulated

describeWithCorpus('the first fragment of compressed pixel data', () => {
  test('the first fragment tells the syntax of real files, also of those that declare another one', () => {
    const pairs = Array.from(new Set(readCorpus())).toSorted()
    const right = pairs.filter((pair) => new Set(pair.split(': ')).size === 1)
    expect(right).toHaveLength(9)
    expect(pairs.filter((pair) => !right.includes(pair))).toEqual([
      'JPEG2000: JPEG2000Lossless',
      'JPEGLosslessSV1: JPEGBaseline8Bit',
    ])
  })
})
