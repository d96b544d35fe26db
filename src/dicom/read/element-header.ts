import type { Tag } from '../vocabulary/tag.ts'
import type { TransferSyntax } from '../vocabulary/transfer-syntax.ts'
import { explicitHeaderBytes, hasShortLength, readVr } from '../vocabulary/value-representation.ts'

/** The encoding of elements at some place of a data set. */
export interface Encoding {
  readonly explicitVr: boolean
  readonly littleEndian: boolean
}

/** Used in a UN element's items under any transfer syntax (PS3.5 §6.2.2). */
export const IMPLICIT_LITTLE_ENDIAN: Encoding = { explicitVr: false, littleEndian: true }

export const IMPLICIT_BIG_ENDIAN: Encoding = { explicitVr: false, littleEndian: false }
export const EXPLICIT_LITTLE_ENDIAN: Encoding = { explicitVr: true, littleEndian: true }
export const EXPLICIT_BIG_ENDIAN: Encoding = { explicitVr: true, littleEndian: false }

/** Always returns the same object for the same encoding. */
export function encodingOf({ vr, byteOrder }: TransferSyntax): Encoding {
  if (vr === 'explicit') return byteOrder === 'little' ? EXPLICIT_LITTLE_ENDIAN : EXPLICIT_BIG_ENDIAN
  return byteOrder === 'little' ? IMPLICIT_LITTLE_ENDIAN : IMPLICIT_BIG_ENDIAN
}

/** Tag, VR and length of an element, and the size of its header (PS3.5 §7.1). */
export interface ElementHeader {
  tag: Tag
  /** The two characters in the place of the VR; undefined in implicit VR. */
  vr: string | undefined
  length: number
  headerBytes: number
}

/** Bytes of a tag with a 32-bit length: an item's or a delimiter's header, and an element's in implicit VR. */
export const ITEM_HEADER_BYTES = 8

/** Reads the header at `at`; undefined if there are too few bytes for it. */
export function readElementHeader(bytes: Buffer, at: number, encoding: Encoding): ElementHeader | undefined {
  if (bytes.length < at + ITEM_HEADER_BYTES) return undefined
  const tag = readTag(bytes, at, encoding)
  if (!encoding.explicitVr) {
    const length = readLength(bytes, at + 4, encoding)
    return { tag, vr: undefined, length, headerBytes: ITEM_HEADER_BYTES }
  }
  const vr = readVr(bytes, at + 4)
  const headerBytes = explicitHeaderBytes(vr)
  if (bytes.length < at + headerBytes) return undefined
  const length = hasShortLength(vr)
    ? readShortLength(bytes, at + 6, encoding)
    : readLength(bytes, at + 8, encoding)
  return { tag, vr, length, headerBytes }
}

export function readTag(bytes: Buffer, at: number, { littleEndian }: Encoding): Tag {
  return littleEndian
    ? bytes.readUInt16LE(at) * 0x1_0000 + bytes.readUInt16LE(at + 2)
    : bytes.readUInt32BE(at)
}

export function readLength(bytes: Buffer, at: number, { littleEndian }: Encoding): number {
  return littleEndian ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at)
}

function readShortLength(bytes: Buffer, at: number, { littleEndian }: Encoding): number {
  return littleEndian ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at)
}
