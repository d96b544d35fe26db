import { inflateRawSync } from 'node:zlib'
import { expect, test } from '@jest/globals'
import { transferSyntax } from '../../src/dicom/vocabulary/transfer-syntax.ts'
import { corpusFiles, describeWithCorpus, splitPart10 } from '../support/instances/corpus.ts'
import { type Reading, readTokens, structure } from './read-tokens.ts'

interface Sample {
  name: string
  transferSyntaxUid: string
  dataSet: Buffer
}

function* samples(): Generator<Sample> {
  for (const { name, path } of corpusFiles()) {
    const split = splitPart10(path)
    if (split === undefined) continue
    const { transferSyntaxUid } = split
    const deflated = transferSyntax(transferSyntaxUid).deflated
    yield { name, transferSyntaxUid, dataSet: deflated ? inflateRawSync(split.dataSet) : split.dataSet }
  }
}

/** The files that are not a data set in the syntax that they declare, and the fault that is found there. */
const UNREADABLE = {
  'odd/j2k-multiframe-missing-sequence-delimiter.dcm': 'the data ends in the middle of a sequence',
  'odd/truncated-pixel-data.dcm': 'the data ends in the middle of a value',
  'odd/wrong-transfer-syntax-declared.dcm': 'no VR where one belongs',
  'odd/xa-mangled-by-text-decoding.DCM': 'the data ends in the middle of a value',
}

/** Those that end too early are still passed on byte by byte. */
const TRUNCATED = /^the data ends/

function found(reading: Reading): string | undefined {
  return reading.failure?.message.replace(/^reading a data set: (.*), at byte \d+$/, '$1')
}

describeWithCorpus('the data set of a real file', () => {
  test('every real data set is given back byte for byte, whole and in chunks of 4096 bytes', () => {
    const unreadable: Record<string, string> = {}
    let count = 0
    for (const { name, transferSyntaxUid, dataSet } of samples()) {
      count++
      const whole = readTokens(dataSet, transferSyntaxUid)
      const cut = readTokens(dataSet, transferSyntaxUid, 4096)
      const why = found(whole)
      expect([name, found(cut)]).toEqual([name, why])
      expect([name, structure(cut)]).toEqual([name, structure(whole)])
      if (why !== undefined) unreadable[name] = why
      if (why !== undefined && !TRUNCATED.test(why)) continue
      expect([name, whole.bytes.equals(dataSet), cut.bytes.equals(dataSet)]).toEqual([name, true, true])
    }
    expect(count).toBe(191)
    expect(unreadable).toEqual(UNREADABLE)
  })

  test('every small real data set is read alike in chunks of 1 to 7 bytes', () => {
    let count = 0
    for (const { name, transferSyntaxUid, dataSet } of samples()) {
      if (dataSet.length > 5000) continue
      count++
      const whole = readTokens(dataSet, transferSyntaxUid)
      for (let chunkBytes = 1; chunkBytes <= 7; chunkBytes++) {
        const cut = readTokens(dataSet, transferSyntaxUid, chunkBytes)
        expect([name, structure(cut)]).toEqual([name, structure(whole)])
        expect([name, cut.bytes.equals(whole.bytes)]).toEqual([name, true])
      }
    }
    expect(count).toBe(70)
  })
})
