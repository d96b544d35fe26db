import { constants, inflateRawSync } from 'node:zlib'
import { encodingOf, readElementHeader } from '../read/element-header.ts'
import { TRANSFER_SYNTAX, transferSyntax } from '../vocabulary/transfer-syntax.ts'
import { isKnownVr } from '../vocabulary/value-representation.ts'
import { isChain } from './element-chain.ts'

const NATIVE: readonly string[] = [
  TRANSFER_SYNTAX.ExplicitVRLittleEndian,
  TRANSFER_SYNTAX.ImplicitVRLittleEndian,
  TRANSFER_SYNTAX.ExplicitVRBigEndian,
]
/** Misread headers seldom follow each other this often. */
const IN_ORDER = 5
const DEFLATED_BYTES = 4 * 1024
/** Deflate expands a byte to at most some 1000. */
const INFLATED_LIMIT_BYTES = 1032 * DEFLATED_BYTES

/**
 * Tells from the first bytes of a data set how it is written: one of the native syntaxes, or deflated. Compressed pixel data
 * does not show here, since all compressed syntaxes begin as explicit VR little endian does (PS3.5 §A.4). Undefined if the
 * bytes do not tell.
 *
 * @param isEnd true if the data set ends with these bytes
 */
export function probeTransferSyntax(bytes: Buffer, isEnd: boolean): string | undefined {
  const native = NATIVE.find((uid) => isWrittenIn(uid, bytes, isEnd))
  if (native !== undefined) return native
  const inflated = inflateBegin(bytes.subarray(0, DEFLATED_BYTES))
  const isWhole = isEnd && bytes.length <= DEFLATED_BYTES
  const isDeflated = isWrittenIn(TRANSFER_SYNTAX.ExplicitVRLittleEndian, inflated, isWhole)
  return isDeflated ? TRANSFER_SYNTAX.DeflatedExplicitVRLittleEndian : undefined
}

/**
 * Does the same for bytes that are known to be a data set, whose first elements need not be in PS3.6: finds the one
 * syntax in which some headers follow each other in order.
 */
export function guessTransferSyntax(bytes: Buffer, isEnd: boolean): string | undefined {
  return probeTransferSyntax(bytes, isEnd) ?? NATIVE.find((uid) => isInOrder(uid, bytes))
}

function isInOrder(uid: string, bytes: Buffer): boolean {
  const encoding = encodingOf(transferSyntax(uid))
  let before = 0
  for (let at = 0, count = 0; count < IN_ORDER; count++) {
    const header = readElementHeader(bytes, at, encoding)
    if (header === undefined || header.tag <= before) return false
    if (header.vr !== undefined && !isKnownVr(header.vr)) return false
    before = header.tag
    at += header.headerBytes + header.length
  }
  return true
}

const isWrittenIn = (uid: string, bytes: Buffer, isEnd: boolean): boolean =>
  isChain(bytes, 0, encodingOf(transferSyntax(uid)), 0, isEnd)

function inflateBegin(bytes: Buffer): Buffer {
  try {
    return inflateRawSync(bytes, {
      finishFlush: constants.Z_SYNC_FLUSH,
      maxOutputLength: INFLATED_LIMIT_BYTES,
    })
  } catch {
    return Buffer.alloc(0)
  }
}
