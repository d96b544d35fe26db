import { DataSetReader, type DataSetReaderOptions } from '../../src/dicom/read/data-set-reader.ts'
import type { DataSetToken } from '../../src/dicom/read/data-set-token.ts'
import { tagText } from '../../src/dicom/vocabulary/tag.ts'
import { Failure } from '../../src/platform/failure.ts'

/** The result of a reader for a data set: all tokens put together again, a line for each token, and why it stopped. */
export interface Reading {
  bytes: Buffer
  tokens: string[]
  failure: Failure | undefined
}

/** Feeds a data set in chunks of `chunkBytes`; anything but a Failure is thrown on. */
export function readTokens(
  dataSet: Buffer,
  transferSyntaxUid: string,
  chunkBytes: number = dataSet.length,
  options?: DataSetReaderOptions,
): Reading {
  const parts: Buffer[] = []
  const tokens: string[] = []
  const reader = new DataSetReader(
    transferSyntaxUid,
    (token) => {
      parts.push(Buffer.from(token.bytes))
      tokens.push(line(token))
    },
    options,
  )
  const failure = failureOf(() => {
    for (let at = 0; at < dataSet.length; at += chunkBytes) reader.push(dataSet.subarray(at, at + chunkBytes))
    reader.finish()
  })
  return { bytes: Buffer.concat(parts), tokens, failure }
}

export function failureOf(run: () => void): Failure | undefined {
  try {
    run()
    return undefined
  } catch (error) {
    if (error instanceof Failure) return error
    throw error
  }
}

/** The tokens of a reading without values cut in parts: they differ with the chunks. */
export function structure(reading: Reading): string[] {
  return reading.tokens.filter((token) => !/^(value|rest)/.test(token))
}

function line(token: DataSetToken): string {
  switch (token.kind) {
    case 'element':
      return `element ${token.depth} ${tagText(token.tag)} ${token.vr ?? '--'} ${token.holds}`
    case 'value':
      return `value ${token.bytes.toString('latin1')}${token.last ? ' last' : ''}`
    case 'item':
    case 'fragment':
    case 'itemEnd':
    case 'sequenceEnd':
    case 'fragmentsEnd':
    case 'rest':
      return `${token.kind} ${token.bytes.length}`
  }
}
